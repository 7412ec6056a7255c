"""A running annotate service on a small volume, over real sockets."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from tests.waiting import PATIENCE_S, wait_until
from voxloop_shared.client import ServiceClient
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.sockets import is_listening
from voxloop_shared.workspace import Workspace


@dataclass
class RunningAnnotate:
    """A child process that serves a workspace, and how to reach it."""

    workspace: Workspace
    run_dir: Path
    port: int
    token: str
    client: ServiceClient
    process: subprocess.Popen[bytes] = field(init=False)
    volume: str = ""
    beside: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def socket_file(self) -> Path:
        return self.socket_of("annotate")

    def socket_of(self, service: str) -> Path:
        return self.run_dir / service / "http.sock"

    @property
    def base(self) -> str:
        return f"/api/volumes/{self.volume}"

    @property
    def door(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        about = {"WORKSPACE": str(self.workspace.root), "RUN_DIR": str(self.run_dir), "PORT": str(self.port), "TOKEN": self.token}
        env = os.environ | {f"VOXLOOP_ANNOTATE_{key}": value for key, value in about.items()}
        self.process = subprocess.Popen([sys.executable, "-m", "voxloop_annotate"], env=env)
        wait_until(lambda: is_listening(self.socket_file))

    def start_beside(self, service: str) -> None:
        """Start another service of the same workspace; it may not listen yet."""
        prefix = f"VOXLOOP_{service.upper()}"
        about = {f"{prefix}_WORKSPACE": str(self.workspace.root), f"{prefix}_RUN_DIR": str(self.run_dir)}
        self.beside.append(subprocess.Popen([sys.executable, "-m", f"voxloop_{service}"], env=os.environ | about))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def voxels(shape: tuple[int, int, int], dtype: str = "uint16") -> np.ndarray:
    """Make voxels of which each says where it is."""
    z, y, x = np.indices(shape)
    return (z * 1000 + y * 30 + x).astype(dtype)


@contextmanager
def running_annotate(*others: str) -> Iterator[RunningAnnotate]:
    """Run the service on an empty workspace of its own, and other services beside it."""
    folder = Path(tempfile.mkdtemp(prefix="vx-", dir="/tmp"))  # a socket's path must stay short
    workspace = Workspace(folder / "ws")
    workspace.prepare()
    client = ServiceClient(folder / "run/annotate/http.sock")
    running = RunningAnnotate(workspace, folder / "run", free_port(), secrets.token_hex(8), client)
    for service in others:
        running.start_beside(service)
    try:
        running.start()
        for service in others:
            wait_until(lambda service=service: is_listening(running.socket_of(service)))
        yield running
    finally:
        running.client.close()
        for process in (running.process, *running.beside):  # by now the service may be another process than the one that was started
            process.terminate()
            process.wait(PATIENCE_S)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def annotate_service() -> Iterator[RunningAnnotate]:
    with running_annotate() as running:
        yield running


@pytest.fixture
def annotate(annotate_service: RunningAnnotate) -> RunningAnnotate:
    """The running service with a fresh volume of its own for the test."""
    info = import_volume(
        annotate_service.workspace,
        ArraySource(voxels((9, 20, 31))),
        name=f"Stone {secrets.token_hex(4)}",
        origin="test",
        voxel_size=(2.0, 0.5, 0.5),
        unit="um",
    )
    annotate_service.client.post("/api/volumes", {"id": info.id})
    annotate_service.volume = info.id
    return annotate_service


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
