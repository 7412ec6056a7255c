"""What is wrong with a machine or its podman is said in one line, with what to do."""

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.podman.account import Account, end_processes
from tests.waiting import wait_until
from voxloop_compose import __version__
from voxloop_compose.containers.gpus import CDI_FOLDERS
from voxloop_compose.containers.refusals import explain, refusal
from voxloop_shared.errors import DiskFull

CDI = Path("/etc/cdi/voxloop-test.json")


@pytest.fixture
def storage(account: Account) -> Iterator[Path]:
    """A place for images of a test's own."""
    folder = Path("/tmp") / f"vxs-{secrets.token_hex(3)}"
    with account.acting():
        folder.mkdir()
    yield folder
    account.run("podman", "unshare", "rm", "-rf", str(folder))
    shutil.rmtree(folder, ignore_errors=True)


def use_storage(terminal, folder: Path, driver: str = "overlay") -> None:
    """Have podman keep its images there."""
    with terminal.acting():
        shutil.copytree(Path(terminal.environment["HOME"]) / ".config", terminal.folder / "config")
        storage = f'[storage]\ndriver = "{driver}"\ngraphroot = "{folder}/g"\nrunroot = "{folder}/r"\n'
        (terminal.folder / "config" / "containers" / "storage.conf").write_text(storage)
    terminal.environment["XDG_CONFIG_HOME"] = str(terminal.folder / "config")


def say_of_up(terminal, *options: str) -> str:
    return terminal.error("up", terminal.folder / "ws", *terminal.options, "--no-tcp", *options)


def test_no_podman(terminal):
    terminal.environment["PATH"] = "/nowhere"

    assert say_of_up(terminal) == (
        "no podman on this machine: install it (Debian: apt-get install podman runc uidmap catatonit), or use --runtime process"
    )


def test_no_range_of_user_ids(terminal):
    """A system account has none."""
    name = f"vxn{secrets.token_hex(3)}"
    home = terminal.folder.with_name(f"{terminal.folder.name}-n")
    subprocess.run(["useradd", "--system", "--create-home", "--home-dir", str(home), name], check=True, capture_output=True)
    other = Account(name, home)
    try:
        shutil.copytree(Path(terminal.environment["HOME"]) / ".config", home / ".config")
        subprocess.run(["chown", "-R", name, str(home)], check=True)
        terminal.login = other.login | {"cwd": home}
        terminal.environment |= {"HOME": str(home), "USER": name, "VOXLOOP_RUN_BASE": str(home / "r"), "XDG_RUNTIME_DIR": str(home)}
        said = terminal.error("up", home / "ws", *terminal.options, "--no-tcp")
    finally:
        wait_until(lambda: not end_processes(other.uid))
        subprocess.run(["userdel", name], check=True, capture_output=True)
        shutil.rmtree(home, ignore_errors=True)

    assert "sudo usermod --add-subuids" in said


def test_images_kept_with_vfs(terminal, storage):
    use_storage(terminal, storage, "vfs")

    said = say_of_up(terminal)
    assert "vfs" in said
    assert 'driver = "overlay"' in said


def test_crun_on_cgroups_that_it_does_not_know(terminal, account):
    if json.loads(account.podman("info", "--format", "json"))["host"]["cgroupVersion"] != "v1":
        pytest.skip("crun works with this machine's cgroups (v2)")
    with terminal.acting():
        (terminal.folder / "containers.conf").write_text(
            f'[engine]\nruntime = "crun"\ncgroup_manager = "cgroupfs"\n[engine.runtimes]\ncrun = ["{shutil.which("runc")}"]\n'
        )
    terminal.environment["CONTAINERS_CONF"] = str(terminal.folder / "containers.conf")

    said = say_of_up(terminal)
    assert "crun" in said
    assert "install runc" in said


def test_images_that_are_missing_or_older_or_of_another_version(terminal, storage, account):
    use_storage(terminal, storage)

    assert say_of_up(terminal).startswith(f"there is no image localhost/voxloop-registry:{__version__}: run `voxloop build`")
    assert "no images" in terminal.run("images").stderr

    make_image(terminal, account, "0.0.1", "0.0.1")
    assert say_of_up(terminal) == f"the image of registry is of version 0.0.1, this command is {__version__}: run `voxloop build`"
    assert [(entry["version"], entry["fits"]) for entry in terminal.json("images")["images"]] == [("0.0.1", False)]

    make_image(terminal, account, __version__, "0.0.1")
    assert f"holds version 0.0.1, this command is {__version__}" in say_of_up(terminal)


