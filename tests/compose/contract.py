"""What every runtime owes to those who start a stack with it; each runtime's tests inherit this class."""

import json
import os
import signal
import socket
import stat

import httpx
import pytest

from tests.waiting import wait_until
from voxloop_shared.settings import SERVICES, socket_path


class RuntimeContract:
    """A subclass says which runtime it is; its module's fixture `terminal` starts stacks with that."""

    name = ""

    def left(self, stack) -> list[str]:
        """Name what is left of a stack beside processes and sockets."""
        return []

    def assert_nothing_is_left(self, stack) -> None:
        assert stack.pids() == []
        assert stack.sockets() == []
        assert not (stack.run_dir / "stack.json").exists()
        assert self.left(stack) == []

    def test_a_stack_starts_says_how_it_is_keeps_logs_and_ends(self, terminal):
        stack = terminal.up()
        status = terminal.json("status")

        assert status["ok"]
        assert status["runtime"] == self.name
        assert [service["service"] for service in status["services"]] == list(SERVICES)
        for service in status["services"]:
            assert service["label"]
            assert service["restarts"] == 0
            assert service["memory_bytes"] > 1 << 20
            assert stat.S_IMODE(socket_path(stack.run_dir, service["service"]).stat().st_mode) == 0o600
            log = terminal.run("logs", service["service"]).stdout.splitlines()
            assert any("listening on" in line and line.startswith("20") and " INFO " in line for line in log)
            assert not any("stderr F" in line for line in log)

        assert stack.end() == 0
        self.assert_nothing_is_left(stack)

    @pytest.mark.parametrize("service", ["registry", "annotate"])
    def test_a_killed_service_comes_back_behind_the_same_door(self, terminal, service):
        stack = terminal.up()
        before, url = stack.pid_of(service), stack.url

        os.kill(before, signal.SIGKILL)
        wait_until(lambda: stack.pid_of(service) not in (None, before) and stack.health(service))

        assert stack.url == url
        assert httpx.get(url, follow_redirects=True).status_code == 200
        assert stack.record["services"][service]["restarts"] == 1
        wait_until(lambda: f"{service} is back" in stack.log.read_text())
        assert f"{service} was ended by SIGKILL" in stack.log.read_text()

    def test_the_next_up_replaces_what_a_killed_one_left_and_down_clears_it(self, terminal):
        stack = terminal.up("--no-tcp")
        old = {service: stack.pid_of(service) for service in SERVICES}

        stack.end(signal.SIGKILL)
        again = terminal.up("--no-tcp")

        assert all(again.health(service) for service in SERVICES)
        assert not set(old.values()) & set(again.pids())

        again.end(signal.SIGKILL)
        done = terminal.run("down", "--workspace", again.workspace)

        assert done.returncode == 0, done.stderr
        self.assert_nothing_is_left(again)

    def test_a_second_start_on_the_workspace_is_refused_and_the_first_goes_on(self, terminal):
        first = terminal.up("--no-tcp")
        pids = {service: first.pid_of(service) for service in SERVICES}

        assert "in use by another voxloop stack" in terminal.error("up", first.workspace, *terminal.options, "--no-tcp")

        assert {service: first.pid_of(service) for service in SERVICES} == pids
        assert all(first.health(service) for service in SERVICES)
        assert terminal.run("down").returncode == 0
        self.assert_nothing_is_left(first)

    def test_a_workspace_that_is_a_file_is_refused(self, terminal):
        with terminal.acting():
            (terminal.folder / "ws").write_text("")

        assert "is not a folder" in terminal.error("up", terminal.folder / "ws", *terminal.options)

    def test_a_service_that_cannot_start_ends_up_with_its_last_words(self, terminal):
        with terminal.acting():
            (terminal.folder / "ws" / "workspace.db").mkdir(parents=True)

        said = terminal.error("up", terminal.folder / "ws", *terminal.options, "--no-tcp")

        assert said.startswith("the annotate service ended with code 1 at its start: "), said
        assert "unable to open database file" in said
        assert "service.log" in said

    def test_nothing_listens_on_tcp_but_the_door(self, terminal):
        stack = terminal.up()
        port = json.loads((stack.run_dir / "stack.json").read_text())["port"]

        with socket.create_connection(("127.0.0.1", port), 5) as browser:
            browser.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert b" 401 " in browser.recv(200)
            browser.sendall(f"GET /health HTTP/1.1\r\nHost: evil.example:{port}\r\n\r\n".encode())
            wait_until(lambda: b" 403 " in browser.recv(4096))
