"""The `voxloop` command as people run it: real processes, real sockets, a runtime directory of the test's own."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import PATIENCE_S, wait_until
from voxloop_compose.kernel import processes_of
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import VoxloopError
from voxloop_shared.settings import SERVICES, socket_path
from voxloop_shared.sockets import is_listening

VOXLOOP = str(Path(sys.executable).with_name("voxloop"))
Acting = Callable[[], contextlib.AbstractContextManager[None]]


@dataclass
class Upped:
    """A foreground `voxloop up`."""

    process: subprocess.Popen[str]
    run_dir: Path
    workspace: Path
    log: Path
    acting: Acting = contextlib.nullcontext
    """Makes the test the user whose stack it is."""

    @property
    def record(self) -> dict[str, Any]:
        return json.loads((self.run_dir / "stack.json").read_text())

    @property
    def url(self) -> str:
        return self.record["url"]

    def is_ready(self) -> bool:
        assert self.process.poll() is None, f"`up` ended: {self.log.read_text()}"
        return (self.run_dir / "stack.json").exists() and self.record["pid"] == self.process.pid and self.record["is_ready"]

    def client(self, service: str) -> ServiceClient:
        return ServiceClient(socket_path(self.run_dir, service))

    def pid_of(self, service: str) -> int | None:
        return self.record["services"][service]["pid"]

    def health(self, service: str) -> dict[str, Any] | None:
        with self.acting():
            if not is_listening(socket_path(self.run_dir, service)):  # httpx leaves a socket open when it cannot connect
                return None
            with contextlib.suppress(VoxloopError), self.client(service) as client:
                return client.get("/health")
        return None

    def pids(self) -> list[int]:
        with self.acting():
            return [process.pid for process in processes_of(self.run_dir)]

    def sockets(self) -> list[Path]:
        return [path for service in SERVICES if (path := socket_path(self.run_dir, service)).exists()]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


@dataclass
class Terminal:
    """A shell of a user with nothing running yet."""

    folder: Path
    environment: dict[str, str]
    running: list[Upped] = field(default_factory=list)
    program: str = VOXLOOP
    options: tuple[str, ...] = ()
    """What `up` is told each time."""
    login: dict[str, Any] = field(default_factory=dict)
    """What makes a child process another user's."""
    acting: Acting = contextlib.nullcontext

    def run(self, *arguments: object, timeout_s: float = PATIENCE_S, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [self.program, *map(str, arguments)]
        options = (
            {"env": self.environment, "capture_output": True, "text": True, "timeout": timeout_s, "check": False} | self.login | options
        )
        return subprocess.run(command, **options)

    def json(self, *arguments: object, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        done = self.run(*arguments, "--json", timeout_s=timeout_s)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def error(self, *arguments: object, exit_code: int = 1, timeout_s: float = PATIENCE_S) -> str:
        """Run a command that must fail, and give its one line."""
        done = self.run(*arguments, timeout_s=timeout_s)
        assert done.returncode == exit_code, (done.returncode, done.stdout, done.stderr)
        lines = [line for line in done.stderr.splitlines() if not line.endswith("…")]
        assert len(lines) == 1, done.stderr
        assert done.stdout == ""
        return lines[0].removeprefix("error: ")

    def up(self, *options: str, workspace: str = "ws", wait: bool = True, **more: str) -> Upped:
        """Start `voxloop up` in the background of the test and wait until it is ready."""
        root = self.folder / workspace
        log = self.folder / f"{workspace}-{len(self.running)}.log"
        command = [self.program, "up", str(root), *self.options, *options]
        with log.open("w") as output:
            process = subprocess.Popen(command, env=self.environment | more, stdout=output, stderr=output, text=True, **self.login)
        started = Upped(process, self.run_dir_of(root), root, log, self.acting)
        self.running.append(started)
        if wait:
            wait_until(started.is_ready)
        return started

    def run_dir_of(self, workspace: Path) -> Path:
        from voxloop_compose.rundir import stack_name

        return Path(self.environment["VOXLOOP_RUN_BASE"]) / stack_name(workspace)

    def close(self) -> None:
        for started in self.running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.end()
            started.end(signal.SIGKILL)
            for pid in started.pids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def new_terminal() -> Terminal:
    folder = Path("/tmp") / f"vx-{os.getpid()}-{secrets.token_hex(3)}"
    folder.mkdir(mode=0o700)
    (folder / "r").mkdir(mode=0o700)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("VOXLOOP_")}
    return Terminal(folder, kept | {"VOXLOOP_RUN_BASE": str(folder / "r"), "XDG_DATA_HOME": str(folder / "data")})


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """A terminal in which a test may start and kill what it likes."""
    made = new_terminal()
    yield made
    made.close()
    shutil.rmtree(made.folder, ignore_errors=True)


@pytest.fixture(scope="module")
def shared_terminal() -> Iterator[Terminal]:
    """A terminal with one running stack for the tests of a module that do it no harm."""
    made = new_terminal()
    made.up("--no-tcp")
    yield made
    made.close()
    shutil.rmtree(made.folder, ignore_errors=True)


@pytest.fixture
def stand_ins(terminal: Terminal) -> Terminal:
    """A terminal in which tiny services stand in for the real ones; STAND_IN_<SERVICE> says how they misbehave."""
    path = [str(Path(__file__).parent / "stand_ins"), os.environ.get("PYTHONPATH", "")]
    terminal.environment["PYTHONPATH"] = os.pathsep.join(filter(None, path))
    return terminal
