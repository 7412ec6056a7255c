"""How jobs are run: each in a child process, or as a fork of one that has been made ready beforehand."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Protocol

from voxloop_shared.jobs.folder import JobFolder
from voxloop_shared.jobs.forkserver import GRACE_S, Forkserver

STANDBY = "--standby"
_READY_AFTER_S = 5.0
"""A service that has just started leaves the cores to others first."""


class Run(Protocol):
    """A job under way. `wait` blocks and gives the exit code (negative: the signal); `stop` ends it, and may be called twice."""

    def wait(self) -> int: ...

    def stop(self) -> None: ...


class Runner(Protocol):
    """A way to run jobs: local processes now, a batch system later."""

    def start(self, folder: JobFolder) -> Run: ...


class ProcessRun:
    """A job in a local child process, which ends by itself when its standard input closes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def wait(self) -> int:
        """Wait for the end and give the exit code; what the child has started ends with it."""
        exit_code = self._process.wait()
        self._kill_group()
        if self._process.stdin is not None:
            self._process.stdin.close()
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

    After `keep_ready` a child waits with its libraries loaded (`python -m MODULE --standby`), and jobs are its forks: they begin at once.
    """

    def __init__(self, module: str, environment: Mapping[str, str] | None = None) -> None:
        self._module = module
        self._environment = dict(environment or {})
        self._changing = threading.Lock()
        self._forkserver: Forkserver | None = None
        self._timer: threading.Timer | None = None

    def start(self, folder: JobFolder) -> Run:
        """Start the child with its output in the job's logs and a pipe that tells it when the service is gone."""
        return self._fork(folder) or self._spawn(folder)

    def keep_ready(self) -> None:
        """Have a child get ready soon."""
        with self._changing:
            self._timer = threading.Timer(_READY_AFTER_S, self._get_ready)
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        """End the child that waits."""
        with self._changing:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = None
            self._discard()

    def _fork(self, folder: JobFolder) -> Run | None:
        with self._changing:
            if self._forkserver is None:
                return None
            if self._forkserver.is_ready and (fork := self._forkserver.fork(folder, self._environment)):
                return fork
            if self._forkserver.is_ready or not self._forkserver.is_alive:
                self._discard()
                self._get_ready_now()
            return None

    def _get_ready(self) -> None:
        with self._changing:
            if self._timer is not None:
                self._get_ready_now()

    def _get_ready_now(self) -> None:
        self._forkserver = Forkserver(self._command(STANDBY), os.environ | self._environment)

    def _discard(self) -> None:
        if self._forkserver is not None:
            self._forkserver.close()
        self._forkserver = None

    def _spawn(self, folder: JobFolder) -> Run:
        with folder.stdout.open("ab") as out, folder.stderr.open("ab") as err:
            process = subprocess.Popen(
                self._command(str(folder.path)),
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                start_new_session=True,
                env=os.environ | self._environment,
            )
        return ProcessRun(process)

    def _command(self, argument: str) -> list[str]:
        return [sys.executable, "-m", self._module, argument]
