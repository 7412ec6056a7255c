"""A process that has loaded what a job needs: each job is a fork of it, begins at once and shares its memory.

Unlike that of multiprocessing, there may be several in a process, with libraries and an environment of their own, and
what they fork lives in a folder of a job and ends with the service that asked for it.
"""

import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from voxloop_shared.jobs.folder import JobFolder

GRACE_S = 3.0
"""From being asked to end until being made to."""
_READY = b"ready"
_LONGEST = 1 << 16
"""Bytes of an order: a path and an environment."""
_ANSWER_S = 5.0
"""A fork takes some 20 ms."""


class Fork:
    """A job's process under way, seen from the service, whose grandchild it is: the forkserver says how it ends."""

    def __init__(self, pid: int, lifeline: int, status: int) -> None:
        self._pid = pid
        self._lifeline = lifeline
        self._status = status
        self._has_ended = threading.Event()

    def wait(self) -> int:
        """Wait for the end and give the exit code; 0 where the forkserver, which was killed, cannot tell it: the folder then says all."""
        code = _read_number(self._status) or 0
        self._has_ended.set()
        self._kill_group()
        os.close(self._lifeline)
        os.close(self._status)
        return code

    def stop(self) -> None:
        """Ask it to end, then make it, with all that it has started."""
        if not self._has_ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGTERM)
        if not self._has_ended.wait(GRACE_S):
            self._kill_group()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)


class Forkserver:
    """The service's side: starts the process and has it fork. Not for several threads at a time."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        """Start `command`, whose standard input becomes the socket for orders, and do not wait for it."""
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(command, stdin=theirs.fileno(), start_new_session=True, env=environment)
        self._is_ready = False

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def is_ready(self) -> bool:
        """Whether it has loaded what it must, and lives."""
        if not self._is_ready:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                self._is_ready = self._orders.recv(len(_READY), socket.MSG_DONTWAIT) == _READY
        return self._is_ready and self.is_alive

    @property
    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self._process.poll() is None

    def fork(self, folder: JobFolder, environment: Mapping[str, str]) -> Fork | None:
        """Start a job; None when the server cannot: then it is of no more use."""
        lifeline, ours = os.pipe()
        status, theirs = os.pipe()
        order = json.dumps({"folder": str(folder.path), "environment": dict(environment)}).encode()
        pid = None
        try:
            with contextlib.suppress(OSError):
                socket.send_fds(self._orders, [order], [lifeline, theirs])
                os.close(theirs)
                theirs = -1
                pid = _read_number(status, _ANSWER_S)
        finally:
            os.close(lifeline)
            if theirs >= 0:
                os.close(theirs)
        if pid is None:  # whatever begins late finds its lifeline cut
            os.close(ours)
            os.close(status)
            return None
        return Fork(pid, ours, status)

    def close(self) -> None:
        """End the server; its forks go on."""
        self._orders.close()
        self._process.kill()
        self._process.wait()


def fork_jobs(get_ready: Callable[[], None]) -> JobFolder | None:
    """Be the server on standard input: get ready, then fork for each order; None when the service is gone.

    In a fork it returns the job's folder: what follows is the job. Standard input is its lifeline, output goes to the job's logs.
    """
    _do_behind_all_else(get_ready)
    gc.collect()
    gc.freeze()  # what is loaded stays shared: no collection touches it
    orders = socket.socket(fileno=os.dup(sys.stdin.fileno()))
    with contextlib.suppress(ConnectionError):
        orders.send(_READY)
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker)
    statuses: dict[int, int] = {}
    while True:
        events, _, _ = select.select([orders.fileno(), wake], [], [])
        if wake in events:
            os.read(wake, 512)
            _tell_ends(statuses)
        if orders.fileno() in events:
            message, (lifeline, status) = _receive(orders)
            if not message:
                return None
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for number in (orders.detach(), wake, waker, *statuses.values()):
                    os.close(number)
                return _become_job(json.loads(message), lifeline)
            os.close(lifeline)
            statuses[pid] = status
            _write_number(status, pid)


def _do_behind_all_else(work: Callable[[], None]) -> None:
    """Do work only while the cores have nothing else to do: nobody waits for it, and somebody may be painting.

    In a thread of its own, for the kernel lets no user take that back, and forks inherit it from the thread that forks.
    """

    def do() -> None:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        work()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(do).result()


class _Order(NamedTuple):
    message: bytes
    pipes: tuple[int, int]


def _receive(orders: socket.socket) -> _Order:
    try:
        message, pipes, _, _ = socket.recv_fds(orders, _LONGEST, 2)
    except ConnectionError:
        message, pipes = b"", []
    if len(pipes) != 2:
        return _Order(b"", (-1, -1))
    for number in pipes:
        os.set_inheritable(number, False)
    return _Order(message, (pipes[0], pipes[1]))


def _become_job(order: dict[str, object], lifeline: int) -> JobFolder:
    """Turn a fork into the process of a job: a session, an environment, standard streams of its own."""
    os.setsid()
    os.dup2(lifeline, sys.stdin.fileno())
    os.close(lifeline)
    environment = order["environment"]
    assert isinstance(environment, dict)
    os.environ.update(environment)
    folder = JobFolder(Path(str(order["folder"])))
    for path, stream in ((folder.stdout, sys.stdout), (folder.stderr, sys.stderr)):
        with path.open("ab") as log_file:
            os.dup2(log_file.fileno(), stream.fileno())
    return folder


def _tell_ends(statuses: dict[int, int]) -> None:
    """Collect the forks that have ended and tell the service their exit codes (negative: the signal)."""
    while statuses:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        told = statuses.pop(pid)
        _write_number(told, os.waitstatus_to_exitcode(status))
        os.close(told)


def _write_number(pipe: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(pipe, b"%d\n" % number)


def _read_number(pipe: int, timeout_s: float | None = None) -> int | None:
    """Read a line with a number; None at the end of the pipe or of the time."""
    line = b""
    arrivals = select.poll()  # unlike select, it takes the 1025th file of a process
    arrivals.register(pipe, select.POLLIN)
    while not line.endswith(b"\n"):
        if not arrivals.poll(None if timeout_s is None else timeout_s * 1e3):
            return None
        byte = os.read(pipe, 1)
        if not byte:
            return None
        line += byte
    return int(line)
