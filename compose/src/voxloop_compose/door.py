"""The door: the loopback port and the token through which a browser comes in."""

import secrets
import socket
from dataclasses import dataclass, field

from voxloop_shared.errors import Conflict

DEFAULT_PORT = 8050
_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Door:
    """Where annotate listens on TCP, and what opens it; both stay the same when annotate is restarted."""

    port: int
    token: str = field(repr=False)

    @property
    def url(self) -> str:
        """Give what a person opens."""
        return f"http://{_HOST}:{self.port}/?token={self.token}"


def make_door(port: int | None = None) -> Door:
    """Choose a port (8050, else a free one) and a token; raises Conflict when the port asked for is taken."""
    if port is None:
        port = _free_port() if _refusal(DEFAULT_PORT) else DEFAULT_PORT
    elif refusal := _refusal(port):
        raise Conflict(f"port {port} cannot be used ({refusal}): choose another with --port, or leave --port out for a free one")
    return Door(port, secrets.token_urlsafe(24))


def _refusal(port: int) -> str | None:
    """Say why nobody can listen on a port; None when one can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the service does: connections that linger are no hindrance
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            return error.strerror
        return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port
