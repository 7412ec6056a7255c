"""Who calls: the kernel's answer, never the caller's own."""

import os
import pwd
import socket
import struct
from dataclasses import dataclass

_UCRED = struct.Struct("3i")


@dataclass(frozen=True, slots=True)
class Caller:
    """A process at the other end of a Unix socket."""

    uid: int
    pid: int
    user: str


def user_name(uid: int) -> str:
    """Give the account's name, or `uid 1234` where the machine has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def this_process() -> Caller:
    """Name the process itself, as it would appear to a service."""
    uid = os.getuid()
    return Caller(uid=uid, pid=os.getpid(), user=user_name(uid))


def peer_of(connection: socket.socket) -> Caller | None:
    """Ask the kernel who connected (SO_PEERCRED); None where the socket is not a Unix one."""
    if connection.family != socket.AF_UNIX:
        return None
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    pid, uid, _gid = _UCRED.unpack(raw)
    return Caller(uid=uid, pid=pid, user=user_name(uid))
