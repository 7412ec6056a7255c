"""What a service says of itself at GET /health."""

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from fastapi import APIRouter

from voxloop_shared.schemas import Schema


class Health(Schema):
    """A service's state."""

    service: str
    version: str
    uptime_s: float
    devices: list[str]
    queue_length: int
    disk_free_bytes: int


def health_router(
    service: str,
    version: str,
    disk: Path,
    devices: Callable[[], Sequence[str]] = lambda: (),
    queue_length: Callable[[], int] = lambda: 0,
) -> APIRouter:
    """Make the route; the callables are asked at each request."""
    router = APIRouter()
    started = time.monotonic()

    @router.get("/health")
    def health() -> Health:
        """Say how the service is."""
        return Health(
            service=service,
            version=version,
            uptime_s=round(time.monotonic() - started, 3),
            devices=list(devices()),
            queue_length=queue_length(),
            disk_free_bytes=shutil.disk_usage(disk).free,
        )

    return router
