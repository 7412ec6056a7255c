"""What is left when a service with jobs is killed."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.waiting import wait_until
from voxloop_shared.client import ServiceClient
from voxloop_shared.sockets import is_listening


class Service:
    """The service of tests/shared/jobservice.py."""

    def __init__(self, run_dir: Path, root: Path) -> None:
        self.socket_file = run_dir / "train" / "http.sock"
        self._command = [sys.executable, "-m", "tests.shared.jobservice", str(self.socket_file), str(root)]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, cwd=Path(__file__).parents[2])
        wait_until(lambda: is_listening(self.socket_file))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def service(run_dir: Path, tmp_path: Path):
    service = Service(run_dir, tmp_path)
    yield service
    service.kill()


@pytest.mark.parametrize("do", ["checkpoint", "stubborn"])
def test_a_killed_service_takes_its_job_along_and_finds_it_interrupted(service: Service, do: str):
    with ServiceClient(service.socket_file) as client:
        job_id = client.post("/submit", {"do": do})["id"]
        line = wait_until(lambda: next(iter(client.get(f"/jobs/{job_id}/metrics")), None))
        processes = [psutil.Process(line[key]) for key in ("pid", "child") if key in line]
        service.kill()
        wait_until(lambda: not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes))
        service.start()
        job = client.get(f"/jobs/{job_id}")
        assert (job["state"], job["error"]["type"]) == ("interrupted", "Interrupted")
        if do == "checkpoint":
            assert client.post(f"/jobs/{job_id}/resume")["state"] == "queued"
            wait_until(lambda: client.get(f"/jobs/{job_id}")["state"] == "succeeded")
            assert client.get(f"/jobs/{job_id}")["result"] == {"resumed": True}


def test_jobs_that_waited_run_after_a_kill(service: Service):
    with ServiceClient(service.socket_file) as client:
        first = client.post("/submit", {"do": "wait"})["id"]
        second = client.post("/submit", {"do": "succeed"})["id"]
        wait_until(lambda: client.get(f"/jobs/{first}")["state"] == "running")
        service.kill()
        service.start()
        wait_until(lambda: client.get(f"/jobs/{second}")["state"] == "succeeded")
        assert client.get(f"/jobs/{first}")["state"] == "interrupted"


def test_kills_at_any_moment_leave_every_job_in_a_known_state(service: Service):
    with ServiceClient(service.socket_file) as client:
        known = []
        for _ in range(5):
            known += [client.post("/submit", {"do": "report", "lines": 50})["id"] for _ in range(2)]
            service.kill()
            service.start()
        for job_id in known:
            wait_until(lambda job_id=job_id: client.get(f"/jobs/{job_id}")["state"] in ("succeeded", "interrupted"))
