"""Unix sockets: bound by the service itself, private, and safe to find stale."""

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from voxloop_shared.errors import InvalidInput, WorkspaceInUse

MAX_PATH_BYTES = 107
_BACKLOG = 512


def is_listening(path: Path) -> bool:
    """Say whether a process accepts connections on the socket file."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except (BlockingIOError, TimeoutError):
            return True  # a full backlog: somebody is there, and busy
        return True


def bind_socket(path: Path, mode: int = 0o600, folder_mode: int = 0o700) -> socket.socket:
    """Listen on a socket file that nobody else can open.

    A file on which nobody listens is replaced. Raises WorkspaceInUse when somebody does, InvalidInput when the path
    is longer than the kernel takes.
    """
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise InvalidInput(f"socket path {path} is longer than {MAX_PATH_BYTES} bytes: choose a shorter run directory")
    path.parent.mkdir(parents=True, exist_ok=True, mode=folder_mode)
    path.parent.chmod(folder_mode)
    with _only_one(path.with_suffix(".lock")):
        if path.exists():
            if is_listening(path):
                raise WorkspaceInUse(f"another process already listens on {path}")
            path.unlink()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            os.fchmod(listener.fileno(), 0o600)  # bind creates the file with this: it is never open to others, not for a moment
            listener.bind(str(path))
            path.chmod(mode)
            listener.listen(_BACKLOG)
        except BaseException:
            listener.close()
            raise
    return listener


def listen_on_loopback(port: int) -> socket.socket:
    """Listen by TCP for this machine alone, on a free port for 0; raises OSError when the port is taken.

    Connections that linger from before are no hindrance.
    """
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


@contextlib.contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with open(os.open(lock, os.O_WRONLY | os.O_CREAT, 0o600), "w") as stream:  # noqa: PTH123 - nobody else may open it, and so hold it
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
