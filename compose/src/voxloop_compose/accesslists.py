"""POSIX access lists of folders: a group is let in that does not own the folder."""

import os
import struct
from pathlib import Path

from voxloop_shared.errors import VoxloopError

_NAME = "system.posix_acl_access"
_HEAD, _ENTRY = struct.Struct("<I"), struct.Struct("<HHI")
_VERSION = 2
_OWNER, _OWN_GROUP, _GROUP, _MASK, _OTHER = 0x01, 0x04, 0x08, 0x10, 0x20
_NOBODY = 0xFFFF_FFFF
_ALL, _ENTER, _NOTHING = 7, 5, 0


def let_in(folder: Path, gid: int) -> None:
    """Let a group (by its number) enter and read a folder, and nobody else but its owner; the folder gets the user's own group.

    A container's first process has rights only over what belongs to users and groups that the container knows. Raises
    VoxloopError where the file system keeps no such lists.
    """
    os.chown(folder, -1, os.getegid())
    folder.chmod(0o700)
    entries = (
        (_OWNER, _ALL, _NOBODY),
        (_OWN_GROUP, _NOTHING, _NOBODY),
        (_GROUP, _ENTER, gid),
        (_MASK, _ENTER, _NOBODY),
        (_OTHER, 0, _NOBODY),
    )
    try:
        os.setxattr(folder, _NAME, _HEAD.pack(_VERSION) + b"".join(_ENTRY.pack(*entry) for entry in entries))
    except OSError as error:
        problem = f"{folder} lies on a file system without access lists ({error.strerror})"
        raise VoxloopError(f"{problem}: share it with --runtime process, or move it to another disk") from error


def forget(folder: Path) -> None:
    """Take a folder's list away: its mode alone counts again."""
    if has_list(folder):
        os.removexattr(folder, _NAME)


def has_list(folder: Path) -> bool:
    """Say whether a folder has such a list."""
    try:
        return _NAME in os.listxattr(folder)
    except OSError:  # a file system without
        return False
