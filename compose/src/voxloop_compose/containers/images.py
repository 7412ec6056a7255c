"""The images that there are of the services."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from voxloop_compose import __version__
from voxloop_compose.containers.description import SERVICE_LABEL, VERSION_LABEL
from voxloop_compose.containers.engine import Engine, ImageState
from voxloop_compose.containers.podman import PodmanSocket, ask_podman
from voxloop_shared.schemas import Schema


class ServiceImage(Schema):
    """One image of a service; it fits when its version is this command's."""

    service: str
    name: str
    version: str
    fits: bool
    id: str
    size_bytes: int
    created: datetime


def list_images() -> list[ServiceImage]:
    """List them, by service; raises ServiceUnavailable where there is no podman."""
    ask_podman()
    with tempfile.TemporaryDirectory(prefix="vx-") as folder:
        podman_socket = PodmanSocket(Path(folder))
        try:
            found = Engine(podman_socket.ensure).images_labelled(VERSION_LABEL)
        finally:
            podman_socket.close()
    return sorted((_describe(image) for image in found), key=lambda entry: (entry.service, entry.version))


def _describe(image: ImageState) -> ServiceImage:
    version = image.labels.get(VERSION_LABEL, "")
    return ServiceImage(
        service=image.labels.get(SERVICE_LABEL, ""),
        name=image.names[0],
        version=version,
        fits=version == __version__,
        id=image.id[:12],
        size_bytes=image.size_bytes,
        created=datetime.fromtimestamp(image.created_s, UTC),
    )
