"""Every service refuses bodies that are too large, announced or not, in the one error form."""

import http.client
import itertools
import json
import socket
import sys

import pytest
from fastapi import Request

from voxloop_shared import errors
from voxloop_shared.client import ServiceClient
from voxloop_shared.schemas import Schema
from voxloop_shared.server import MOST_BODY_BYTES, create_api

MIB = 2**20


class Numbers(Schema):
    """A body."""

    numbers: list[int]


@pytest.fixture
def client(serve_app) -> ServiceClient:
    api = create_api("thing", "1")

    @api.post("/numbers")
    def numbers(body: Numbers):
        return len(body.numbers)

    @api.post("/ignored")
    def ignored():
        return "done"

    @api.put("/image", max_body_size=sys.maxsize)
    async def image(request: Request):
        return sum([len(piece) async for piece in request.stream()])

    @api.get("/refused")
    def refused():
        raise errors.TooLarge("a preview of 9×9 voxels is too large")

    return serve_app(api)


def numbers(mib: float) -> bytes:
    return b'{"numbers":[' + b"1," * int(mib * MIB / 2) + b"1]}"


def test_a_body_below_the_limit_is_read(client: ServiceClient):
    assert client.request("POST", "/numbers", content=numbers(2), headers={"Content-Type": "application/json"}).json() == MIB + 1


@pytest.mark.parametrize("route", ["/numbers", "/ignored", "/none"])
def test_an_announced_body_is_refused(client: ServiceClient, route: str):
    with pytest.raises(errors.TooLarge, match="32 MiB"):
        client.request("POST", route, content=numbers(33), headers={"Content-Type": "application/json"})
    assert client.post("/ignored") == "done", "the connection, or a new one, works"


def test_a_body_that_does_not_say_how_large_it_is_is_counted(client: ServiceClient):
    with pytest.raises(errors.TooLarge, match="32 MiB"):
        client.request("POST", "/numbers", content=iter([numbers(20), numbers(20)]), headers={"Content-Type": "application/json"})


def test_the_whole_body_is_taken_off_the_wire_before_the_answer(client: ServiceClient):
    """As browsers do, send all before looking at the answer: a server that closes earlier breaks the connection."""
    with socket.socket(socket.AF_UNIX) as wire:
        wire.connect(str(client.socket_file))
        wire.settimeout(20)
        size = 3 * MOST_BODY_BYTES
        wire.sendall(f"POST /numbers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n".encode())
        for _ in range(size // MIB):
            wire.sendall(b" " * MIB)
        response = http.client.HTTPResponse(wire)
        response.begin()
        assert (response.status, response.headers["content-type"]) == (413, "application/json")
        assert json.loads(response.read())["error"]["type"] == "TooLarge"


def test_a_route_that_streams_may_take_more(client: ServiceClient):
    pieces = itertools.repeat(b"x" * MIB, 40)
    assert client.request("PUT", "/image", content=pieces).json() == 40 * MIB


def test_what_a_route_itself_finds_too_large_keeps_its_words(client: ServiceClient):
    with pytest.raises(errors.TooLarge, match="a preview of 9×9"):
        client.get("/refused")
