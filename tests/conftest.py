"""Fixtures for all parts: short run directories, volumes, services on real sockets."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest
import uvicorn

from tests.colleagues import Crew, make_crew
from tests.podman.account import is_controller, name_run, remove_shared_account
from tests.waiting import PATIENCE_S, wait_until
from voxloop_shared.client import ServiceClient
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.nets.hardware import let_idle_threads_sleep
from voxloop_shared.schemas import VolumeInfo
from voxloop_shared.server import peer_protocol
from voxloop_shared.settings import socket_path
from voxloop_shared.sockets import bind_socket, is_listening
from voxloop_shared.workspace import Workspace

# A shell that runs the tests in the background has SIGINT ignored, nohup SIGHUP, and what is ignored stays so in every
# child: the tests that press Ctrl-C or hang up would wait in vain.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Most stacks of the tests train once, or never: for that nobody is to get ready.
os.environ.setdefault("VOXLOOP_TRAIN_KEEPS_READY", "false")
os.environ.setdefault("VOXLOOP_INFER_KEEPS_READY", "false")

let_idle_threads_sleep()  # networks are trained in this process, too: where cores are busy, threads that spin took six times as long


def pytest_configure() -> None:
    name_run()


def pytest_sessionfinish() -> None:
    if is_controller():
        remove_shared_account()


@pytest.fixture
def run_dir() -> Iterator[Path]:
    """A folder for sockets; pytest's own are longer than a socket path may be."""
    path = Path("/tmp") / f"vx-{os.getpid()}-{secrets.token_hex(3)}"
    path.mkdir(mode=0o700)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace."""
    found = Workspace(tmp_path / "workspace")
    found.prepare()
    return found


@pytest.fixture
def make_volume(workspace: Workspace) -> Callable[..., VolumeInfo]:
    """A way to put volumes into the workspace: noise of the wanted shape and dtype, or a given array."""

    def make(name: str = "rock", shape=(12, 40, 50), dtype="uint16", array=None, **options) -> VolumeInfo:
        if array is None:
            array = np.random.default_rng(0).integers(0, 200, shape).astype(dtype)
        return import_volume(workspace, ArraySource(array), name=name, origin="test", **options)

    return make


@contextmanager
def serving(app, socket_file: Path, allowed_uids=None) -> Iterator[ServiceClient]:
    """Run an application on a real socket in a thread, and give a client of it."""
    listener = bind_socket(socket_file)
    protocol = peer_protocol(allowed_uids if allowed_uids is not None else {os.getuid()})
    server = uvicorn.Server(uvicorn.Config(app, http=protocol, ws="none", log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        wait_until(lambda: server.started)
        with ServiceClient(socket_file, timeout_s=PATIENCE_S) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


@pytest.fixture
def serve_app(run_dir: Path) -> Iterator[Callable[..., ServiceClient]]:
    """A way to run applications in threads until the test ends."""
    with ExitStack() as stack:

        def start(app, name: str = "thing", **options) -> ServiceClient:
            return stack.enter_context(serving(app, socket_path(run_dir, name), **options))

        yield start


class ServiceProcess:
    """A service in a process of its own, which a test may kill and start again."""

    def __init__(self, module: str, environment: dict[str, str], socket_file: Path) -> None:
        self.client = ServiceClient(socket_file)
        self._command = [sys.executable, "-m", module]
        self._environment = os.environ | environment
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        self.process = subprocess.Popen(self._command, env=self._environment)
        wait_until(self._answers)
        return self.process

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.client.close()

    def _answers(self) -> bool:
        assert self.process.poll() is None, "the service ended by itself"
        return is_listening(self.client.socket_file) and bool(self.client.get("/health"))


@pytest.fixture
def start_service(run_dir: Path, workspace: Workspace) -> Iterator[Callable[..., ServiceProcess]]:
    """A way to run a service as a process over the workspace until the test ends."""
    running: list[ServiceProcess] = []

    def start(service: str, **settings: str) -> ServiceProcess:
        prefix = f"VOXLOOP_{service.upper()}_"
        values = {"workspace": str(workspace.root), "run_dir": str(run_dir)} | settings
        environment = {prefix + name.upper(): value for name, value in values.items()}
        running.append(ServiceProcess(f"voxloop_{service}", environment, socket_path(run_dir, service)))
        return running[-1]

    yield start
    for service in running:
        service.stop()


@pytest.fixture(scope="session")
def crew() -> Iterator[Crew]:
    """A unix group with two members, and a stranger: real accounts."""
    with make_crew() as made:
        yield made


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB, to be filled."""
    if os.getuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    path = tmp_path / "small-disk"
    path.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(path)], check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let its root mount a tmpfs")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)
