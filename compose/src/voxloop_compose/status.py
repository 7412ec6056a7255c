"""How a stack and its services are, asked of the services themselves."""

from datetime import datetime
from pathlib import Path
from typing import Any

from voxloop_compose.target import Target
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import VoxloopError
from voxloop_shared.schemas import Schema
from voxloop_shared.settings import SERVICES, socket_path

_TIMEOUT_S = 3.0


class ServiceStatus(Schema):
    """One service: what it says of itself, and what the supervisor says of it."""

    service: str
    ok: bool
    message: str
    pid: int | None
    label: str
    restarts: int
    version: str = ""
    uptime_s: float | None = None
    devices: tuple[str, ...] = ()
    queue_length: int | None = None
    disk_free_bytes: int | None = None


class StackStatus(Schema):
    """A running stack; the URL holds the token."""

    ok: bool
    workspace: Path
    run_dir: Path
    socket: Path
    runtime: str
    pid: int
    url: str | None
    started: datetime
    services: list[ServiceStatus]


def read_status(target: Target) -> StackStatus:
    """Ask all services."""
    record = target.record
    services = [_ask(target, service) for service in SERVICES]
    return StackStatus(
        ok=all(service.ok for service in services),
        workspace=record.workspace,
        run_dir=record.run_dir,
        socket=socket_path(record.run_dir, "annotate"),
        runtime=record.runtime,
        pid=record.pid,
        url=record.url,
        started=record.started,
        services=services,
    )


def _ask(target: Target, service: str) -> ServiceStatus:
    known = target.record.services.get(service)
    about: dict[str, Any] = {"service": service, "pid": None, "label": "", "restarts": 0}
    if known is not None:
        about |= {"pid": known.pid, "label": known.label, "restarts": known.restarts}
    try:
        with ServiceClient(socket_path(target.record.run_dir, service), _TIMEOUT_S) as client:
            said = client.get("/health")
    except VoxloopError as error:
        return ServiceStatus(ok=False, message=error.message, **about)
    kept = {key: said.get(key) for key in ("version", "uptime_s", "devices", "queue_length", "disk_free_bytes")}
    return ServiceStatus(ok=True, message="", **about, **kept)
