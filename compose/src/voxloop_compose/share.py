"""`--share GROUP`: the one socket at which members of a unix group come in, and the files that they may read."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from voxloop_compose import accesslists
from voxloop_compose.groups import FOLDER_MODE, Group, check_way, close_folder, find_group, open_folder, open_tree
from voxloop_compose.rundir import RECORD_NAME
from voxloop_shared import identity
from voxloop_shared.errors import InvalidInput, VoxloopError
from voxloop_shared.settings import socket_path
from voxloop_shared.sockets import MAX_PATH_BYTES, bind_socket
from voxloop_shared.workspace import Workspace

UMASK = 0o027
"""For all that writes into a shared workspace: the group reads it, others do not."""
_SOCKET_MODE = 0o660
_LOCKS = (".lock", ".annotate.lock")
"""Files by which somebody claims the workspace; whoever may read one could hold it."""


@dataclass(frozen=True, slots=True)
class Share:
    """Where colleagues come in. The supervisor holds the socket, so that who knocks while annotate is started again waits."""

    group: Group
    listener: socket.socket
    run_dir: Path

    @property
    def socket_file(self) -> Path:
        """Give the socket that colleagues forward."""
        return socket_path(self.run_dir, "annotate")

    def close(self) -> None:
        """Let nobody in any more."""
        self.listener.close()
        clear_share(self.run_dir.parent)


def shared_run_dir(workspace: Path) -> Path:
    """Give the folder of a shared workspace that holds what colleagues need to come in."""
    return workspace / "run"


def open_share(workspace: Path, group_name: str, *, is_contained: bool = False) -> Share:
    """Let a group read a workspace's volumes, labels and predictions, and listen for its members (`is_contained`: for containers).

    The workspace's lock must be held. Raises InvalidInput and Forbidden, saying what to do.
    """
    group, run_dir = find_group(group_name), shared_run_dir(workspace)
    _check_length(socket_path(run_dir, "annotate"))
    check_way(workspace, group)
    _open_root(workspace, group, is_contained=is_contained)
    _open_files(Workspace(workspace), group)
    for folder in (run_dir, run_dir / "annotate"):
        open_folder(folder, group)
    return Share(group, _listen(socket_path(run_dir, "annotate")), run_dir)


def clear_share(workspace: Path) -> None:
    """Take away what a shared stack leaves when it ends; its files stay readable for the group."""
    run_dir = shared_run_dir(workspace)
    socket_file = socket_path(run_dir, "annotate")
    for path in (run_dir / RECORD_NAME, socket_file, socket_file.with_suffix(".lock")):
        path.unlink(missing_ok=True)


def introducer(share: Share) -> Callable[[socket.socket], bytes | None]:
    """Make what says who is at the far end of a connection that a forwarder has accepted, and whether they may come in.

    A container sees no foreign user by name or number, so this is asked outside.
    """

    def introduce(connection: socket.socket) -> bytes | None:
        peer = identity.peer_of(connection)
        if peer is None:
            return None
        is_member = peer.uid == os.getuid() or share.group.gid in identity.groups_of_peer(connection)
        return identity.introduce(peer, is_admitted=is_member)

    return introduce


def _open_root(root: Path, group: Group, *, is_contained: bool) -> None:
    accesslists.forget(root)
    open_folder(root, group)
    if is_contained:
        accesslists.let_in(root, group.gid)


def _open_files(workspace: Workspace, group: Group) -> None:
    for private in (workspace.database, *(workspace.root / name for name in _LOCKS)):
        private.touch()  # who makes it later would go by the umask
        private.chmod(0o600)
    for closed in (workspace.models, workspace.jobs):
        close_folder(closed)
    for opened in (workspace.volumes, workspace.labels, workspace.predictions):
        open_folder(opened, group)
        open_tree(opened, group)


def _listen(socket_file: Path) -> socket.socket:
    socket_file.unlink(missing_ok=True)  # whoever held the workspace before us is gone, or is being ended
    try:
        return bind_socket(socket_file, mode=_SOCKET_MODE, folder_mode=FOLDER_MODE)
    except OSError as error:
        problem = f"cannot listen on {socket_file} ({error.strerror})"
        raise VoxloopError(f"{problem}: share a workspace on a disk of this machine") from error


def _check_length(socket_file: Path) -> None:
    spare = MAX_PATH_BYTES - len(os.fsencode(socket_file))
    if spare < 0:
        raise InvalidInput(f"the socket's path {socket_file} would be {-spare} bytes too long: share a workspace at a shorter path")
