"""A stack starts, survives, and leaves nothing behind; real services wherever they matter, stand-ins elsewhere."""

import json
import os
import re
import signal
import socket
import stat
from pathlib import Path

import httpx
import pytest

from tests.waiting import PATIENCE_S, wait_until
from voxloop_shared.settings import SERVICES


def listening_tcp_inodes() -> set[str]:
    """Read the sockets that listen on TCP anywhere on the machine."""
    lines = [line for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return {fields[9] for fields in (line.split() for line in lines) if fields[3] == "0A"}


def tcp_listeners_of(pids: list[int]) -> set[str]:
    """Name the listening sockets that any of some processes has open."""
    inodes = listening_tcp_inodes()
    found = set()
    for pid in pids:
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            target = str(handle.readlink())
            if target.startswith("socket:[") and target[8:-1] in inodes:
                found.add(target)
    return found


def open_page(url: str) -> httpx.Response:
    with httpx.Client(follow_redirects=True) as browser:
        return browser.get(url)


def test_up_prints_a_url_that_opens_the_page_and_no_other_user_learns_it(terminal):
    stack = terminal.up()
    wait_until(lambda: "?token=" in stack.log.read_text())

    printed = [line for line in stack.log.read_text().splitlines() if line.startswith("http://")]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{20,}", printed[0])
    assert open_page(printed[0]).status_code == 200
    assert httpx.get(printed[0].split("?")[0]).status_code == 401
    assert f"ssh -L 8050:{stack.run_dir}/annotate/http.sock" in stack.log.read_text()

    status = terminal.json("status")
    assert status["ok"]
    assert [service["service"] for service in status["services"]] == list(SERVICES)
    assert status["url"] == printed[0]

    token = stack.url.partition("token=")[2]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            assert token.encode() not in (folder / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
    assert stat.S_IMODE((stack.run_dir / "stack.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(stack.run_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(stack.run_dir.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_stack_and_leaves_no_process_and_no_socket(stand_ins, number):
    stack = stand_ins.up()

    assert stack.end(number) == 0

    assert stack.pids() == []
    assert stack.sockets() == []
    assert not (stack.run_dir / "stack.json").exists()


def test_down_waits_until_nothing_is_left(stand_ins):
    stack = stand_ins.up()

    done = stand_ins.run("down")

    assert done.returncode == 0
    assert stack.process.wait(PATIENCE_S) == 0
    assert stack.pids() == []
    assert stack.sockets() == []
    assert "no stack is running" in stand_ins.error("down")


def test_up_right_after_a_kill_waits_for_the_old_services(stand_ins):
    stack = stand_ins.up("--no-tcp")
    old = stack.pids()

    stack.end(signal.SIGKILL)
    again = stand_ins.up("--no-tcp")

    assert not set(old) & set(again.pids())
    assert len(again.pids()) == len(SERVICES)


def test_down_clears_what_a_killed_up_has_left(stand_ins):
    stack = stand_ins.up("--no-tcp")
    stack.end(signal.SIGKILL)

    done = stand_ins.run("down", "--workspace", stack.workspace)

    assert done.returncode == 0, done.stderr
    assert stack.pids() == []
    assert stack.sockets() == []
    assert not (stack.run_dir / "stack.json").exists()


def test_without_tcp_nothing_of_the_stack_listens_on_tcp_whatever_the_environment_says(terminal):
    closed = terminal.up("--no-tcp", VOXLOOP_ANNOTATE_PORT="8050", VOXLOOP_ANNOTATE_TOKEN="x")
    opened = terminal.up(workspace="other")

    assert closed.url is None
    assert tcp_listeners_of([closed.process.pid, *closed.pids()]) == set()
    assert len(tcp_listeners_of([opened.process.pid, *opened.pids()])) == 1
    assert "http://127" not in closed.log.read_text()


def test_a_taken_port_is_refused_and_leaves_nothing(terminal):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        assert f"port {port} cannot be used" in terminal.error("up", terminal.folder / "ws", "--port", port)

    assert "no stack is running" in terminal.error("status")


def test_a_wanted_port_is_taken(terminal):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    stack = terminal.up("--port", str(port))

    assert f":{port}/" in stack.url


def test_a_detached_stack_outlives_the_command_and_down_ends_it(terminal):
    started = terminal.run("up", terminal.folder / "ws", "--detach")
    try:
        assert started.returncode == 0, started.stderr
        url = started.stdout.splitlines()[0]
        assert open_page(url).status_code == 200
        assert terminal.json("status")["ok"]
    finally:
        assert terminal.run("down").returncode == 0
    with pytest.raises(httpx.ConnectError):
        open_page(url)


def test_a_detached_start_that_fails_says_why(stand_ins):
    stand_ins.up("--no-tcp")

    assert "in use by another voxloop stack" in stand_ins.error("up", stand_ins.folder / "ws", "--detach")


def test_the_command_asks_which_stack_when_several_run(stand_ins):
    first, second = stand_ins.up("--no-tcp"), stand_ins.up("--no-tcp", workspace="other")

    said = stand_ins.error("volumes")
    assert str(first.workspace) in said
    assert str(second.workspace) in said

    assert stand_ins.json("status", "--workspace", second.workspace)["workspace"] == str(second.workspace)
    stand_ins.environment["VOXLOOP_WORKSPACE"] = str(first.workspace)
    assert stand_ins.json("status")["workspace"] == str(first.workspace)


def test_the_command_says_what_to_do_when_no_stack_runs(terminal):
    for command in ("status", "volumes", "jobs", "models"):
        assert terminal.error(command) == "no stack is running: start one with `voxloop up`"
    assert "voxloop up /nowhere" in terminal.error("volumes", "--workspace", "/nowhere")


def test_status_names_a_service_that_does_not_answer(terminal):
    stack = terminal.up("--no-tcp")
    stopped = stack.pid_of("infer")
    os.kill(stopped, signal.SIGSTOP)
    try:
        done = terminal.run("status", "--json")
    finally:
        os.kill(stopped, signal.SIGCONT)

    assert done.returncode == 1
    lights = {service["service"]: service for service in json.loads(done.stdout)["services"]}
    assert not lights["infer"]["ok"]
    assert "infer" in lights["infer"]["message"]
    assert lights["train"]["ok"]


def test_up_with_the_demo_brings_the_nerve_with_its_classes_once(terminal):
    stack = terminal.up("--no-tcp", "--demo")
    with stack.client("annotate") as annotate:
        volume = annotate.get("/api/volumes/nerve")
        assert volume["shape"] == [128, 128, 128]
        assert [entry["name"] for entry in annotate.get("/api/volumes/nerve/classes")["classes"]] == ["other", "myelin", "axon"]
        annotate.put("/api/volumes/nerve/classes", {"classes": [{"id": 1, "name": "mine", "color": "#123456"}]})
    stack.end()

    again = terminal.up("--no-tcp", "--demo")

    with again.client("annotate") as annotate:
        assert len(annotate.get("/api/volumes")["volumes"]) == 1
        assert [entry["name"] for entry in annotate.get("/api/volumes/nerve/classes")["classes"]] == ["mine"]
