"""A workspace that is opened to a unix group: the contract, and what the commands say."""

import shutil
from collections.abc import Iterator

import pytest

from tests.colleagues import Crew
from tests.compose.conftest import Terminal, new_terminal
from tests.compose.share_contract import SharingContract
from tests.sharing import Shared, opened_to
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def shared(crew: Crew) -> Iterator[Shared]:
    terminal = new_terminal()
    with opened_to(crew, terminal) as made:
        yield made
    shutil.rmtree(terminal.folder, ignore_errors=True)


class TestProcesses(SharingContract):
    """The services as child processes."""


def test_a_colleagues_commands_find_the_stack_by_its_workspace(shared: Shared, terminal: Terminal):
    """Another terminal has other run directories, as another user has."""
    at = ("--workspace", shared.stack.workspace)

    status = terminal.json("status", *at)
    assert (status["ok"], status["share"], status["url"]) == (True, shared.crew.group, None)
    terminal.json("labels", "export", shared.volume, terminal.folder / "labels.tif", *at)
    assert "only root, who runs this stack, can talk to the train service" in terminal.error("train", shared.volume, *at)
    assert "only root, who runs this stack, can import volumes" in terminal.error("import", shared.terminal.folder / "stone.npy", *at)
    assert "only root, who runs this stack, can stop it" in terminal.error("down", *at)


def test_share_commands_say_what_is_wrong(shared: Shared):
    run = shared.terminal
    assert "no account 'nobody-of-that-name'" in run.error("share", "set", "nobody-of-that-name", "viewer")
    assert "no role 'boss'" in run.error("share", "set", shared.crew.ada.name, "boss")
    assert "has no role of their own" in run.error("share", "remove", shared.crew.ada.name)
    done = run.run("share", "set", shared.crew.stranger.name, "viewer")
    assert f"is not in the group {shared.crew.group} and cannot come in" in done.stderr
    assert "not everybody can be an owner" in run.error("share", "others", "owner")


def test_up_prints_the_way_in_for_members(shared: Shared):
    wait_until(lambda: f"members of {shared.crew.group}: ssh -L 8050:{shared.socket} " in shared.stack.log.read_text())


def test_a_workspace_that_members_cannot_reach_is_refused(terminal: Terminal, crew: Crew):
    said = terminal.error("up", terminal.folder / "ws", "--share", crew.group)

    assert f"members of {crew.group} cannot reach {terminal.folder / 'ws'}" in said
    assert f"chmod o+x {terminal.folder}" in said


def test_a_group_that_is_none_and_a_path_too_long_are_refused(terminal: Terminal, crew: Crew):
    assert "there is no group 'no-such-group'" in terminal.error("up", terminal.folder / "ws", "--share", "no-such-group")
    deep = terminal.folder / ("d" * 100)
    assert "bytes too long: share a workspace at a shorter path" in terminal.error("up", deep, "--share", crew.group)


def test_the_next_up_without_share_lets_nobody_in_any_more(stand_ins: Terminal, crew: Crew):
    stand_ins.folder.chmod(0o755)
    first = stand_ins.up("--no-tcp", "--share", crew.group)
    socket_file = first.workspace / "run" / "annotate" / "http.sock"
    assert socket_file.exists()
    first.end(9)
    assert socket_file.exists()

    again = stand_ins.up("--no-tcp")

    assert not socket_file.exists()
    assert not (again.workspace / "run" / "stack.json").exists()
    assert again.end() == 0


def test_down_takes_the_shared_socket_away(stand_ins: Terminal, crew: Crew):
    stand_ins.folder.chmod(0o755)
    stack = stand_ins.up("--no-tcp", "--share", crew.group)

    stand_ins.run("down")

    assert list((stack.workspace / "run").rglob("*.*")) == []
