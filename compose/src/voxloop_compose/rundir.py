"""Run directories: short private folders, one per workspace, for sockets, logs and the stack's record."""

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from voxloop_shared.errors import Forbidden, InvalidInput
from voxloop_shared.identity import user_name
from voxloop_shared.settings import SERVICES, door_path, introductions_path, socket_path
from voxloop_shared.sockets import MAX_PATH_BYTES
from voxloop_shared.workspace import slug

_NAME_LENGTH = 12
_HASH_LENGTH = 8
RECORD_NAME = "stack.json"
RUN_BASE = "VOXLOOP_RUN_BASE"
"""Environment variable that says where run directories go; nothing is looked for elsewhere then."""


def default_workspace() -> Path:
    """Give the workspace of those who name none."""
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "voxloop" / "default"


def wanted_workspace(given: Path | None) -> Path:
    """Give the workspace that was named by argument, else by VOXLOOP_WORKSPACE, else the default one."""
    named = os.environ.get("VOXLOOP_WORKSPACE")
    return given or (Path(named) if named else default_workspace())


def stack_name(workspace: Path) -> str:
    """Give a short name that no other workspace has."""
    digest = hashlib.sha256(os.fsencode(workspace.resolve())).hexdigest()[:_HASH_LENGTH]
    try:
        readable = slug(workspace.resolve().name)[:_NAME_LENGTH]
    except InvalidInput:  # a name without a single ASCII letter
        readable = "workspace"
    return f"{readable}-{digest}"


def run_dirs_base() -> Path:
    """Give the folder of this user's run directories.

    VOXLOOP_RUN_BASE where it is set, else XDG_RUNTIME_DIR's, else (where that is missing, another's, or too long) /tmp's.
    """
    if chosen := os.environ.get(RUN_BASE):
        return Path(chosen)
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and _is_private(Path(runtime)) and _is_short(Path(runtime) / "voxloop"):
        return Path(runtime) / "voxloop"
    return _tmp_base()


def run_dir_of(workspace: Path) -> Path:
    """Give a workspace's run directory, which need not exist."""
    return run_dirs_base() / stack_name(workspace)


def make_run_dir(workspace: Path) -> Path:
    """Make a workspace's run directory; raises Forbidden where somebody else could have prepared it."""
    run_dir = run_dir_of(workspace)
    for folder in (run_dir.parent, run_dir):
        _make_private(folder)
    return run_dir


def make_deployment_dir(workspace: Path) -> Path:
    """Make the folder for the sockets of containers that others start: no stack of ours must take them for its leftovers."""
    folder = run_dirs_base() / f"deployed-{stack_name(workspace)[-_HASH_LENGTH:]}"
    for path in (folder.parent, folder):
        _make_private(path)
    return folder


def list_run_dirs() -> Iterator[Path]:
    """Give the run directories with a record, those of /tmp included: a batch job may have had no XDG_RUNTIME_DIR."""
    bases = {run_dirs_base()} if os.environ.get(RUN_BASE) else {run_dirs_base(), _tmp_base()}
    for base in sorted(bases):
        if base.is_dir() and _is_private(base):
            yield from sorted(path.parent for path in base.glob(f"*/{RECORD_NAME}"))


def clear_run_dir(run_dir: Path) -> None:
    """Take away what a stack leaves when it ends: record, sockets, locks; its logs stay to be read."""
    (run_dir / RECORD_NAME).unlink(missing_ok=True)
    for socket in (*(socket_path(run_dir, service) for service in SERVICES), door_path(run_dir), introductions_path(run_dir)):
        for path in (socket, socket.with_suffix(".lock")):
            path.unlink(missing_ok=True)


def remove_run_dir(run_dir: Path) -> None:
    """Take away a run directory with its logs."""
    shutil.rmtree(run_dir, ignore_errors=True)


def _tmp_base() -> Path:
    return Path(f"/tmp/voxloop-{os.getuid()}")


def _is_short(base: Path) -> bool:
    name = "x" * (_NAME_LENGTH + 1 + _HASH_LENGTH)
    return len(os.fsencode(socket_path(base / name, "annotate"))) <= MAX_PATH_BYTES


def _is_private(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not _is_private(folder):
            owner = user_name(folder.lstat().st_uid)
            what = "a link" if folder.is_symlink() else f"not a folder of yours (its owner is {owner})"
            raise Forbidden(f"{folder} is {what}: remove it, or set XDG_RUNTIME_DIR to a folder of your own") from None
        folder.chmod(0o700)
