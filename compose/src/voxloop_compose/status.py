"""How a stack and its services are, asked of the services themselves."""

from datetime import datetime
from pathlib import Path
from typing import Any

from voxloop_compose.share import shared_run_dir
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
    memory_bytes: int | None = None
    container: str = ""
    image: str = ""


class StackStatus(Schema):
    """A running stack; the URL holds the token."""

    ok: bool
    workspace: Path
    run_dir: Path
    socket: Path
    runtime: str
    pid: int
    url: str | None
    share: str | None
    shared_socket: Path | None
    started: datetime
    services: list[ServiceStatus]


def read_status(target: Target) -> StackStatus:
    """Ask all services."""
    record = target.record
    services = _heard_from_annotate(target) if record.is_of_colleague else [_ask(target, service) for service in SERVICES]
    return StackStatus(
        ok=all(service.ok for service in services),
        workspace=record.workspace,
        run_dir=record.run_dir,
        socket=socket_path(record.run_dir, "annotate"),
        runtime=record.runtime,
        pid=record.pid,
        url=record.url,
        share=record.share,
        shared_socket=socket_path(shared_run_dir(record.workspace), "annotate") if record.share else None,
        started=record.started,
        services=services,
    )


def _heard_from_annotate(target: Target) -> list[ServiceStatus]:
    """Ask the one service that answers colleagues for all."""
    lights = {light["name"]: light for light in target.get("annotate", "/api/status")}
    return [
        ServiceStatus(service=name, ok=lights[name]["ok"], message=lights[name]["message"], pid=None, label="", restarts=0)
        for name in SERVICES
    ]


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
    known_keys = ("version", "uptime_s", "devices", "queue_length", "disk_free_bytes", "memory_bytes", "container", "image")
    kept = {key: said[key] for key in known_keys if key in said}
    return ServiceStatus(ok=True, message="", **about, **kept)
