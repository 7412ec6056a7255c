"""The stack that a command talks to, and what its arguments name in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from voxloop_compose.record import StackRecord, find_stack
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import Conflict, Forbidden, VolumeNotFound
from voxloop_shared.schemas import VolumeInfo
from voxloop_shared.settings import socket_path
from voxloop_shared.workspace import Workspace

WorkspaceOption = Annotated[
    Path | None,
    typer.Option("--workspace", "-w", envvar="VOXLOOP_WORKSPACE", help="Workspace of the stack; not needed when only one is running."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
VolumeArgument = Annotated[str, typer.Argument(metavar="VOLUME", help="Id or name of a volume.")]


_ON_THE_PAGE = "start and watch jobs on the page"


@dataclass(frozen=True, slots=True)
class Target:
    """A running stack and its clients."""

    record: StackRecord

    @property
    def workspace(self) -> Workspace:
        """Give the files."""
        return Workspace(self.record.workspace)

    def check_own(self, what: str) -> None:
        """Raise Forbidden, saying what only the one who runs the stack may do, where that is a colleague."""
        if self.record.is_of_colleague:
            raise Forbidden(f"only {self.record.run_dir.owner()}, who runs this stack, can {what}: {_ON_THE_PAGE}")

    @contextmanager
    def client(self, service: str, timeout_s: float = 30.0) -> Iterator[ServiceClient]:
        """Connect to a service; raises Forbidden for one that answers only the user who runs it."""
        if service != "annotate":
            self.check_own(f"talk to the {service} service")
        with ServiceClient(socket_path(self.record.run_dir, service), timeout_s) as client:
            yield client

    def get(self, service: str, path: str, **query: Any) -> Any:
        """Read JSON from a service."""
        with self.client(service) as client:
            return client.get(path, **query)

    def post(self, service: str, path: str, body: Any = None) -> Any:
        """Send JSON to a service, get JSON."""
        with self.client(service) as client:
            return client.post(path, body)

    def volumes(self) -> list[VolumeInfo]:
        """List the volumes."""
        return [VolumeInfo.model_validate(entry) for entry in self.get("annotate", "/api/volumes")["volumes"]]

    def volume(self, id_or_name: str) -> VolumeInfo:
        """Find a volume by id, else by name; raises VolumeNotFound, or Conflict when several have the name."""
        volumes = self.volumes()
        found = [v for v in volumes if v.id == id_or_name] or [v for v in volumes if v.name == id_or_name]
        if not found:
            known = ", ".join(sorted(v.id for v in volumes)) or "none yet: `voxloop import` adds one"
            raise VolumeNotFound(f"no volume {id_or_name!r}; there are: {known}")
        if len(found) > 1:
            raise Conflict(f"several volumes are named {id_or_name!r}: use an id, {' or '.join(v.id for v in found)}")
        return found[0]


def find_target(workspace: Path | None) -> Target:
    """Find the stack to talk to; raises NotFound or Conflict."""
    return Target(find_stack(workspace))
