"""A child that stands by forks for each job, and no job depends on it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.shared.standby import record_servers, wait_until_ready
from tests.shared.test_jobs import ended, reported, submit
from tests.waiting import wait_until
from voxloop_shared.jobs import runner
from voxloop_shared.jobs.forkserver import Forkserver
from voxloop_shared.jobs.job import State
from voxloop_shared.jobs.queue import JobQueue


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> list[Forkserver]:
    return record_servers(monkeypatch)


@pytest.fixture
def queue(tmp_path: Path, servers: list[Forkserver]) -> Iterator[JobQueue]:
    processes = runner.ProcessRunner("tests.shared.jobwork", {"VOXLOOP_MARK": "x"})
    queue = JobQueue(tmp_path, "train", processes)
    queue.start()
    processes.keep_ready()
    yield queue
    queue.close()
    processes.close()
    assert not any(server.is_alive for server in servers)


def test_one_child_forks_for_one_job_after_the_other(queue: JobQueue, servers: list[Forkserver]):
    server = wait_until_ready(servers)
    for _ in range(3):
        job_id = submit(queue, "wait")
        job = psutil.Process(reported(queue, job_id, "pid"))
        assert job.ppid() == server.pid
        assert queue.cancel(job_id).state is State.CANCELLED
        assert not job.is_running()


def test_a_job_is_done_although_the_child_that_stood_by_was_killed_and_another_takes_its_place(queue: JobQueue, servers: list[Forkserver]):
    wait_until_ready(servers).kill()
    wait_until(lambda: not servers[0].is_alive)
    assert ended(queue, submit(queue, "succeed")).state is State.SUCCEEDED
    wait_until_ready(servers, count=2)
    assert ended(queue, submit(queue, "succeed")).state is State.SUCCEEDED


def test_a_job_goes_on_and_its_result_counts_when_its_forkserver_is_killed(queue: JobQueue, servers: list[Forkserver]):
    server = wait_until_ready(servers)
    job_id = submit(queue, "linger")
    pid = reported(queue, job_id, "pid")
    server.kill()
    wait_until(lambda: not servers[0].is_alive)
    os.kill(pid, signal.SIGUSR1)
    assert ended(queue, job_id).result == {"lingered": True}


def test_forks_get_the_environment_of_their_runner(queue: JobQueue, servers: list[Forkserver]):
    wait_until_ready(servers)
    assert ended(queue, submit(queue, "environment", name="VOXLOOP_MARK")).result == {"VOXLOOP_MARK": "x"}
