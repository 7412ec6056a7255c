"""The generated files start the stack: by podman-compose, by `podman kube play`, and as a unit would."""

import importlib.util
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.podman.account import Account
from tests.podman.conftest import lay_models
from tests.waiting import PATIENCE_S, wait_until
from voxloop_compose.containers.description import CONTAINERS, SERVICE_LABEL
from voxloop_shared.client import ServiceClient
from voxloop_shared.settings import SERVICES, socket_path
from voxloop_shared.sockets import is_listening


@dataclass
class Deployment:
    """A workspace with files that start its stack."""

    account: Account
    folder: Path
    files: Path

    @property
    def stack(self) -> str:
        return str(self.project["name"].removeprefix("voxloop-"))

    @property
    def project(self) -> dict[str, Any]:
        return yaml.safe_load((self.files / "compose.yaml").read_text())

    @property
    def run_dir(self) -> Path:
        own = self.project["services"]["registry"]["volumes"][-1]
        return Path(own["source"]).parent

    def wait_healthy(self) -> None:
        wait_until(lambda: all(self._answers(socket_path(self.run_dir, service)) for service in SERVICES))

    def _answers(self, path: Path) -> bool:
        with self.account.acting():
            if not is_listening(path):
                return False
            with ServiceClient(path) as client:
                return bool(client.get("/health"))

    def wait_until_annotate_sees_all(self) -> None:
        """Wait for the lights of an open page: annotate asks the others over their sockets."""
        with self.account.acting(), ServiceClient(socket_path(self.run_dir, "annotate")) as client:
            wait_until(lambda: all(service["ok"] for service in _lights(client)))

    def containers(self) -> list[str]:
        return self.account.podman("ps", "-aq", "--filter", f"label=org.voxloop.stack={self.stack}").split()

    def pods(self) -> list[str]:
        return self.account.podman("pod", "ps", "-q", "--filter", f"name=voxloop-{self.stack}").split()

    def inspect(self, service: str) -> dict[str, Any]:
        found = self.account.podman(
            "ps", "-q", "--filter", f"label=org.voxloop.stack={self.stack}", "--filter", f"label={SERVICE_LABEL}={service}"
        )
        return yaml.safe_load(self.account.podman("inspect", found.split()[0]))[0]

    def assert_guarded(self) -> None:
        """What podman has made of the files is what the description asks for."""
        for service, container in CONTAINERS.items():
            made = self.inspect(service)
            host = made["HostConfig"]
            assert (host["ReadonlyRootfs"], made["EffectiveCaps"] or []) == (True, [])
            binds = {(m["Destination"], m["RW"]) for m in made["Mounts"] if m["Type"] == "bind"}
            assert binds == {(str(mount.target), mount.is_writable) for mount in container.mounts}
            status, _, network = self.account.podman("exec", made["Id"], "cat", "/proc/self/status", "/proc/net/dev").partition("Inter-|")
            assert "NoNewPrivs:\t1" in status
            _titles, _names, *interfaces = network.splitlines()
            assert [line.partition(":")[0].strip() for line in interfaces] == ["lo"]


def _lights(client: ServiceClient) -> list[dict[str, Any]]:
    with client.stream("GET", "/api/events") as response:
        lines = response.iter_lines()
        next(line for line in lines if line == "event: services")
        return json.loads(next(lines).removeprefix("data: "))


@pytest.fixture
def deployment(account: Account) -> Iterator[Deployment]:
    folder = Path("/tmp") / f"vx-{os.getpid()}-{secrets.token_hex(3)}"
    with account.acting():
        folder.mkdir(mode=0o700)
        lay_models(folder / "ws")
    base = {"VOXLOOP_RUN_BASE": str(folder / "r")}
    done = account.run(account.voxloop, "compose-files", str(folder / "files"), "--workspace", str(folder / "ws"), "--gpu", "none", **base)
    assert done.returncode == 0, done.stderr
    made = Deployment(account, folder, folder / "files")
    yield made
    for pod in made.pods():
        account.podman("pod", "rm", "-f", "-t", "0", pod)
    for container in made.containers():
        account.podman("rm", "-f", "-t", "0", container)
    shutil.rmtree(folder, ignore_errors=True)


def podman_compose(deployment: Deployment, *arguments: str) -> None:
    """Run podman-compose as the user: it is one file, and what it imports comes with voxloop."""
    found = importlib.util.find_spec("podman_compose")
    assert found is not None
    assert found.origin is not None
    program = deployment.folder / "podman_compose.py"
    shutil.copy(found.origin, program)
    program.chmod(0o644)
    file = str(deployment.files / "compose.yaml")
    done = deployment.account.run(deployment.account.python, str(program), "-f", file, *arguments, timeout_s=PATIENCE_S)
    assert done.returncode == 0, done.stderr


def test_podman_compose_starts_and_ends_the_stack(deployment: Deployment):
    podman_compose(deployment, "up", "-d")
    deployment.wait_healthy()
    deployment.wait_until_annotate_sees_all()
    deployment.assert_guarded()
    podman_compose(deployment, "down")
    assert deployment.containers() == []


def test_kube_play_starts_and_ends_the_stack(deployment: Deployment):
    file = str(deployment.files / "kube.yaml")
    deployment.account.podman("kube", "play", "--network", "none", "--userns", "keep-id", file)
    deployment.wait_healthy()
    deployment.wait_until_annotate_sees_all()
    deployment.assert_guarded()
    assert f"USER={deployment.account.name}" in deployment.inspect("annotate")["Config"]["Env"]
    deployment.account.podman("kube", "down", file)
    assert (deployment.containers(), deployment.pods()) == ([], [])
    assert deployment.stack not in deployment.account.podman("volume", "ls", "-q")


def test_a_unit_gives_podman_arguments_that_it_takes(deployment: Deployment):
    """Quadlet needs podman 4.4; what it would make of the unit is written here in a few lines."""
    for service in SERVICES:
        deployment.account.podman(*_as_command(deployment.files / "quadlet" / f"voxloop-{deployment.stack}-{service}.container"))
    deployment.wait_healthy()
    deployment.assert_guarded()


def _as_command(unit: Path) -> list[str]:
    options = {"ContainerName": "--name", "Network": "--network", "DropCapability": "--cap-drop", "Label": "--label"}
    options |= {"Environment": "--env", "Volume": "--volume", "AddDevice": "--device"}
    switches = {"RunInit": "--init", "ReadOnly": "--read-only", "NoNewPrivileges": "--security-opt=no-new-privileges"}
    section = unit.read_text().partition("[Container]")[2].partition("[Service]")[0]
    pairs = [line.partition("=")[::2] for line in section.splitlines() if line and not line.startswith("#")]
    arguments = [f"{options[key]}={value}" for key, value in pairs if key in options]
    arguments += [switches[key] for key, value in pairs if key in switches and value == "true"]
    arguments += [argument for key, value in pairs if key == "PodmanArgs" for argument in value.split()]
    said = dict(pairs)
    return ["run", "-d", *arguments, said["Image"], *said["Exec"].split()]
