"""The process runtime: each service is a child process of the supervisor."""

import logging
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from voxloop_compose.door import Door
from voxloop_compose.kernel import STACK_MARK, processes_of, wait_until
from voxloop_compose.share import UMASK, Share

log = logging.getLogger(__name__)

_GRACE_S = 8.0
_LEFTOVER_GRACE_S = 3.0
_KILL_S = 5.0
WAYS_IN = frozenset(
    f"VOXLOOP_ANNOTATE_{name}" for name in ("PORT", "TOKEN", "DOOR_FD", "DOOR_SOCKET", "SHARE_GID", "SHARE_FD", "SHARE_SOCKET")
)
"""What somebody may have set in the environment of `voxloop up` must open nothing that was not asked for."""


class ChildProcess:
    """A service in a child process, in a session of its own: a Ctrl-C in the terminal is the supervisor's to handle."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def label(self) -> str:
        """Name the process."""
        return f"pid {self._process.pid}"

    @property
    def pid(self) -> int:
        """Give the process's number."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Say whether the process has not ended yet."""
        return self._process.poll() is None

    def wait(self) -> str:
        """Wait for the end and say how it came."""
        code = self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"

    def stop(self) -> None:
        """Ask the process to end, then make it."""
        self._process.terminate()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class ProcessRuntime:
    """Starts `python -m voxloop_<service>`, told by its environment where everything is."""

    name = "process"

    def __init__(self, workspace: Path, run_dir: Path, door: Door | None, share: Share | None = None) -> None:
        self._workspace = workspace
        self._run_dir = run_dir
        self._door = door
        self._share = share
        self._starts: Counter[str] = Counter()

    def start(self, service: str) -> ChildProcess:
        """Start a service whose standard input tells it when this process is gone."""
        folder = self._run_dir / service
        folder.mkdir(mode=0o700, exist_ok=True)
        environment = self._environment(service)
        self._starts[service] += 1
        with (folder / "service.log").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "voxloop_compose.watched", f"voxloop_{service}"],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd=folder,  # `-m` imports from the working directory first: it must not be the user's
                env=environment,
                pass_fds=self._listeners(service),
                umask=-1 if self._share is None else UMASK,
                start_new_session=True,
            )
        return ChildProcess(process)

    def remove_leftovers(self) -> None:
        """Let processes of an earlier supervisor end by themselves, as they do, then kill those that remain."""
        if not processes_of(self._run_dir):
            return
        log.info("waiting for what an earlier stack has left running")
        if not wait_until(lambda: not processes_of(self._run_dir), _LEFTOVER_GRACE_S):
            for process in processes_of(self._run_dir):
                process.send(signal.SIGKILL)
            wait_until(lambda: not processes_of(self._run_dir), _KILL_S)

    def _listeners(self, service: str) -> tuple[int, ...]:
        ways = (self._door, self._share) if service == "annotate" else ()
        return tuple(way.listener.fileno() for way in ways if way is not None)

    def _environment(self, service: str) -> dict[str, str]:
        prefix = f"VOXLOOP_{service.upper()}_"
        kept = {key: value for key, value in os.environ.items() if key not in WAYS_IN}
        own = {f"{prefix}WORKSPACE": str(self._workspace), f"{prefix}RUN_DIR": str(self._run_dir), STACK_MARK: str(self._run_dir)}
        own |= {f"{prefix}RESTARTS": str(self._starts[service])}
        return kept | own | (self._ways_in() if service == "annotate" else {})

    def _ways_in(self) -> dict[str, str]:
        found: dict[str, object] = {}
        if self._door is not None:
            found |= {"PORT": self._door.port, "TOKEN": self._door.token, "DOOR_FD": self._door.listener.fileno()}
        if self._share is not None:
            found |= {"SHARE_GID": self._share.group.gid, "SHARE_FD": self._share.listener.fileno()}
        return {f"VOXLOOP_ANNOTATE_{name}": str(value) for name, value in found.items()}
