"""Bytes are carried between a listener on the host and a socket that a container binds."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_S
from voxloop_compose.containers.forwarder import Forwarder
from voxloop_shared.sockets import bind_socket, listen_on_loopback

LARGE = bytes(range(256)) * 20_000


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with listen_on_loopback(0) as made:
        yield made


@contextlib.contextmanager
def echoing(path: Path) -> Iterator[None]:
    """Answer each connection with what it says, once it has said all."""
    service = bind_socket(path)

    def serve() -> None:
        while True:
            try:
                connection, _ = service.accept()
            except OSError:
                return
            with connection:
                said = b"".join(iter(partial(connection.recv, 65536), b""))
                with contextlib.suppress(BrokenPipeError):  # who asked was cut off
                    connection.sendall(said)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        service.shutdown(socket.SHUT_RDWR)
        service.close()
        thread.join(PATIENCE_S)


def ask(listener: socket.socket, said: bytes) -> bytes:
    with socket.create_connection(listener.getsockname(), 20) as near:
        sender = threading.Thread(target=lambda: (near.sendall(said), near.shutdown(socket.SHUT_WR)))
        sender.start()
        heard = b"".join(iter(lambda: near.recv(65536), b""))
        sender.join(PATIENCE_S)
    return heard


def test_megabytes_pass_both_ways_for_several_at_once(listener, run_dir):
    forwarder = Forwarder(listener, run_dir / "door.sock").start()
    heard: list[bytes] = []
    with echoing(run_dir / "door.sock"):
        askers = [threading.Thread(target=lambda: heard.append(ask(listener, LARGE))) for _ in range(4)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join(PATIENCE_S)
    forwarder.close()

    assert heard == [LARGE] * 4


def test_who_comes_before_the_service_waits_for_it(listener, run_dir):
    forwarder = Forwarder(listener, run_dir / "door.sock").start()
    heard: list[bytes] = []
    early = threading.Thread(target=lambda: heard.append(ask(listener, b"early")))
    early.start()
    with echoing(run_dir / "door.sock"):
        early.join(PATIENCE_S)
    forwarder.close()

    assert heard == [b"early"]


def test_a_preface_comes_first_and_none_shuts_the_way(listener, run_dir):
    allowed = [b"ada\n", None]
    forwarder = Forwarder(listener, run_dir / "door.sock", lambda _connection: allowed.pop(0)).start()
    with echoing(run_dir / "door.sock"):
        assert ask(listener, b"hello") == b"ada\nhello"
        with socket.create_connection(listener.getsockname(), 20) as refused:
            assert refused.recv(10) == b""
    forwarder.close()


def test_closing_cuts_what_is_open_and_leaves_the_listener(listener, run_dir):
    has_come = threading.Event()

    def note(_connection: socket.socket) -> bytes:
        has_come.set()
        return b""

    with echoing(run_dir / "door.sock"):
        forwarder = Forwarder(listener, run_dir / "door.sock", note).start()
        with socket.create_connection(listener.getsockname(), 20) as near:
            assert has_come.wait(20)
            forwarder.close()
            with contextlib.suppress(ConnectionResetError):
                assert near.recv(10) == b""
        again = Forwarder(listener, run_dir / "door.sock").start()
        assert ask(listener, b"again") == b"again"
        again.close()
