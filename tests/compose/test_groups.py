"""Folders that a group may enter: by the folder's own group, or by an access list where a container must be able to enter, too."""

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.colleagues import Crew
from voxloop_compose.groups import Group, check_way, find_group, open_tree
from voxloop_compose.share import open_share
from voxloop_shared.errors import Forbidden, InvalidInput


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody can get to."""
    path = Path("/tmp") / f"vx-{os.getpid()}-{secrets.token_hex(3)}"
    path.mkdir(mode=0o755)
    yield path
    shutil.rmtree(path)


@pytest.mark.parametrize("turns", [(False,), (True,), (False, True), (True, False), (True, True)])
def test_members_enter_and_strangers_do_not_whatever_the_workspace_was_shared_for_before(crew: Crew, folder: Path, turns):
    root = folder / "ws"
    root.mkdir(mode=0o700)
    for is_contained in turns:
        open_share(root, crew.group, is_contained=is_contained).close()

    inside = [root / "volumes", root / "labels", root / "predictions"]
    assert crew.ada.readable([root, *inside]) == [root, *inside]
    assert crew.stranger.readable([root, *inside]) == []
    assert crew.ada.readable([root / "models", root / "jobs"]) == []
    owner_group = crew.gid if not turns[-1] else os.getegid()
    assert root.stat().st_gid == owner_group, "a container's init can enter only what belongs to groups that it knows"


def test_what_lies_in_a_workspace_already_is_opened_to_the_group_alone(crew: Crew, folder: Path):
    for mode, name in ((0o600, "closed"), (0o666, "open")):
        (folder / "deep" / name).mkdir(parents=True, mode=0o777)
        (folder / "deep" / name / "file").touch()
        (folder / "deep" / name / "file").chmod(mode)
    (folder / "deep" / "link").symlink_to("/etc/shadow")
    before = Path("/etc/shadow").stat()

    open_tree(folder / "deep", Group(crew.group, crew.gid))

    files = [folder / "deep" / name / "file" for name in ("closed", "open")]
    assert crew.ada.readable(files) == files
    assert crew.stranger.readable(files) == []
    assert [oct(path.stat().st_mode & 0o777) for path in files] == ["0o640", "0o640"]
    assert (Path("/etc/shadow").stat().st_mode, Path("/etc/shadow").stat().st_gid) == (before.st_mode, before.st_gid)


def test_a_workspace_of_somebody_else_is_not_shared(crew: Crew, folder: Path):
    root = folder / "ws"
    root.mkdir(mode=0o755)
    shutil.chown(root, crew.ada.name)

    with pytest.raises(Forbidden, match=f"its owner is {crew.ada.name}"):
        open_share(root, crew.group)


def test_a_way_that_the_groups_own_folder_opens_is_a_way(crew: Crew, folder: Path):
    (folder / "ours" / "ws").mkdir(parents=True)
    (folder / "ours").chmod(0o750)
    with pytest.raises(InvalidInput, match=f"cannot reach {folder / 'ours' / 'ws'}"):
        check_way(folder / "ours" / "ws", find_group(crew.group))

    os.chown(folder / "ours", -1, crew.gid)

    check_way(folder / "ours" / "ws", find_group(crew.group))
