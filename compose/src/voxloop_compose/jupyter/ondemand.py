"""The stack that the page in Jupyter belongs to: one that runs already, else one that is started when somebody looks."""

import contextlib
import subprocess
import sys
from pathlib import Path

from voxloop_compose.background import last_error, own_record
from voxloop_compose.kernel import wait_until
from voxloop_compose.record import StackRecord, find_stack
from voxloop_compose.rundir import make_run_dir, wanted_workspace
from voxloop_shared.errors import Conflict, NotFound, ServiceUnavailable
from voxloop_shared.settings import socket_path

_START_TIMEOUT_S = 90.0
_STOP_S = 40.0
"""Four containers that do not listen need as long."""


class OnDemandStack:
    """Finds the stack of VOXLOOP_WORKSPACE, else the only one that runs, else that of the default workspace; starts the first or the last.

    What it has started ends with this process, however that ends; what others have started it leaves alone.
    """

    def __init__(self, named: Path | None) -> None:
        self._named = named
        self._process: subprocess.Popen[bytes] | None = None

    def find(self) -> Path | None:
        """Give the socket of the running stack's page, once that is ready; None when no stack is running."""
        for workspace in (self._named, wanted_workspace(None)):
            with contextlib.suppress(NotFound, Conflict):
                found = find_stack(workspace)
                return socket_path(found.run_dir, "annotate") if found.is_ready or _becomes_ready(found) else None
        return None

    def start(self) -> Path:
        """Start the stack and give the socket of its page when it is healthy; raises ServiceUnavailable with what it said."""
        self.close()
        workspace = wanted_workspace(self._named).expanduser().resolve()
        run_dir = make_run_dir(workspace)
        log = run_dir / "up.log"
        watched = ["voxloop_compose.watched", f"--grace={_STOP_S}", "voxloop_compose"]
        with log.open("wb") as output:
            process = self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", *watched, "up", str(workspace), "--no-tcp"],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_until(lambda: process.poll() is not None or own_record(run_dir, process.pid) is not None, _START_TIMEOUT_S)
        if own_record(run_dir, process.pid) is None:
            self.close()
            raise ServiceUnavailable(last_error(log))
        return socket_path(run_dir, "annotate")

    def close(self) -> None:
        """End what this process has started."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process = None


def _becomes_ready(found: StackRecord) -> bool:
    """Wait for a stack that somebody is starting just now."""
    pid, run_dir = found.pid, found.run_dir
    wait_until(lambda: own_record(run_dir, pid) is not None or not found.supervisor.is_alive, _START_TIMEOUT_S)
    return own_record(run_dir, pid) is not None and found.supervisor.is_alive
