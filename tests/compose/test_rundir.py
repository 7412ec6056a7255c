"""Run directories are short, private, and nobody else's."""

import os
import stat
from pathlib import Path

import pytest

from voxloop_compose.rundir import make_run_dir, run_dirs_base, stack_name
from voxloop_shared.errors import Forbidden
from voxloop_shared.settings import socket_path
from voxloop_shared.sockets import MAX_PATH_BYTES


@pytest.fixture
def runtime_dir(run_dir, monkeypatch):
    """The user's XDG_RUNTIME_DIR."""
    monkeypatch.delenv("VOXLOOP_RUN_BASE", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(run_dir))
    return run_dir


def test_names_are_short_readable_and_one_per_workspace():
    names = [stack_name(Path(path)) for path in ("/data/a/Bone implants 2026 (final)", "/data/b/Bone implants 2026 (final)", "/data/骨")]

    assert len(set(names)) == 3
    assert names[0].startswith("bone-implant")
    assert names[2].startswith("workspace-")
    assert max(map(len, names)) <= 21


def test_a_run_dir_is_private_below_the_runtime_dir(runtime_dir, tmp_path):
    made = make_run_dir(tmp_path)

    assert made.parent == runtime_dir / "voxloop"
    assert stat.S_IMODE(made.stat().st_mode) == stat.S_IMODE(made.parent.stat().st_mode) == 0o700


def test_a_run_dir_that_others_could_read_is_closed(runtime_dir, tmp_path):
    make_run_dir(tmp_path).chmod(0o755)

    assert stat.S_IMODE(make_run_dir(tmp_path).stat().st_mode) == 0o700


def test_a_link_in_place_of_the_folder_is_refused(runtime_dir, tmp_path):
    (runtime_dir / "voxloop").symlink_to(tmp_path)

    with pytest.raises(Forbidden, match="is a link"):
        make_run_dir(tmp_path)


@pytest.mark.skipif(os.getuid() != 0, reason="giving a folder to another user needs root")
def test_a_folder_of_somebody_else_is_refused(runtime_dir, tmp_path):
    (runtime_dir / "voxloop").mkdir()
    os.chown(runtime_dir / "voxloop", 65534, 65534)

    with pytest.raises(Forbidden, match="not a folder of yours"):
        make_run_dir(tmp_path)


def test_a_runtime_dir_too_long_for_a_socket_gives_way_to_tmp(tmp_path, monkeypatch):
    monkeypatch.delenv("VOXLOOP_RUN_BASE", raising=False)
    long = tmp_path / ("x" * 60)
    long.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))

    assert run_dirs_base() == Path(f"/tmp/voxloop-{os.getuid()}")
    assert len(os.fsencode(socket_path(run_dirs_base() / stack_name(long), "annotate"))) <= MAX_PATH_BYTES


def test_a_runtime_dir_of_somebody_else_or_none_gives_way_to_tmp(monkeypatch):
    monkeypatch.delenv("VOXLOOP_RUN_BASE", raising=False)
    for value in ("/nowhere", ""):
        monkeypatch.setenv("XDG_RUNTIME_DIR", value)
        assert run_dirs_base() == Path(f"/tmp/voxloop-{os.getuid()}")
