"""The record of a running stack, by which other commands find it."""

from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from voxloop_compose.keeper import ServiceState
from voxloop_compose.kernel import ProcessId
from voxloop_compose.rundir import RECORD_NAME, list_run_dirs
from voxloop_compose.share import shared_run_dir
from voxloop_shared.errors import Conflict, NotFound
from voxloop_shared.files import write_json
from voxloop_shared.schemas import Schema
from voxloop_shared.settings import socket_path
from voxloop_shared.sockets import is_listening


class StackRecord(Schema):
    """A stack as its supervisor wrote it down; the URL holds the token, so only the owner may read the file."""

    pid: int
    started_ticks: int
    workspace: Path
    run_dir: Path
    runtime: str
    port: int | None
    url: str | None
    started: datetime
    is_ready: bool
    share: str | None = None
    services: dict[str, ServiceState]

    @property
    def is_of_colleague(self) -> bool:
        """Say whether somebody else runs the stack and has opened it to a group: this is what its members may know of it."""
        return self.run_dir == shared_run_dir(self.workspace)

    @property
    def supervisor(self) -> ProcessId:
        """Give the process that keeps the stack."""
        return ProcessId(self.pid, self.started_ticks)

    def write(self) -> None:
        """Store the record."""
        write_json(self.run_dir / RECORD_NAME, self, mode=0o600)

    def write_shared(self, run_dir: Path) -> None:
        """Store what colleagues may know of the stack, without what opens the door, for the group of `run_dir`."""
        write_json(run_dir / RECORD_NAME, self.model_copy(update={"run_dir": run_dir, "url": None, "port": None}), mode=0o640)


def read_record(run_dir: Path) -> StackRecord | None:
    """Read a run directory's record; None when it has none that can be read."""
    try:
        return StackRecord.model_validate_json((run_dir / RECORD_NAME).read_bytes())
    except (OSError, ValidationError):
        return None


def list_records() -> list[StackRecord]:
    """List this user's stacks, those that were killed included."""
    found = (read_record(run_dir) for run_dir in list_run_dirs())
    return [record for record in found if record is not None]


def _shared_stacks(workspace: Path) -> list[StackRecord]:
    """Find the stack of a colleague who has opened the workspace to a group of ours."""
    record = read_record(shared_run_dir(workspace))
    return [record] if record is not None and is_listening(socket_path(record.run_dir, "annotate")) else []


def find_stack(workspace: Path | None) -> StackRecord:
    """Find the running stack of a workspace, or the only one; raises NotFound or Conflict, saying what to do."""
    running = [record for record in list_records() if record.supervisor.is_alive]
    if workspace is not None:
        root = workspace.expanduser().resolve()
        running = [record for record in running if record.workspace == root] or _shared_stacks(root)
        if not running:
            raise NotFound(f"no stack runs on workspace {root}: start it with `voxloop up {root}`")
    if not running:
        raise NotFound("no stack is running: start one with `voxloop up`")
    if len(running) > 1:
        names = ", ".join(str(record.workspace) for record in running)
        raise Conflict(f"several stacks are running: say which with --workspace, one of {names}")
    return running[0]
