"""Who calls, where the kernel's answer is not at hand: a forwarder introduces, one of our own processes says for whom it works."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn

from tests.shared.test_server import make_api
from tests.waiting import PATIENCE_S, wait_until
from voxloop_shared.behalf import working_for
from voxloop_shared.client import ServiceClient
from voxloop_shared.identity import Caller, groups_of_peer, introduce, this_process
from voxloop_shared.server import Admission, peer_protocol
from voxloop_shared.sockets import bind_socket

_WHO = b"GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
_ADA = Caller(uid=70_001, pid=4711, user="ada")


@pytest.fixture
def introducing(run_dir: Path) -> Iterator[Callable[[bytes], bytes]]:
    """Run a server with a socket at which others are introduced; gives what it answers to what is sent there."""
    own, door = run_dir / "own.sock", run_dir / "share.sock"
    admission = Admission(introduced=door)
    listeners = [bind_socket(own), bind_socket(door)]
    server = uvicorn.Server(uvicorn.Config(make_api(), http=peer_protocol(admission), ws="none", log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": listeners})
    thread.start()
    wait_until(lambda: server.started)

    def send(*pieces: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(door))
            for piece in pieces:
                connection.sendall(piece)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    yield send
    server.should_exit = True
    thread.join(PATIENCE_S)


def test_a_forwarder_introduces_who_is_at_the_far_end(introducing):
    line = introduce(_ADA, is_admitted=True)
    for pieces in ((line + _WHO,), (line, _WHO), (line[:9], line[9:] + _WHO[:5], _WHO[5:])):
        head, _, body = introducing(*pieces).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert json.loads(body) == {"uid": 70_001, "pid": 4711, "user": "ada"}


def test_whom_the_forwarder_calls_a_stranger_gets_403(introducing):
    answer = introducing(introduce(_ADA, is_admitted=False) + _WHO)
    assert answer.startswith(b"HTTP/1.1 403")
    assert b"user ada (uid 70001) may not use this service" in answer


@pytest.mark.parametrize("line", [_WHO, b"voxloop-member 1 2\n" + _WHO, b"voxloop-member one 2 ada\n" + _WHO, b"x" * 1000])
def test_without_an_introduction_nothing_is_answered(introducing, line: bytes):
    assert introducing(line) == b""


def test_one_of_our_own_processes_is_believed_for_whom_it_works(serve_app):
    client: ServiceClient = serve_app(make_api())
    with working_for("ada"):
        assert client.get("/who")["user"] == "ada"
    assert client.get("/who")["user"] == this_process().user


def test_a_stranger_is_not_believed_for_whom_they_work(introducing):
    line = introduce(_ADA, is_admitted=True)
    answer = introducing(line + _WHO.replace(b"Host: x", b"Host: x\r\nX-Voxloop-For: root"))
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["user"] == "ada"


def test_the_kernel_says_in_which_groups_a_caller_is(crew, run_dir: Path):
    with bind_socket(run_dir / "groups.sock", mode=0o666, folder_mode=0o755) as listener:
        for who, is_member in ((crew.ada, True), (crew.stranger, False)):
            who.run("-c", f"import socket; socket.socket(socket.AF_UNIX).connect({str(run_dir / 'groups.sock')!r})")
            connection, _ = listener.accept()
            with connection:
                assert (crew.gid in groups_of_peer(connection)) is is_member
