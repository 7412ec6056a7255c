"""The podman command of this machine: what it says of itself, and its socket, served on demand."""

import json
import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voxloop_compose.containers.refusals import refusal
from voxloop_compose.kernel import STACK_MARK, wait_until
from voxloop_shared.errors import ServiceTimeout, ServiceUnavailable
from voxloop_shared.sockets import is_listening

_INSTALL = "apt-get install podman runc uidmap catatonit"
_ANSWER_S = 60
_START_S = 15.0
_IDLE_S = 60
"""After so long without a request a socket of ours ends by itself, however its stack ended."""


@dataclass(frozen=True, slots=True)
class Podman:
    """What `podman info` says, as far as it matters here."""

    version: str
    is_rootless: bool
    oci_runtime: str
    cgroup_version: str
    cgroup_controllers: tuple[str, ...]
    storage_driver: str
    storage_folder: Path
    user_ids: int
    """How many user ids a container can have."""


def ask_podman() -> Podman:
    """Ask the command about this machine; raises ServiceUnavailable where there is none, VoxloopError where it refuses."""
    said = json.loads(run_podman("info", "--format", "json"))
    host, store = said["host"], said["store"]
    return Podman(
        version=str(said["version"]["Version"]),
        is_rootless=bool(host["security"]["rootless"]),
        oci_runtime=str(host["ociRuntime"]["name"]),
        cgroup_version=str(host.get("cgroupVersion", "v1")),
        cgroup_controllers=tuple(host.get("cgroupControllers") or ()),
        storage_driver=str(store["graphDriverName"]),
        storage_folder=Path(store["graphRoot"]),
        user_ids=_count_ids(host.get("idMappings")),
    )


def run_podman(*arguments: str) -> str:
    """Run the command and give what it prints; raises ServiceUnavailable where there is none, VoxloopError where it refuses."""
    done = subprocess.run(podman_command(*arguments), capture_output=True, text=True, timeout=_ANSWER_S, check=False, cwd="/")
    if done.returncode:
        raise refusal(_last_words(done.stderr))
    return done.stdout


def podman_command(*arguments: str) -> list[str]:
    """Give the command line; raises ServiceUnavailable where there is no podman."""
    found = shutil.which("podman")
    if found is None:
        raise ServiceUnavailable(f"no podman on this machine: install it (Debian: {_INSTALL}), or use --runtime process")
    return [found, *arguments]


def _count_ids(mappings: Any) -> int:
    return sum(int(entry["size"]) for entry in (mappings or {}).get("uidmap") or ())


def _last_words(said: str) -> str:
    lines = [line for line in said.strip().splitlines() if "level=warning" not in line]
    errors = [line for line in lines if line.startswith("Error")]
    return (errors or lines or ["podman failed without a word"])[-1].removeprefix("Error: ")


class PodmanSocket:
    """A socket on which the user's podman answers: systemd's where it serves one, else one of our own in the run directory."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._own = run_dir / "podman.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def ensure(self) -> Path:
        """Give a socket that answers, started where there is none; raises ServiceTimeout when it does not come."""
        if self._process is None and (served := systemd_socket()) is not None:
            return served
        if self._process is None or self._process.poll() is not None:
            self._start()
        return self._own

    def close(self) -> None:
        """End what was started; containers are not its children and go on."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None
        self._own.unlink(missing_ok=True)

    def _start(self) -> None:
        self._own.unlink(missing_ok=True)
        log = self._run_dir / "podman.log"
        with log.open("ab") as output:
            self._process = process = subprocess.Popen(
                podman_command("--log-level=error", "system", "service", f"--time={_IDLE_S}", f"unix://{self._own}"),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=os.environ | {STACK_MARK: str(self._run_dir)},
                start_new_session=True,
            )
        wait_until(lambda: process.poll() is not None or is_listening(self._own), _START_S)
        if process.poll() is not None:
            raise refusal(_last_words(log.read_text(errors="replace")))
        if not is_listening(self._own):
            raise ServiceTimeout(f"podman's socket did not answer after {_START_S:.0f} s: see {log}")


def systemd_socket() -> Path | None:
    """Give the socket that systemd keeps for the user, if it answers."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    path = Path(runtime) / "podman" / "podman.sock" if runtime else None
    return path if path is not None and _answers(path) else None


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2.0)
        try:
            probe.connect(str(path))
            probe.sendall(b"GET /_ping HTTP/1.0\r\nHost: podman\r\n\r\n")
            return b" 200 " in probe.recv(64)
        except OSError:
            return False
