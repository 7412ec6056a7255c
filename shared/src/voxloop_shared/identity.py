"""Who calls: the kernel's answer, never the caller's own."""

import os
import pwd
import socket
import struct
from dataclasses import dataclass

_UCRED = struct.Struct("3i")
_SO_PEERGROUPS = 59
"""socket(7): the groups of the process that connected; Python has no name for it."""
LONGEST_INTRODUCTION = 300
_ADMITTED, _REFUSED = "voxloop-member", "voxloop-stranger"
_MOST_GROUPS = 256
"""What Python hands out of the kernel's answer at once (1024 bytes)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A process at the other end of a Unix socket."""

    uid: int
    pid: int
    user: str


def user_name(uid: int) -> str:
    """Give the account's name, or `uid 1234` where the machine has none.

    A container may not know even the user it runs as: then that one is called what the environment of the service says.
    """
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        own = os.environ.get("USER") if uid == os.getuid() else None
        return own or f"uid {uid}"


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


def introduce(peer: Caller, *, is_admitted: bool) -> bytes:
    """Give the line with which somebody who forwards a connection says who is at its far end, and whether they may come in."""
    mark = _ADMITTED if is_admitted else _REFUSED
    return f"{mark} {peer.uid} {peer.pid} {peer.user}\n".encode()


def introduced(line: bytes) -> tuple[Caller, bool] | None:
    """Read a line made by `introduce`, without its end: who it is, and whether they may come in; None where it is none."""
    mark, _, rest = line.decode(errors="replace").partition(" ")
    uid, _, rest = rest.partition(" ")
    pid, _, user = rest.partition(" ")
    if mark not in (_ADMITTED, _REFUSED) or not (uid.isdecimal() and pid.isdecimal() and user):
        return None
    return Caller(uid=int(uid), pid=int(pid), user=user), mark == _ADMITTED


def groups_of_peer(connection: socket.socket) -> frozenset[int]:
    """Ask the kernel for the groups (gids) of the process that connected to a Unix socket, its own first group included."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    _pid, uid, gid = _UCRED.unpack(raw)
    try:
        groups = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, 4 * _MOST_GROUPS)
    except OSError:  # more groups than fit: then the accounts are asked instead of the process
        return _groups_of_account(uid, gid)
    return frozenset({gid, *(number for (number,) in struct.iter_unpack("I", groups))})


def _groups_of_account(uid: int, gid: int) -> frozenset[int]:
    try:
        return frozenset(os.getgrouplist(pwd.getpwuid(uid).pw_name, gid))
    except KeyError:
        return frozenset({gid})
