"""How jobs are run: each in a child process, which may have been made ready beforehand."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Protocol

from voxloop_shared.jobs.folder import JobFolder

GRACE_S = 3.0
"""From being asked to end until being made to."""
STANDBY = "--standby"
_READY_AFTER_S = 5.0
"""A service that has just started, or a job that has just ended, leaves the cores to others first."""


class Run(Protocol):
    """A job under way. `wait` blocks and gives the exit code (negative: the signal); `stop` ends it, and may be called twice."""

    def wait(self) -> int: ...

    def stop(self) -> None: ...


class Runner(Protocol):
    """A way to run jobs: local processes now, a batch system later."""

    def start(self, folder: JobFolder) -> Run: ...


class ProcessRun:
    """A job in a local child process, which ends by itself when its standard input closes."""

    def __init__(self, process: subprocess.Popen[bytes], on_end: Callable[[], None] = lambda: None) -> None:
        self._process = process
        self._on_end = on_end

    def wait(self) -> int:
        """Wait for the end and give the exit code; what the child has started ends with it."""
        exit_code = self._process.wait()
        self._kill_group()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._on_end()
        return exit_code

    def stop(self) -> None:
        """Ask the child to end, then make it."""
        self._process.terminate()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._kill_group()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


class ProcessRunner:
    """Starts `python -m MODULE FOLDER` for each job; `environment` is added to the service's own.

    After `keep_ready` a child waits with its libraries loaded (`python -m MODULE --standby`), and the next job begins at once.
    """

    def __init__(self, module: str, environment: Mapping[str, str] | None = None) -> None:
        self._module = module
        self._environment = dict(environment or {})
        self._changing = threading.Lock()
        self._ready: subprocess.Popen[bytes] | None = None
        self._timer: threading.Timer | None = None
        self._keeps_ready = False

    def start(self, folder: JobFolder) -> ProcessRun:
        """Start the child with its output in the job's logs and a pipe that tells it when the service is gone."""
        with self._changing:
            ready, self._ready = self._ready, None
        if ready is not None and self._hand_over(ready, folder):
            return ProcessRun(ready, self._ready_soon)
        with folder.stdout.open("ab") as out, folder.stderr.open("ab") as err:
            return ProcessRun(self._spawn(str(folder.path), out.fileno(), err.fileno()), self._ready_soon)

    def keep_ready(self) -> None:
        """Have a child get ready soon, now and after each job."""
        self._keeps_ready = True
        self._ready_soon()

    def close(self) -> None:
        """End the child that waits."""
        with self._changing:
            self._keeps_ready = False
            if self._timer is not None:
                self._timer.cancel()
            ready, self._ready = self._ready, None
        if ready is not None:
            self._discard(ready)

    def _ready_soon(self) -> None:
        with self._changing:
            if self._keeps_ready and (self._timer is None or not self._timer.is_alive()):
                self._timer = threading.Timer(_READY_AFTER_S, self._get_ready)
                self._timer.daemon = True
                self._timer.start()

    def _get_ready(self) -> None:
        with self._changing:
            if self._keeps_ready and self._ready is None:
                self._ready = self._spawn(STANDBY, None, None)

    def _spawn(self, argument: str, out: int | None, err: int | None) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", self._module, argument]
        environment = os.environ | self._environment
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=err, start_new_session=True, env=environment)

    def _hand_over(self, ready: subprocess.Popen[bytes], folder: JobFolder) -> bool:
        """Tell a waiting child its job; False if it has died meanwhile."""
        assert ready.stdin is not None
        try:
            if ready.poll() is None:
                ready.stdin.write(os.fsencode(folder.path) + b"\n")
                ready.stdin.flush()
                return True
        except BrokenPipeError:
            pass
        self._discard(ready)
        return False

    @staticmethod
    def _discard(ready: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(BrokenPipeError):
            assert ready.stdin is not None
            ready.stdin.close()
        ready.kill()
        ready.wait()
