"""What the kernel says of processes: who lives, and which belong to a stack."""

import contextlib
import os
import select
import signal
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_POLL_S = 0.02
_STATE, _STARTED = 0, 19
"""Fields of /proc/PID/stat, counted from the one after the command's name (proc(5))."""

STACK_MARK = "VOXLOOP_STACK_RUN_DIR"
"""Environment variable by which the processes of a stack, jobs included, are found again."""


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process that cannot be mistaken for a later one with the same number."""

    pid: int
    started_ticks: int

    @property
    def is_alive(self) -> bool:
        """Say whether it still runs; a zombie does not."""
        fields = _stat(self.pid)
        return fields is not None and int(fields[_STARTED]) == self.started_ticks and fields[_STATE] not in "ZX"

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has gone."""
        if self.is_alive:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return


def identify(pid: int) -> ProcessId | None:
    """Name a running process; None when there is none."""
    fields = _stat(pid)
    return None if fields is None else ProcessId(pid, int(fields[_STARTED]))


class ProcessHandle:
    """A hold on a process that need not be our child; raises ProcessLookupError when there is none."""

    def __init__(self, pid: int) -> None:
        self._handle = os.pidfd_open(pid)
        weakref.finalize(self, os.close, self._handle)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for its end; False when that has not come in time."""
        poller = select.poll()
        poller.register(self._handle, select.POLLIN)
        return bool(poller.poll(None if timeout_s is None else timeout_s * 1000))

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has gone."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, number)


def this_process() -> ProcessId:
    """Name the process itself."""
    found = identify(os.getpid())
    assert found is not None
    return found


def processes_of(run_dir: Path) -> list[ProcessId]:
    """Find this user's processes that were started for a run directory."""
    mark = os.fsencode(f"{STACK_MARK}={run_dir}")
    marked = (pid for pid in _own_pids() if mark in _environment(pid))
    found = (identify(pid) for pid in marked)
    return [process for process in found if process is not None and process.is_alive]


def wait_until(is_true: Callable[[], bool], timeout_s: float) -> bool:
    """Wait for a condition; give whether it came true in time."""
    deadline = time.monotonic() + timeout_s
    while not is_true():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _own_pids() -> Iterator[int]:
    uid = os.geteuid()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.stat().st_uid == uid and int(folder.name) != os.getpid():
                yield int(folder.name)
        except OSError:
            continue


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()
