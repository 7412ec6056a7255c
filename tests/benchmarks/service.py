"""Services as users run them, for benchmarks: processes of their own, on sockets in a short folder."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import wait_until
from voxloop_shared.client import ServiceClient
from voxloop_shared.settings import socket_path
from voxloop_shared.sockets import is_listening
from voxloop_shared.workspace import Workspace


@contextmanager
def new_workspace() -> Iterator[Workspace]:
    """Give an empty workspace that is deleted in the end."""
    folder = Path(tempfile.mkdtemp(prefix="vx-bench-"))
    try:
        workspace = Workspace(folder / "workspace")
        workspace.prepare()
        yield workspace
    finally:
        shutil.rmtree(folder)


@contextmanager
def running(service: str, workspace: Workspace) -> Iterator[ServiceClient]:
    """Run a service over a workspace and give a client of it."""
    run_dir = Path(tempfile.mkdtemp(prefix="vx-", dir="/tmp"))  # a socket's path must stay short
    prefix = f"VOXLOOP_{service.upper()}_"
    environment = os.environ | {f"{prefix}WORKSPACE": str(workspace.root), f"{prefix}RUN_DIR": str(run_dir), f"{prefix}LOG_LEVEL": "ERROR"}
    process = subprocess.Popen([sys.executable, "-m", f"voxloop_{service}"], env=environment)
    path = socket_path(run_dir, service)
    try:
        wait_until(lambda: is_listening(path))
        with ServiceClient(path, timeout_s=120) as client:
            yield client
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(run_dir)
