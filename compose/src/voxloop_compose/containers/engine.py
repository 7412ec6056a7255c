"""The user's own podman, asked through its socket: the one module that knows podman-py."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podman import PodmanClient
from podman.errors import APIError, ImageNotFound, NotFound, PodmanError
from requests.exceptions import RequestException

from voxloop_compose.containers.refusals import refusal
from voxloop_shared.errors import VoxloopError

_TIMEOUT_S = 60.0
_ENDED = ("exited", "stopped")


@dataclass(frozen=True, slots=True)
class ContainerState:
    """A container as podman sees it."""

    id: str
    pid: int
    """Of its first process, on this machine; 0 when it does not run."""
    status: str
    exit_code: int
    is_out_of_memory: bool

    @property
    def has_ended(self) -> bool:
        """Say whether it has run and runs no more."""
        return self.status in _ENDED


@dataclass(frozen=True, slots=True)
class ImageState:
    """An image as podman sees it."""

    id: str
    names: tuple[str, ...]
    labels: Mapping[str, str]
    size_bytes: int
    created_s: float
    """Since 1970; 0 where podman was asked for one image by name."""


class Engine:
    """Containers and images of this user; safe to share between threads. Every call raises VoxloopError where podman refuses."""

    def __init__(self, ensure_socket: Callable[[], Path]) -> None:
        """Take what gives a socket on which podman answers, and starts it where needed."""
        self._ensure_socket = ensure_socket
        self._starting = threading.Lock()
        self._creating = threading.Lock()

    def create(self, options: Mapping[str, Any]) -> str:
        """Make a container by podman-py's options; give its id."""
        # podman 4.3 reads a user's ranges of ids by a library that is not safe in threads: two requests at once crashed it
        with self._creating, self._client() as client:
            return str(client.containers.create(**options).id)

    def start(self, container_id: str) -> ContainerState:
        """Start a container; give its state."""
        with self._client() as client:
            client.containers.get(container_id).start()
            return _state(client.containers.get(container_id))

    def inspect(self, container_id: str) -> ContainerState | None:
        """Ask for a container; None when there is none."""
        with self._client() as client:
            try:
                return _state(client.containers.get(container_id))
            except NotFound:
                return None

    def remove(self, container: str) -> None:
        """Take a container away, by id or name, whether it runs or not; harmless when there is none."""
        with self._client() as client:
            answer = client.api.delete(f"/containers/{container}", params={"force": True, "v": True, "timeout": 0})
            if answer.status_code != 404:
                answer.raise_for_status()

    def containers_labelled(self, label: str, value: str) -> list[str]:
        """List the ids of all containers with a label, those that have ended included."""
        with self._client() as client:
            return [str(found.id) for found in client.containers.list(all=True, filters={"label": f"{label}={value}"})]

    def image(self, name: str) -> ImageState | None:
        """Ask for an image; None when there is none."""
        with self._client() as client:
            try:
                return _image(client.images.get(name))
            except ImageNotFound:
                return None

    def images_labelled(self, label: str) -> list[ImageState]:
        """List the images that have a label and a name."""
        with self._client() as client:
            found = (_image(entry) for entry in client.images.list(filters={"label": label}))
            return [entry for entry in found if entry.names]

    @contextmanager
    def _client(self) -> Iterator[Any]:
        with self._starting:
            socket = self._ensure_socket()
        try:
            with PodmanClient(base_url=f"unix://{socket}", timeout=_TIMEOUT_S) as client:
                yield client
        except (ImageNotFound, NotFound) as error:
            raise refusal(str(error)) from error
        except APIError as error:
            raise refusal(str(error.explanation or error)) from error
        except (PodmanError, RequestException) as error:
            raise VoxloopError(f"podman does not answer on {socket}: {error}") from error


def _state(container: Any) -> ContainerState:
    state = container.attrs["State"]
    return ContainerState(
        id=str(container.id),
        pid=int(state.get("Pid") or 0),
        status=str(state.get("Status")),
        exit_code=int(state.get("ExitCode") or 0),
        is_out_of_memory=bool(state.get("OOMKilled")),
    )


def _image(image: Any) -> ImageState:
    about = image.attrs
    return ImageState(
        id=str(image.id).removeprefix("sha256:"),
        names=tuple(about.get("RepoTags") or ()),
        labels=dict(about.get("Labels") or {}),
        size_bytes=int(about.get("Size") or 0),
        created_s=float(created) if isinstance(created := about.get("Created"), int) else 0.0,
    )
