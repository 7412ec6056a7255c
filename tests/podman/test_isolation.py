"""What a container cannot do, tried from inside it, and what another user of the machine cannot."""

import json
import os
import stat
from pathlib import Path

import pytest

from tests.colleagues import Crew
from tests.podman.account import Account
from voxloop_compose.containers.description import CONTAINERS, PYTHON, RUN_DIR, WORKSPACE, container_name
from voxloop_shared.settings import SERVICES, socket_path

_FOLDERS = """
import json, os
found = []
for folder, names, _ in os.walk("/"):
    names[:] = [name for name in names if os.path.join(folder, name) not in ("/proc", "/sys", "/dev")]
    found.append(folder)
writable = []
for folder in found:
    path = os.path.join(folder, ".tried")
    try:
        open(path, "x").close()
        os.unlink(path)
        writable.append(folder)
    except OSError:
        pass
print(json.dumps(writable))
"""
_CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)
    print("connected")
except OSError as error:
    print(type(error).__name__, error.errno)
"""
_REACH = """
import json, socket, sys
reached = []
for path in json.loads(sys.argv[1]):
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(path)
        reached.append(path)
    except OSError:
        pass
print(json.dumps(reached))
"""


class Inside:
    """A shell in the container of a service of a running stack."""

    def __init__(self, account: Account, run_dir: Path, service: str) -> None:
        self._account = account
        self.name = container_name(run_dir.name, service)

    def python(self, program: str, *arguments: str) -> str:
        return self._account.podman("exec", self.name, PYTHON, "-c", program, *arguments)

    def fails(self, *command: str) -> str:
        done = self._account.run("podman", "exec", self.name, *command)
        assert done.returncode != 0, done.stdout
        return done.stderr

    def inspect(self) -> dict:
        return json.loads(self._account.podman("inspect", self.name))[0]


@pytest.fixture(scope="module")
def stack(shared_terminal):
    return shared_terminal.running[0]


@pytest.fixture
def inside(account, stack):
    return lambda service: Inside(account, stack.run_dir, service)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_can_write_where_the_description_says_and_nowhere_else(inside, service):
    described = CONTAINERS[service]
    allowed = {str(mount.target) for mount in described.mounts if mount.is_writable}
    allowed |= {str(tmpfs.target) for tmpfs in described.tmpfs if tmpfs.is_writable}
    forbidden = {str(mount.target) for mount in described.mounts if not mount.is_writable}
    forbidden |= {str(tmpfs.target) for tmpfs in described.hidden}

    written = set(json.loads(inside(service).python(_FOLDERS)))

    assert allowed <= written
    for folder in written:  # a folder that lies in one that may be written to, and in none below it that may not
        nearest = max((path for path in allowed | forbidden if Path(folder).is_relative_to(path)), key=len, default="")
        assert nearest in allowed, folder


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reaches_the_sockets_of_those_it_calls_and_no_other(inside, service):
    everywhere = [str(RUN_DIR / name / "http.sock") for name in SERVICES]

    reached = json.loads(inside(service).python(_REACH, json.dumps(everywhere)))

    assert {Path(path).parent.name for path in reached} == {service, *CONTAINERS[service].calls}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_no_network_but_its_own_loopback(inside, stack, service):
    container = inside(service)
    port = str(stack.record["port"])

    assert container.python("import os; print(*os.listdir('/sys/class/net'))") == "lo"
    assert container.python(_CONNECT, "127.0.0.1", port).startswith("ConnectionRefusedError")  # the host's door listens there
    assert container.python(_CONNECT, "192.0.2.1", "80") == f"OSError {101}"  # ENETUNREACH


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_the_user_and_gains_nothing(inside, account, service):
    container = inside(service)
    status = dict(line.split(":\t") for line in container.python("print(open('/proc/1/status').read())").splitlines() if ":\t" in line)

    assert status["Uid"].split() == [str(account.uid)] * 4
    assert status["NoNewPrivs"] == "1"
    assert {int(status[f"Cap{kind}"], 16) for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {0}
    assert "Operation not permitted" in container.fails(PYTHON, "-c", "import os; os.setuid(0)")
    assert "Operation not permitted" in container.fails(PYTHON, "-c", "import os; os.chroot('/tmp')")
    assert container.python("import resource as r; print(*r.getrlimit(r.RLIMIT_CORE))") == "0 0"


def test_a_program_that_would_become_root_stays_who_it_is(inside, account):
    """no-new-privileges: the bit of `su` and `mount` does nothing."""
    said = inside("annotate").fails("/bin/mount", "-t", "tmpfs", "tmpfs", "/mnt")
    assert "permission denied" in said.lower() or "must be superuser" in said.lower()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_sees_nothing_of_the_users_home_or_of_the_rest_of_the_workspace(inside, account, stack, service):
    with account.acting():
        (account.home / "diary.txt").write_text("dear diary")
        (stack.workspace / "jobs" / "train" / "secret").write_text("theirs")
        (stack.workspace / "models" / "secret").write_text("theirs")

    container = inside(service)

    assert "No such file" in container.fails("cat", str(account.home / "diary.txt"))
    assert "No such file" in container.fails("ls", str(stack.workspace))
    seen = {mount["Destination"] for mount in container.inspect()["Mounts"] if mount["Type"] == "bind"}
    assert seen == {str(mount.target) for mount in CONTAINERS[service].mounts}
    if service != "train":
        assert "No such file" in container.fails("cat", str(WORKSPACE / "jobs/train/secret"))
    if service != "registry":
        assert "No such file" in container.fails("cat", str(WORKSPACE / "models/secret"))


def test_another_user_reaches_no_socket_and_reads_nothing(stack, crew: Crew):
    sockets = [socket_path(stack.run_dir, service) for service in SERVICES]
    sockets += [stack.run_dir / "annotate" / "door.sock", stack.run_dir / "podman.sock"]
    for path in sockets:
        assert crew.stranger.ask(path, "GET", "/health")[0] == "PermissionError"
    assert crew.stranger.readable([stack.workspace, stack.workspace / "volumes", stack.run_dir, stack.run_dir / "stack.json"]) == []
    assert stat.S_IMODE(stack.run_dir.stat().st_mode) == 0o700


def test_the_token_is_in_no_command_line_and_no_environment_that_others_can_read(stack, crew: Crew):
    token = stack.url.partition("token=")[2].encode()
    environments = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            assert token not in (process / "cmdline").read_bytes()
            if token in (process / "environ").read_bytes():
                environments.append(process / "environ")
        except (FileNotFoundError, ProcessLookupError, PermissionError):  # the last: not even root may look into some init processes
            continue

    assert environments  # annotate has it from there
    assert crew.stranger.readable(environments) == []


def test_every_image_is_of_this_service_alone(inside):
    """An image holds what its distribution names: no torch for the page, no other service."""
    for service in SERVICES:
        found = inside(service).python("import importlib.util as u, sys; print(*(n for n in sys.argv[1:] if u.find_spec(n)))", *_TRIED)
        expected = {f"voxloop_{service}", "voxloop_shared"} | ({"torch"} if CONTAINERS[service].needs_nets else set())
        assert set(found.split()) == expected, service


_TRIED = ["torch", "pip", "voxloop_shared", "voxloop_compose", *(f"voxloop_{service}" for service in SERVICES)]


def test_a_container_has_the_limits_that_it_is_given(inside):
    about = inside("train").inspect()["HostConfig"]
    assert about["ReadonlyRootfs"]
    assert about["NetworkMode"] == "none"
    assert about["CapAdd"] == []
    assert {limit["Name"] for limit in about["Ulimits"]} >= {"RLIMIT_NOFILE", "RLIMIT_CORE"}
    assert os.getuid() == 0
