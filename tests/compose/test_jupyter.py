"""The front that jupyter-server-proxy talks to: the stack comes when somebody opens the page, and goes with Jupyter."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import httpx
import psutil
import pytest

from tests.compose.conftest import Terminal
from tests.waiting import PATIENCE_S, wait_until
from voxloop_compose.jupyter.entry import describe_server
from voxloop_compose.kernel import processes_of
from voxloop_compose.rundir import default_workspace
from voxloop_shared.sockets import is_listening

A_PERSON = {"Accept": "text/html,application/xhtml+xml"}
_A_PARENT = "import subprocess, sys; child = subprocess.Popen(sys.argv[1:]); print(child.pid, flush=True); child.wait()"


@dataclass
class Fronted:
    """A running front and what it may bring up."""

    process: subprocess.Popen[str]
    socket: Path
    run_dir: Path

    def ask(self, path: str, **headers: str) -> httpx.Response:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(self.socket)), base_url="http://localhost", timeout=PATIENCE_S) as client:
            return client.get(path, headers=headers)

    def pids(self) -> list[int]:
        return [process.pid for process in processes_of(self.run_dir)]


@pytest.fixture
def home(stand_ins: Terminal, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default workspace of the terminal's user."""
    monkeypatch.setenv("XDG_DATA_HOME", stand_ins.environment["XDG_DATA_HOME"])
    default_workspace().parent.mkdir(parents=True)
    return default_workspace()


@pytest.fixture
def front(stand_ins: Terminal, home: Path) -> Iterator[Fronted]:
    socket = stand_ins.folder / "j" / "socket"
    socket.parent.mkdir(mode=0o700)
    command = [part.format(unix_socket=socket) for part in describe_server()["command"]]
    process = subprocess.Popen(command, env=stand_ins.environment, text=True)
    wait_until(lambda: is_listening(socket))
    started = Fronted(process, socket, stand_ins.run_dir_of(home))
    yield started
    process.terminate()
    assert process.wait(PATIENCE_S) == 0
    assert not socket.exists()
    assert started.pids() == []


def test_the_installed_entry_point_is_the_one_described():
    found = [entry.load() for entry in entry_points(group="jupyter_serverproxy_servers") if entry.name == "voxloop"]
    assert found == [describe_server]
    assert Path(describe_server()["launcher_entry"]["icon_path"]).read_text().startswith("<svg")


def test_only_the_opening_of_a_page_starts_the_stack(front: Fronted):
    answer = front.ask("/api/volumes")
    assert answer.status_code == 503
    assert "reload the page" in answer.json()["error"]["message"]
    assert not (front.run_dir / "stack.json").exists()
    assert front.ask("/", **A_PERSON).status_code < 500
    assert front.ask("/health").json()["service"] == "annotate"


def test_a_page_left_open_does_not_undo_a_stop(front: Fronted, stand_ins: Terminal):
    front.ask("/", **A_PERSON)
    assert stand_ins.run("down").returncode == 0
    assert front.ask("/health").status_code == 503
    assert front.pids() == []
    front.ask("/", **A_PERSON)
    assert front.ask("/health").status_code == 200


def test_a_stack_that_runs_is_used_and_left_alone(front: Fronted, stand_ins: Terminal):
    running = stand_ins.up("--no-tcp", workspace="elsewhere")
    assert front.ask("/", **A_PERSON).status_code < 500
    assert not (front.run_dir / "stack.json").exists(), "it has started one of its own"
    front.process.terminate()
    front.process.wait(PATIENCE_S)
    assert running.is_ready()


def test_somebody_elses_start_is_waited_for(front: Fronted, stand_ins: Terminal, home: Path):
    running = stand_ins.up("--no-tcp", workspace=str(home), wait=False)
    wait_until(lambda: (front.run_dir / "stack.json").exists())
    assert front.ask("/", **A_PERSON).status_code < 500
    assert running.is_ready()
    running.end()


def test_what_hinders_the_start_is_said_on_the_page(front: Fronted, home: Path):
    home.write_text("not a folder")
    answer = front.ask("/", **A_PERSON)
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")
    assert "is not a folder" in answer.text
    home.unlink()
    assert front.ask("/", **A_PERSON).status_code < 500


def test_a_site_chooses_the_runtime_by_the_environment(stand_ins: Terminal, home: Path, request: pytest.FixtureRequest):
    stand_ins.environment["VOXLOOP_RUNTIME"] = "balloon"
    front: Fronted = request.getfixturevalue("front")
    assert "no runtime" in front.ask("/", **A_PERSON).text


def test_everything_ends_when_jupyter_is_killed(stand_ins: Terminal, home: Path):
    socket = stand_ins.folder / "j" / "socket"
    socket.parent.mkdir(mode=0o700)
    command = [part.format(unix_socket=socket) for part in describe_server()["command"]]
    jupyter = subprocess.Popen([sys.executable, "-c", _A_PARENT, *command], env=stand_ins.environment, stdout=subprocess.PIPE, text=True)
    assert jupyter.stdout is not None
    pid = int(jupyter.stdout.readline())
    wait_until(lambda: is_listening(socket))
    front = Fronted(jupyter, socket, stand_ins.run_dir_of(home))
    front.ask("/", **A_PERSON)
    assert front.pids()
    os.kill(jupyter.pid, signal.SIGKILL)
    jupyter.communicate(timeout=PATIENCE_S)
    wait_until(lambda: not psutil.pid_exists(pid) and not front.pids())
