"""The files for podman-compose, `podman kube play` and systemd say what the one description says."""

import configparser
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.compose.conftest import Terminal
from voxloop_compose.containers.description import CONTAINERS, STOP_TIMEOUT_S, Container
from voxloop_compose.deployments.files import deployment_files, template_files
from voxloop_compose.deployments.places import Places
from voxloop_shared.errors import InvalidInput

TREE = Path(__file__).parents[2] / "compose"
PLACES = Places("rock", Path("/data/rock"), Path("/run/user/7/voxloop/rock"), "ada", gpus=("nvidia.com/gpu=0", "nvidia.com/gpu=1"))
FILES = deployment_files(PLACES)
KNOWN_TO_PODMAN_4_4 = {"AddDevice", "ContainerName", "DropCapability", "Environment", "Exec", "Image", "Label", "Network"}
KNOWN_TO_PODMAN_4_4 |= {"NoNewPrivileges", "PodmanArgs", "ReadOnly", "RunInit", "Volume"}


def expected_mounts(container: Container) -> set[tuple[str, str, bool]]:
    return {(str(m.source(PLACES.workspace, PLACES.run_dir)), str(m.target), m.is_writable) for m in container.mounts}


def compose_service(service: str) -> dict[str, Any]:
    return yaml.safe_load(FILES["compose.yaml"])["services"][service]


def pod(service: str) -> dict[str, Any]:
    return next(p for p in yaml.safe_load_all(FILES["kube.yaml"]) if p["metadata"]["name"] == f"voxloop-rock-{service}")


def unit(service: str) -> dict[str, dict[str, list[str]]]:
    parser = configparser.RawConfigParser(strict=False, dict_type=_Repeating)
    parser.optionxform = str
    parser.read_string(FILES[f"quadlet/voxloop-rock-{service}.container"])
    return {name: {key: value.split("\n") for key, value in parser[name].items()} for name in parser.sections()}


class _Repeating(dict):
    """Keeps all values of a key that stands several times, as systemd does."""

    def __setitem__(self, key, value):
        if isinstance(value, list) and key in self:
            value = self[key] + value
        super().__setitem__(key, value)


def test_the_files_in_the_tree_are_made_from_the_description():
    """`voxloop compose-files --placeholders compose` writes them anew."""
    made = template_files()
    assert {name: (TREE / name).read_text() for name in made} == made
    assert {path.name for path in (TREE / "quadlet").iterdir()} == {Path(name).name for name in made if "/" in name}


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_compose_says_the_same(container: Container):
    said = compose_service(container.service)
    mounts = {(volume["source"], volume["target"], not volume["read_only"]) for volume in said["volumes"]}
    assert mounts == expected_mounts(container)
    assert (said["image"], tuple(said["command"]), said["environment"]) == (container.image, container.command, container.environment)
    assert (said["network_mode"], said["userns_mode"], said["read_only"], said["init"]) == ("none", "keep-id", True, True)
    assert (said["cap_drop"], said["security_opt"], said["pull_policy"]) == (["all"], ["no-new-privileges"], "never")
    assert [tmpfs.partition(":")[0] for tmpfs in said["tmpfs"]] == [str(tmpfs.target) for tmpfs in container.tmpfs]
    assert said.get("devices", []) == (["nvidia.com/gpu=0", "nvidia.com/gpu=1"] if container.uses_gpu else [])
    assert container.labels.items() <= said["labels"].items()
    assert said["stop_grace_period"] == f"{STOP_TIMEOUT_S}s"


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_pods_say_the_same(container: Container):
    spec = pod(container.service)["spec"]
    said = spec["containers"][0]
    sources = {volume["name"]: volume["hostPath"]["path"] for volume in spec["volumes"] if "hostPath" in volume}
    folders = [mount for mount in said["volumeMounts"] if mount["name"] in sources]
    assert {(sources[m["name"]], m["mountPath"], not m["readOnly"]) for m in folders} == expected_mounts(container)
    memory = {(m["mountPath"], not m["readOnly"]) for m in said["volumeMounts"] if m["name"] not in sources}
    assert memory == {(str(tmpfs.target), tmpfs.is_writable) for tmpfs in container.tmpfs}
    assert (said["image"], tuple(said["command"]), said["imagePullPolicy"]) == (container.image, container.command, "Never")
    assert {e["name"]: e["value"] for e in said["env"]} == container.environment | {"USER": "ada"}
    guarded = {"readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False, "capabilities": {"drop": ["all"]}}
    assert said["securityContext"] == guarded
    assert set(said.get("resources", {}).get("limits", {})) == ({"nvidia.com/gpu=0", "nvidia.com/gpu=1"} if container.uses_gpu else set())
    assert "ports" not in said


def test_no_two_pods_share_a_folder_in_memory():
    names = [v["name"] for p in yaml.safe_load_all(FILES["kube.yaml"]) for v in p["spec"]["volumes"] if "emptyDir" in v]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_units_say_the_same_in_words_that_the_first_quadlet_knew(container: Container):
    said = unit(container.service)["Container"]
    assert set(said) <= KNOWN_TO_PODMAN_4_4
    mounts = {tuple(volume.split(":")) for volume in said["Volume"]}
    assert mounts == {(source, target, "rw" if writes else "ro") for source, target, writes in expected_mounts(container)}
    assert (said["Image"], said["Exec"]) == ([container.image], [" ".join(container.command)])
    assert set(said["Environment"]) == {f"{name}={value}" for name, value in container.environment.items()}
    guarded = {"Network": ["none"], "ReadOnly": ["true"], "DropCapability": ["all"], "NoNewPrivileges": ["true"], "RunInit": ["true"]}
    assert guarded.items() <= said.items()
    arguments = " ".join(said["PodmanArgs"])
    assert all(f"--tmpfs={tmpfs.target}:" in arguments for tmpfs in container.tmpfs)
    assert "--userns=keep-id" in arguments
    assert said.get("AddDevice", []) == (["nvidia.com/gpu=0", "nvidia.com/gpu=1"] if container.uses_gpu else [])


def test_the_command_writes_them_for_a_workspace_and_makes_its_folders(terminal: Terminal):
    root = terminal.folder / "ws"
    done = terminal.run("compose-files", terminal.folder / "out", "--workspace", root, "--gpu", "none")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(template_files())
    services = yaml.safe_load((terminal.folder / "out" / "compose.yaml").read_text())["services"]
    assert "devices" not in services["train"]
    assert all(Path(v["source"]).is_dir() for service in services.values() for v in service["volumes"])


def test_the_sockets_lie_where_no_stack_of_ours_clears_up(terminal: Terminal):
    root = terminal.folder / "ws"
    terminal.run("compose-files", terminal.folder / "out", "--workspace", root)
    services = yaml.safe_load((terminal.folder / "out" / "compose.yaml").read_text())["services"]
    own = next(v["source"] for v in services["annotate"]["volumes"] if v["target"] == "/run/voxloop/annotate")
    assert Path(own).parent != terminal.run_dir_of(root)


@pytest.mark.parametrize("name", ["two words", "100%", "a:b", "$HOME", "it's"])
def test_refuses_paths_that_would_mean_something_else_in_them(name: str):
    with pytest.raises(InvalidInput, match="use a path without"):
        deployment_files(Places("rock", Path("/data") / name, Path("/run/rock"), "ada"))
