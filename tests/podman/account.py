"""An unprivileged user with podman, voxloop installed from wheels, and the images built as `voxloop build` builds them.

All that is dear is made once per run, in one folder that pytest's workers share, and taken away at its end.
"""

import contextlib
import fcntl
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import PATIENCE_S
from voxloop_compose.containers.building import LOCAL
from voxloop_compose.kernel import wait_until

ROOT = Path(__file__).parents[2]
BASE = f"{LOCAL}voxloop-test-base"
_NEEDED = ("podman", "runc", "newuidmap", "catatonit", "mmdebstrap")
_PYTHON = "/usr/bin/python3"
"""Debian's own: the one that runs the tests may lie in root's home, and the base has this one, too."""
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
_CONTAINERS_CONF = """[containers]
netns = "none"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
_RUN = "VOXLOOP_TEST_RUN"
_STORAGE_CONF = '[storage]\ndriver = "overlay"\n'


@dataclass(frozen=True)
class Account:
    """A user of this machine, in whose name a test runs commands; tests are root."""

    name: str
    folder: Path

    @property
    def uid(self) -> int:
        return pwd.getpwnam(self.name).pw_uid

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def voxloop(self) -> str:
        return str(self.folder / "venv" / "bin" / "voxloop")

    @property
    def python(self) -> str:
        return str(self.folder / "venv" / "bin" / "python")

    @property
    def environment(self) -> dict[str, str]:
        home = {"HOME": str(self.home), "USER": self.name, "XDG_RUNTIME_DIR": str(self.folder / "run"), "PATH": _PATH}
        return home | {"VOXLOOP_TRAIN_KEEPS_READY": "false"}

    @property
    def login(self) -> dict[str, Any]:
        """Give what makes a child process this user's."""
        own = pwd.getpwnam(self.name).pw_gid
        return {"user": self.uid, "group": own, "extra_groups": os.getgrouplist(self.name, own), "cwd": self.home}

    def run(self, *command: str, timeout_s: float = PATIENCE_S, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, **self.login, env=self.environment | variables, capture_output=True, text=True, timeout=timeout_s, check=False
        )

    def podman(self, *arguments: str) -> str:
        done = self.run("podman", "--log-level=error", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @contextlib.contextmanager
    def acting(self) -> Iterator[None]:
        """Be this user within the block, for whoever asks the kernel at the other end of a socket."""
        os.setegid(pwd.getpwnam(self.name).pw_gid)
        os.seteuid(self.uid)
        try:
            yield
        finally:
            os.seteuid(0)
            os.setegid(0)


def shared_account() -> Account:
    """Give the user of this run, made by whichever worker asks first; skips where that cannot be."""
    if os.getuid() != 0:
        pytest.skip("only root can make a user")
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (tests/install-system-packages installs them)")
    folder = _folder()
    folder.mkdir(mode=0o755, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            _prepare(_make(folder))
            (folder / "ready").touch()
    return Account((folder / "name").read_text(), folder)


def remove_shared_account() -> None:
    """Take everything away: containers, images, processes, the user."""
    folder = _folder()
    if not (folder / "name").exists():
        return
    account = Account((folder / "name").read_text(), folder)
    with contextlib.suppress(KeyError):
        account.run("podman", "rm", "-af", "-t", "0")
        wait_until(lambda: not end_processes(account.uid), PATIENCE_S)
        subprocess.run(["userdel", account.name], check=False, capture_output=True)
    subprocess.run(["setsid", "--fork", "rm", "-rf", str(folder)], check=True)  # so many files take minutes, for which nobody waits


def _folder() -> Path:
    """Name one folder per run of pytest: workers inherit what the process that ends last has put into the environment."""
    return Path("/tmp") / f"vxp-{os.environ.setdefault(_RUN, secrets.token_hex(4))}"


def _make(folder: Path) -> Account:
    account = Account(f"vxp{secrets.token_hex(3)}", folder)
    (folder / "name").write_text(account.name)
    subprocess.run(["useradd", "--create-home", "--home-dir", str(account.home), account.name], check=True, capture_output=True)
    config = account.home / ".config" / "containers"
    config.mkdir(parents=True)
    (config / "containers.conf").write_text(_CONTAINERS_CONF)
    (config / "storage.conf").write_text(_STORAGE_CONF)
    (folder / "run").mkdir(mode=0o700)
    for path in (folder / "run", account.home / ".config", config, *config.iterdir()):
        shutil.chown(path, account.name, account.name)
    return account


def _prepare(account: Account) -> None:
    """Make the base while pip gathers wheels, install voxloop, build the images."""
    folder = account.folder
    base = folder / "base.tar"
    with subprocess.Popen(
        ["mmdebstrap", "--quiet", "--variant=minbase", "--include=python3,python3-venv", "bookworm", str(base)], stderr=subprocess.PIPE
    ) as making:
        _check([_PYTHON, "-m", "venv", str(folder / "venv")])
        parts = ["shared", "compose", *(f"services/{service.name}" for service in sorted((ROOT / "services").iterdir()))]
        pip = [account.python, "-m", "pip", "--disable-pip-version-check", "-q"]
        wheels = str(folder / "wheels")
        _check([*pip, "wheel", "-c", "constraints.txt", "-w", wheels, "pip", *(f"./{part}" for part in parts)])
        _check([*pip, "install", "--no-index", "--find-links", wheels, "voxloop"])
        said = making.stderr.read() if making.stderr else b""
    assert making.returncode == 0, said.decode()
    base.chmod(0o644)
    account.podman("import", "-q", str(base), BASE)
    base.unlink()
    built = account.run(account.voxloop, "build", "--wheels", wheels, "--base", BASE, timeout_s=600)
    assert built.returncode == 0, built.stderr


def _check(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stderr[-2000:])


def end_processes(uid: int) -> list[int]:
    """Kill what this user still runs, and give it: nobody else has this number."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid == uid and "\nState:\tZ" not in (process / "status").read_text():
                found.append(int(process.name))
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return found


def name_run() -> None:
    """Call this before any worker starts."""
    _folder()


def is_controller() -> bool:
    """Say whether this process is the one that ends last."""
    return "PYTEST_XDIST_WORKER" not in os.environ
