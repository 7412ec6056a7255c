"""The kernel says who calls, and who may not is refused."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_S, wait_until
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import Forbidden, NotFound
from voxloop_shared.health import health_router
from voxloop_shared.identity import this_process, user_name
from voxloop_shared.server import CallerDep, create_api
from voxloop_shared.settings import socket_path
from voxloop_shared.sockets import is_listening

_STRANGER = 65534

_ASK = """
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as s:
    s.connect(sys.argv[1])
    s.sendall(b"GET /who HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\nX-Voxloop-Peer: root\\r\\n\\r\\n")
    print(os.getpid(), b"".join(iter(lambda: s.recv(65536), b"")).decode())
"""

_SERVE = """
import sys, os
from pathlib import Path
from voxloop_shared.server import create_api, serve
api = create_api("thing", "1")
serve(api, Path(sys.argv[1]), {os.getuid()})
"""


def make_api():
    api = create_api("thing", "1")

    @api.get("/who")
    def who(caller: CallerDep):
        return {"uid": caller.uid, "pid": caller.pid, "user": caller.user}

    return api


def ask(path: Path, uid: int | None = None) -> tuple[int, int, dict]:
    """Call /who from another process, perhaps another user's: its pid, the status, the answer."""
    options = {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
    # -I and the plain interpreter: another user may not read our virtual environment
    out = subprocess.run([_python(), "-I", "-c", _ASK, str(path)], capture_output=True, text=True, check=True, cwd="/", **options)
    pid, answer = out.stdout.split(" ", 1)
    head, body = answer.split("\n\n", 1)
    return int(pid), int(head.split(" ")[1]), json.loads(body)


def _python() -> str:
    return "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable


def test_the_kernel_names_the_caller(serve_app):
    client: ServiceClient = serve_app(make_api())
    me = this_process()
    assert client.get("/who") == {"uid": me.uid, "pid": me.pid, "user": me.user}
    pid, status, answer = ask(client.socket_file)
    assert (status, answer["pid"], answer["uid"]) == (200, pid, me.uid), "each process is its own caller"


def test_a_user_who_is_not_allowed_gets_403(serve_app):
    client: ServiceClient = serve_app(make_api(), allowed_uids={os.getuid() + 1})
    with pytest.raises(Forbidden, match=this_process().user):
        client.get("/who")
    with pytest.raises(Forbidden):
        client.request("PUT", "/who", content=b"x" * 300_000)


def test_a_real_second_user_gets_403(serve_app, run_dir: Path):
    if os.getuid() != 0:
        pytest.skip("becoming a second user needs root")
    client: ServiceClient = serve_app(make_api())
    for path, mode in ((run_dir, 0o755), (client.socket_file.parent, 0o755), (client.socket_file, 0o666)):
        path.chmod(mode)  # the file's mode alone would keep the stranger out: here the kernel's answer has to
    _, status, answer = ask(client.socket_file, _STRANGER)
    assert (status, answer["error"]["type"]) == (403, "Forbidden")
    assert str(_STRANGER) in answer["error"]["message"]
    assert client.get("/who")["uid"] == 0, "the owner is still answered"


def test_a_real_second_user_is_named_where_allowed(serve_app, run_dir: Path):
    if os.getuid() != 0:
        pytest.skip("becoming a second user needs root")
    client: ServiceClient = serve_app(make_api(), allowed_uids={0, _STRANGER})
    for path, mode in ((run_dir, 0o755), (client.socket_file.parent, 0o755), (client.socket_file, 0o666)):
        path.chmod(mode)
    pid, status, answer = ask(client.socket_file, _STRANGER)
    assert (status, answer) == (200, {"uid": _STRANGER, "pid": pid, "user": user_name(_STRANGER)})


def test_the_file_modes_keep_a_second_user_out(serve_app):
    if os.getuid() != 0:
        pytest.skip("becoming a second user needs root")
    client: ServiceClient = serve_app(make_api())
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        ask(client.socket_file, _STRANGER)
    assert "PermissionError" in refusal.value.stderr


def test_an_account_without_a_name_is_still_named():
    assert user_name(3_999_999_999) == "uid 3999999999"


def test_health_says_how_a_service_is(serve_app, tmp_path: Path):
    api = create_api("thing", "1")
    api.include_router(health_router("thing", "1.2", tmp_path, devices=lambda: ["cpu"], queue_length=lambda: 3))
    found = serve_app(api).get("/health")
    assert (found["service"], found["version"], found["devices"], found["queue_length"]) == ("thing", "1.2", ["cpu"], 3)
    assert found["disk_free_bytes"] > 0
    assert found["uptime_s"] >= 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_and_takes_its_socket_away(run_dir: Path, number: signal.Signals):
    path = socket_path(run_dir, "thing")
    process = subprocess.Popen([sys.executable, "-c", _SERVE, str(path)], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: is_listening(path))
        with ServiceClient(path) as client, pytest.raises(NotFound):
            client.get("/nothing")  # it listens before it serves, and only then knows what to do about signals
        process.send_signal(number)
        process.wait(PATIENCE_S)
    finally:
        process.kill()
        process.wait()
    assert not path.exists()


def test_a_killed_server_is_replaced(run_dir: Path):
    path = socket_path(run_dir, "thing")
    for _ in range(2):
        process = subprocess.Popen([sys.executable, "-c", _SERVE, str(path)], stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: is_listening(path))
        finally:
            process.kill()
            process.wait()
        assert path.exists()
