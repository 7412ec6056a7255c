"""The client keeps its connections, and says what went wrong."""

import asyncio
import hashlib
import os
import sys
import threading
from pathlib import Path

import pytest
from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from tests.conftest import serving
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import NotFound, ServiceTimeout, ServiceUnavailable
from voxloop_shared.server import create_api
from voxloop_shared.sockets import bind_socket

unclosed_on_refusal = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
"""httpcore leaves the socket of a refused connection to the garbage collector."""


@pytest.fixture
def client(serve_app) -> ServiceClient:
    api = create_api("thing", "1")
    release = threading.Event()

    @api.get("/connection")
    def connection(request: Request):
        return id(request.scope["voxloop.peer"])

    @api.get("/slow")
    async def slow():
        await run_in_threadpool(release.wait, 5)

    @api.get("/release")
    def let_go():
        release.set()

    @api.put("/digest", max_body_size=sys.maxsize)
    async def digest(request: Request):
        found, size = hashlib.sha256(), 0
        async for piece in request.stream():
            found.update(piece)
            size += len(piece)
        return {"digest": found.hexdigest(), "size": size}

    @api.get("/query")
    def query(request: Request):
        return dict(request.query_params)

    @api.get("/pieces")
    async def pieces():
        async def give():
            for number in range(3):
                yield f"{number}\n"
                await asyncio.sleep(0)

        return StreamingResponse(give())

    return serve_app(api)


def test_one_connection_serves_many_requests(client: ServiceClient):
    assert len({client.get("/connection") for _ in range(20)}) == 1


def test_threads_share_a_client(client: ServiceClient):
    found: list[dict] = []
    threads = [threading.Thread(target=lambda n=n: found.append(client.get("/query", n=n))) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int(entry["n"]) for entry in found) == list(range(20))


def test_what_is_none_is_not_asked(client: ServiceClient):
    assert client.get("/query", a=None, b=0, c="") == {"b": "0", "c": ""}


def test_what_the_path_asks_is_asked_with_the_rest(client: ServiceClient):
    assert client.get("/query?a=1&b=x%20y") == {"a": "1", "b": "x y"}
    assert client.get("/query?a=1", b="x y", c=None) == {"a": "1", "b": "x y"}


def test_no_answer_in_time_is_a_timeout(client: ServiceClient):
    with pytest.raises(ServiceTimeout, match="thing"):
        client.request("GET", "/slow", timeout_s=0.05)
    client.get("/release")


@unclosed_on_refusal
def test_nobody_there_is_unavailable(run_dir: Path):
    with ServiceClient(run_dir / "infer" / "http.sock") as client, pytest.raises(ServiceUnavailable, match="infer"):
        client.get("/")


@unclosed_on_refusal
def test_a_stale_socket_is_unavailable(run_dir: Path):
    path = run_dir / "infer" / "http.sock"
    bind_socket(path).close()
    with ServiceClient(path) as client, pytest.raises(ServiceUnavailable):
        client.get("/")


def test_a_service_that_hangs_up_is_unavailable(run_dir: Path):
    path = run_dir / "infer" / "http.sock"
    with bind_socket(path) as listener:

        def hang_up() -> None:
            connection, _ = listener.accept()
            connection.recv(10)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with ServiceClient(path) as client, pytest.raises(ServiceUnavailable):
            client.get("/")
        thread.join()


def test_a_client_outlives_a_restart_of_the_service(run_dir: Path):
    path = run_dir / "thing" / "http.sock"
    api = create_api("thing", "1")

    @api.get("/")
    def root():
        return 1

    with ServiceClient(path) as client:
        for _ in range(2):
            with serving(api, path):
                assert client.get("/") == 1


def test_a_stream_comes_in_pieces_and_its_errors_are_ours(client: ServiceClient):
    with client.stream("GET", "/pieces") as response:
        assert list(response.iter_lines()) == ["0", "1", "2"]
    with pytest.raises(NotFound), client.stream("GET", "/none"):
        pass


def test_large_bodies_arrive_from_memory_and_from_a_file(client: ServiceClient, tmp_path: Path):
    content = os.urandom(1 << 20) * 64
    right = {"digest": hashlib.sha256(content).hexdigest(), "size": len(content)}
    assert client.request("PUT", "/digest", content=content).json() == right
    (tmp_path / "file").write_bytes(content)
    assert client.upload("/digest", tmp_path / "file") == right


def test_a_socket_that_never_accepts_is_a_timeout_or_unavailable(run_dir: Path):
    path = run_dir / "infer" / "http.sock"
    with bind_socket(path), ServiceClient(path, timeout_s=0.1) as client, pytest.raises((ServiceTimeout, ServiceUnavailable)):
        client.get("/")
