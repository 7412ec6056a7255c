"""The door: the loopback port and the token through which a browser comes in."""

import secrets
import socket
from contextlib import suppress
from dataclasses import dataclass, field

from voxloop_shared.errors import Conflict
from voxloop_shared.sockets import listen_on_loopback

DEFAULT_PORT = 8050
_HOST = "127.0.0.1"
_ANY_PORT = 0


@dataclass(frozen=True, slots=True)
class Door:
    """Where annotate answers on TCP, and what opens it; both stay the same when annotate is restarted.

    The supervisor holds the listening socket and hands it on: nobody else can take the port, neither while annotate starts nor
    while it is started again, and who knocks meanwhile waits.
    """

    port: int
    token: str = field(repr=False)
    listener: socket.socket

    @property
    def url(self) -> str:
        """Give what a person opens."""
        return f"http://{_HOST}:{self.port}/?token={self.token}"

    def close(self) -> None:
        """Let others have the port."""
        self.listener.close()


def make_door(port: int | None = None) -> Door:
    """Take a port (8050, else a free one) and choose a token; raises Conflict when the port asked for is taken."""
    listener = _listen_anywhere() if port is None else _listen_on(port)
    return Door(listener.getsockname()[1], secrets.token_urlsafe(24), listener)


def _listen_anywhere() -> socket.socket:
    with suppress(OSError):
        return listen_on_loopback(DEFAULT_PORT)
    return listen_on_loopback(_ANY_PORT)


def _listen_on(port: int) -> socket.socket:
    try:
        return listen_on_loopback(port)
    except OSError as error:
        problem = f"port {port} cannot be used ({error.strerror})"
        raise Conflict(f"{problem}: choose another with --port, or leave --port out for a free one") from error
