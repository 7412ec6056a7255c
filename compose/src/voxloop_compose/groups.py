"""Unix groups: who is in them, and files that their members may read."""

import grp
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from voxloop_compose.accesslists import has_list
from voxloop_shared.errors import Forbidden, InvalidInput
from voxloop_shared.identity import user_name

FOLDER_MODE = 0o2750
_GROUP_READS = stat.S_IRGRP
_TAKEN = stat.S_IRWXO | stat.S_IWGRP
"""What nobody gets: annotate is the only writer."""
_GROUP_ENTERS = stat.S_IRGRP | stat.S_IXGRP


@dataclass(frozen=True, slots=True)
class Group:
    """A unix group."""

    name: str
    gid: int


def find_group(name: str) -> Group:
    """Find a group of which this user is a member; raises InvalidInput where there is no such group, or the user is not in it."""
    try:
        found = grp.getgrnam(name)
    except KeyError:
        raise InvalidInput(f"there is no group {name!r} on this machine: `id` lists yours") from None
    if found.gr_gid not in {os.getegid(), *os.getgroups()} and os.geteuid() != 0:
        me = user_name(os.geteuid())
        raise InvalidInput(f"{me} is not in the group {name}: join it (then log in again), or share with one that `id` lists")
    return Group(found.gr_name, found.gr_gid)


def check_way(folder: Path, group: Group) -> None:
    """Raise InvalidInput where members of a group cannot get as far as a folder."""
    for parent in folder.parents:
        found = parent.stat()
        is_open = found.st_mode & stat.S_IXOTH or (found.st_gid == group.gid and found.st_mode & stat.S_IXGRP)
        if not is_open and not has_list(parent):
            raise InvalidInput(
                f"members of {group.name} cannot reach {folder}, for {parent} is closed to them: "
                f"put the workspace elsewhere, or let them pass with `chmod o+x {parent}`"
            )


def close_folder(folder: Path) -> None:
    """Keep a folder, made when missing, to this user alone."""
    folder.mkdir(exist_ok=True)
    os.chown(folder, -1, os.getegid())
    folder.chmod(0o700)


def open_folder(folder: Path, group: Group) -> None:
    """Give a folder, made when missing, to a group: its members enter and read it, nobody else does.

    What is made in it later is the group's, too. Raises Forbidden where the folder is somebody else's.
    """
    folder.mkdir(exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise Forbidden(f"{folder} is not a folder of yours (its owner is {user_name(found.st_uid)}): share a workspace that you have made")
    os.chown(folder, -1, group.gid)
    folder.chmod(FOLDER_MODE)


def open_tree(folder: Path, group: Group) -> None:
    """Let members of a group, and nobody else, read all that is in a folder, as far as it is this user's."""
    for parent, _folders, names in os.walk(folder):
        _open(Path(parent), group, _GROUP_ENTERS | stat.S_ISGID)
        for name in names:
            _open(Path(parent) / name, group, _GROUP_READS)


def _open(path: Path, group: Group, bits: int) -> None:
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode) or found.st_uid != os.geteuid():
            return
        if found.st_gid != group.gid:
            os.chown(path, -1, group.gid)
        if found.st_gid != group.gid or found.st_mode & (bits | _TAKEN) != bits:
            path.chmod(stat.S_IMODE(found.st_mode) & ~_TAKEN | bits)
    except FileNotFoundError:  # a writer that was killed has left it, and somebody has just taken it away
        return
