"""`voxloop down`: end a stack from outside, whatever state it is in."""

import signal
from pathlib import Path

from voxloop_compose.kernel import processes_of, wait_until
from voxloop_compose.record import StackRecord, find_stack, list_records
from voxloop_compose.rundir import clear_run_dir
from voxloop_compose.runtimes import PODMAN, remove_containers
from voxloop_compose.share import clear_share
from voxloop_shared.errors import Forbidden, NotFound

_ORDERLY_S = 15.0
_KILL_S = 10.0


def stop_stack(workspace: Path | None) -> Path:
    """Stop a stack, or clear away one that was killed; give its workspace when nothing of it is left."""
    try:
        record = find_stack(workspace)
    except NotFound:
        record = _killed_stack(workspace)
    if record.is_of_colleague:
        raise Forbidden(f"only {record.run_dir.owner()}, who runs this stack, can stop it")
    _end(record)
    return record.workspace


def _killed_stack(workspace: Path | None) -> StackRecord:
    """Find what a supervisor that was killed has left; raises NotFound."""
    root = workspace.expanduser().resolve() if workspace else None
    left = [record for record in list_records() if root in (None, record.workspace)]
    if not left:
        raise NotFound(f"no stack runs on workspace {root}" if root else "no stack is running")
    return left[0]


def _end(record: StackRecord) -> None:
    supervisor = record.supervisor
    supervisor.send(signal.SIGTERM)
    if not wait_until(lambda: not supervisor.is_alive, _ORDERLY_S):
        supervisor.send(signal.SIGKILL)
        wait_until(lambda: not supervisor.is_alive, _KILL_S)
    if record.runtime == PODMAN:
        remove_containers(record.run_dir)
    if not wait_until(lambda: not processes_of(record.run_dir), _KILL_S):
        for process in processes_of(record.run_dir):
            process.send(signal.SIGKILL)
        wait_until(lambda: not processes_of(record.run_dir), _KILL_S)
    clear_run_dir(record.run_dir)
    clear_share(record.workspace)