def make_image(terminal, account: Account, tag: str, version: str) -> None:
    """Make an image of nothing, labelled as the registry's."""
    with terminal.acting():
        folder = terminal.folder / f"image-{secrets.token_hex(2)}"
        folder.mkdir()
        (folder / "Containerfile").write_text(f"FROM scratch\nLABEL org.voxloop.service=registry org.voxloop.version={version}\n")
    command = ("podman", "build", "-q", "-t", f"localhost/voxloop-registry:{tag}", str(folder))
    done = account.run(*command, XDG_CONFIG_HOME=terminal.environment["XDG_CONFIG_HOME"])
    assert done.returncode == 0, done.stderr


def test_a_full_disk(terminal, storage):
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m,mode=777", "tmpfs", str(storage)], check=False, capture_output=True
    ).returncode:
        pytest.skip("this machine does not let its root mount a tmpfs")
    try:
        use_storage(terminal, storage)
        said = say_of_up(terminal)
    finally:
        subprocess.run(["umount", "-l", str(storage)], check=True)

    assert said.startswith(f"the disk of {storage}/g is full")
    assert "podman image prune" in said


def test_a_socket_path_that_is_too_long(terminal):
    with terminal.acting():
        long = terminal.folder / ("x" * 90)
        long.mkdir(mode=0o700)
    terminal.environment["VOXLOOP_RUN_BASE"] = str(long)

    assert "is longer than 107 bytes: choose a shorter run directory" in say_of_up(terminal)


def test_a_gpu_that_is_asked_for_and_not_described(terminal):
    if any(path for folder in CDI_FOLDERS for path in folder.glob("*")):
        pytest.skip("this machine describes its GPUs")

    said = say_of_up(terminal, "--gpu", "all")

    assert "sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml" in said
    assert "--gpu none" in said
    assert "say all, none, auto, or numbers" in say_of_up(terminal, "--gpu", "some")


def test_a_gpu_that_is_described_is_seen_by_those_who_compute_and_by_no_other(terminal, account):
    assert os.getuid() == 0
    CDI.parent.mkdir(exist_ok=True)
    nodes = {"deviceNodes": [{"path": "/dev/fuse"}]}  # any device that every machine has
    about = {"cdiVersion": "0.3.0", "kind": "nvidia.com/gpu", "devices": [{"name": name, "containerEdits": nodes} for name in ("0", "all")]}
    CDI.write_text(json.dumps(about))
    try:
        stack = terminal.up("--no-tcp", "--gpu", "0")
        devices = {
            service: account.podman("exec", f"voxloop-{stack.run_dir.name}-{service}", "ls", "/dev").split()
            for service in ("registry", "train", "infer", "annotate")
        }
        stack.end()
        assert {service for service, names in devices.items() if "fuse" in names} == {"train", "infer"}

        failing = say_of_up(terminal, "--gpu", "7")
        assert "nvidia-ctk cdi generate" in failing
    finally:
        CDI.unlink()


def test_limits_reach_the_container_and_where_they_are_ignored_somebody_says_so(terminal, account):
    stack = terminal.up("--no-tcp", "--memory", "train=1g", "--cpus", "train=1.5")

    about = json.loads(account.podman("inspect", f"voxloop-{stack.run_dir.name}-train"))[0]["HostConfig"]
    is_v2 = json.loads(account.podman("info", "--format", "json"))["host"]["cgroupVersion"] == "v2"
    said = stack.log.read_text()
    if is_v2:
        assert about["Memory"] == 1 << 30
    else:
        assert "let podman limit no memory" in said
        assert "let podman limit no cpu" in said


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("writing blob: write /x: no space left on device", "podman image prune"),
        ("unresolvable CDI devices nvidia.com/gpu=all", "nvidia-ctk cdi generate"),
        ('exec: "newuidmap": executable file not found in $PATH', "apt-get install uidmap"),
        ("no subuid ranges found for user", "usermod --add-subuids"),
    ],
)
def test_podmans_own_words_are_followed_by_what_to_do(words, answer):
    assert answer in explain(words)
    assert "\n" not in explain(words)


def test_a_disk_that_fills_up_under_podman_is_a_full_disk():
    assert isinstance(refusal("copying layer: no space left on device"), DiskFull)
    assert not isinstance(refusal("something else"), DiskFull)
