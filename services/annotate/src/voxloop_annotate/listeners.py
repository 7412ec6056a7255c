"""Where annotate listens beside its own socket: the door, and the socket of a shared workspace."""

import socket

from voxloop_annotate.door import open_door
from voxloop_annotate.settings import AnnotateSettings
from voxloop_shared.server import Admission
from voxloop_shared.sockets import bind_socket


def open_listeners(settings: AnnotateSettings) -> list[socket.socket]:
    """Bind, or take over from the supervisor, all that the settings name; raises OSError when the port is taken."""
    found = []
    if settings.port is not None and settings.token is not None:
        found.append(bind_socket(settings.forwarded_door) if settings.door_socket else open_door(settings.port, settings.door_fd))
    if settings.share_fd is not None:
        found.append(socket.socket(fileno=settings.share_fd))
    if settings.share_socket:
        found.append(bind_socket(settings.introductions))
    return found


def admission(settings: AnnotateSettings) -> Admission:
    """Say whom the service answers."""
    introduced = settings.introductions if settings.share_socket else None
    return Admission(settings.allowed_uids, settings.share_gid, introduced, settings.forwarded_door if settings.door_socket else None)
