"""What a service says of itself at GET /health."""

import shutil
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from voxloop_shared.memory import memory_of_tree
from voxloop_shared.schemas import Schema
from voxloop_shared.settings import ServiceSettings

_MEMORY_LASTS_S = 5.0


class Health(Schema):
    """A service's state."""

    service: str
    version: str
    uptime_s: float
    devices: list[str]
    queue_length: int
    disk_free_bytes: int
    memory_bytes: int = 0
    restarts: int = 0
    container: str = ""
    """The start of its id; empty where the service is a process of the machine."""
    image: str = ""


def health_router(
    service: str,
    version: str,
    disk: Path,
    devices: Callable[[], Sequence[str]] = lambda: (),
    queue_length: Callable[[], int] = lambda: 0,
    settings: ServiceSettings | None = None,
) -> APIRouter:
    """Make the route; the callables are asked at each request, `disk` is a folder that the service writes to."""
    router = APIRouter()
    started = time.monotonic()
    place, memory = _place_of(settings), _Memory()

    @router.get("/health")
    def health() -> Health:
        """Say how the service is."""
        return Health(
            service=service,
            version=version,
            uptime_s=round(time.monotonic() - started, 3),
            devices=list(devices()),
            queue_length=queue_length(),
            disk_free_bytes=shutil.disk_usage(_existing(disk)).free,
            memory_bytes=memory.read(),
            **place,
        )

    return router


class _Memory:
    """Measures at most every few seconds: the kernel looks through all pages, which takes longer than the rest of the answer."""

    def __init__(self) -> None:
        self._bytes, self._until = 0, 0.0

    def read(self) -> int:
        now = time.monotonic()
        if now > self._until:
            self._bytes, self._until = memory_of_tree(), now + _MEMORY_LASTS_S
        return self._bytes


def _existing(folder: Path) -> Path:
    """Give the folder, or the nearest above it that has been made."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _place_of(settings: ServiceSettings | None) -> dict[str, Any]:
    """Say what a service knows of where it runs; podman names a container's machine by the start of its id."""
    if settings is None:
        return {}
    container = socket.gethostname() if settings.image else ""
    return {"restarts": settings.restarts, "container": container, "image": settings.image}
