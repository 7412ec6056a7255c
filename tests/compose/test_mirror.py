"""A model mirrored to a real MLflow server, and read there by MLflow's own client."""

import hashlib
import json
import os
import signal
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.conftest import serving
from tests.otherprograms import python_of
from tests.registry.files import weights
from tests.waiting import PATIENCE_S, wait_until
from voxloop_compose.mirroring import mirror
from voxloop_compose.mlflow import MlflowServer
from voxloop_compose.record import StackRecord
from voxloop_compose.target import Target
from voxloop_registry.app import create_app as create_registry
from voxloop_registry.settings import RegistrySettings
from voxloop_shared.errors import InvalidInput, ModelNotFound, ServiceUnavailable
from voxloop_shared.exchange import WEIGHTS
from voxloop_shared.jobs.folder import JobFolder
from voxloop_shared.jobs.job import Job, State
from voxloop_shared.settings import socket_path
from voxloop_train.app import create_app as create_train
from voxloop_train.settings import TrainSettings

READ = """
import json, sys
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts

client = MlflowClient(sys.argv[1])
found = {}
for version in client.search_model_versions(f"name='{sys.argv[3]}'"):
    run = client.get_run(version.run_id)
    file = download_artifacts(run_id=version.run_id, artifact_path=sys.argv[2], tracking_uri=sys.argv[1])
    curve = [[point.step, point.value] for point in client.get_metric_history(version.run_id, "training.loss")]
    found[version.tags["voxloop.version"]] = {
        "metrics": run.data.metrics, "params": run.data.params, "status": run.info.status, "user": run.data.tags["mlflow.user"],
        "weights": open(file, "rb").read().hex(), "curve": curve, "name": run.info.run_name,
    }
aliases = {alias: client.get_model_version_by_alias(sys.argv[3], alias).tags["voxloop.version"] for alias in sys.argv[4:]}
print(json.dumps({"versions": found, "aliases": aliases}))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory):
    """The address of a running MLflow server that takes files."""
    python, folder, port = python_of("mlflow", is_heavy=True), tmp_path_factory.mktemp("mlflow"), free_port()
    command = [
        python, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", port, "--workers", 1,
        "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", folder / "artifacts",
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, (folder / "log").read_text()
        try:
            return httpx.get(f"{url}/health", timeout=5).is_success
        except httpx.TransportError:
            return False

    with (folder / "log").open("w") as log:
        environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # which only its evaluations need
        options = {"stdout": log, "stderr": log, "cwd": folder, "env": environment, "start_new_session": True}
        process = subprocess.Popen([str(part) for part in command], **options)
        try:
            wait_until(answers, period_s=0.2)
            yield url
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(PATIENCE_S)


@pytest.fixture
def target(workspace, run_dir):
    """A stack of a registry and a train service."""
    settings = {"workspace": workspace.root, "run_dir": run_dir}
    registry, train = create_registry(RegistrySettings(**settings)), create_train(TrainSettings(**settings))
    about = {"runtime": "process", "port": None, "url": None, "started": datetime.now(UTC), "is_ready": True, "services": {}}
    with serving(registry, socket_path(run_dir, "registry")), serving(train, socket_path(run_dir, "train")):
        yield Target(StackRecord(pid=1, started_ticks=1, workspace=workspace.root, run_dir=run_dir, **about))


def train_job(workspace, lines: list[dict]) -> str:
    """A training that is over, with what it had reported."""
    now = datetime.now(UTC)
    job = Job(id="j1", service="train", kind="train", title="t", volume="rock", state=State.SUCCEEDED, author="ada", created=now)
    folder = JobFolder(workspace.jobs / "train" / "j1")
    folder.create(job, {})
    folder.metrics.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return job.id


def publish(target, content: bytes, name: str = "nerve", **manifest) -> dict:
    classes = [{"id": 1, "name": "background", "color": "#112233"}, {"id": 2, "name": "bone", "color": "#445566"}]
    body = {
        "learner": "unet", "architecture": {"classes": 2}, "classes": classes, "normalisation": {"center": 0.5, "scale": 2.0},
        "volume": "rock", "volume_digest": "d", "voxel_size": [1.0, 1.0, 1.0], "unit": "um", "snapshot": "S",
        "settings": {"width": 16, "odd µ name": 1}, "metrics": {"mean_dice": 0.9, "dice": {"2": 0.8}, "validation": "said in words"},
        "author": "ada", "code_version": "1", "hardware": "cpu", "duration_s": 1.5, "created": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    digest = hashlib.sha256(content).hexdigest()
    with target.client("registry") as registry:
        registry.request("PUT", f"/blobs/{digest}", content=content)
        return registry.post(f"/models/{name}/versions", {"manifest": body | manifest, "weights": digest})


def read_there(url: str, name: str, *aliases: str) -> dict:
    done = subprocess.run(
        [str(python_of("mlflow", is_heavy=True)), "-c", READ, url, WEIGHTS, name, *aliases],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def silently(_done, _message, _eta_s) -> None:
    """Report to nobody."""


def test_weights_metrics_curves_and_aliases_are_readable_there_and_copied_once(mlflow, target):
    job = train_job(target.workspace, [{"step": step, "loss": 1 / (step + 1), "message": "m", "elapsed_s": step} for step in range(3)])
    first, second = weights(b"first"), weights(b"second" * 500_000)
    publish(target, first, job=job)
    assert mirror(target, "nerve", mlflow, "teeth", silently).added == [1]
    publish(target, second)
    done = mirror(target, "nerve", mlflow, "teeth", silently)
    assert (done.added, done.aliases) == ([2], {"candidate": 2, "champion": 1})
    found = read_there(mlflow, "nerve", "candidate", "champion")
    assert found["aliases"] == {"candidate": "2", "champion": "1"}
    one, two = found["versions"]["1"], found["versions"]["2"]
    assert (bytes.fromhex(one["weights"]), bytes.fromhex(two["weights"])) == (first, second)
    assert (one["name"], one["status"]) == ("nerve:1", "FINISHED")
    assert (one["metrics"]["mean_dice"], one["metrics"]["dice.2"]) == (0.9, 0.8)
    assert one["curve"] == [[0, 1.0], [1, 0.5], [2, 1 / 3]]
    assert (one["params"]["settings.width"], one["params"]["settings.odd _ name"], one["params"]["learner"]) == ("16", "1", "unet")
    again = mirror(target, "nerve", mlflow, "teeth", silently)
    assert (again.added, len(read_there(mlflow, "nerve")["versions"])) == ([], 2)


def test_what_others_have_put_there_under_the_same_name_stays(mlflow, target):
    theirs = {"voxloop.version": "1", "voxloop.digest": "0" * 64}
    with MlflowServer(mlflow) as server:
        with server.new_run(server.experiment("theirs"), "teeth:1", theirs, 0) as run:
            pass
        server.set_alias("teeth", "production", server.register("teeth", run, theirs, ""))
        publish(target, weights(b"mine"), "teeth")
        assert mirror(target, "teeth", mlflow, "ours", silently).added == [1]
        assert server.aliases("teeth") == {"production": "1", "candidate": "2", "champion": "2"}
        assert mirror(target, "teeth", mlflow, "ours", silently).added == []


def test_says_what_is_wrong_with_a_server(target, tmp_path: Path):
    publish(target, weights())
    with pytest.raises(ServiceUnavailable, match="does not answer"):
        mirror(target, "nerve", f"http://127.0.0.1:{free_port()}", "teeth", silently)
    for url in ("localhost:5000", "ftp://host", "http://", "sqlite:///x"):
        with pytest.raises(InvalidInput, match="no address"):
            mirror(target, "nerve", url, "teeth", silently)


def test_a_model_that_is_not_there_is_said_before_the_server_is_asked(target):
    with pytest.raises(ModelNotFound, match="nobody"):
        mirror(target, "nobody", f"http://127.0.0.1:{free_port()}", "teeth", silently)
