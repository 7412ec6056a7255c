"""The port is taken once and for all, by the one who asks for it first."""

import os
import signal
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.waiting import PATIENCE_S
from voxloop_compose.door import Door, make_door
from voxloop_shared.errors import Conflict


@pytest.fixture
def doors() -> Iterator[ExitStack]:
    with ExitStack() as doors:
        yield doors


def taken(doors: ExitStack, port: int | None = None) -> Door:
    door = make_door(port)
    doors.callback(door.close)
    return door


def test_stacks_that_start_at_the_same_moment_take_different_ports(doors: ExitStack):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: taken(doors), range(8)))
    assert len({door.port for door in found}) == 8


def test_a_port_is_free_again_when_its_door_is_closed(doors: ExitStack):
    door = taken(doors)
    with pytest.raises(Conflict, match=f"port {door.port} cannot be used"):
        make_door(door.port)
    door.close()
    assert taken(doors, door.port).port == door.port


def test_the_token_is_not_shown_where_a_door_is(doors: ExitStack):
    door = taken(doors)
    assert door.token not in repr(door)
    assert door.token in door.url


def test_who_knocks_while_annotate_is_away_is_let_in_when_it_is_back(terminal):
    stack = terminal.up()
    pid = stack.pid_of("annotate")
    os.kill(pid, signal.SIGKILL)
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(stack.url, timeout=PATIENCE_S) as answer:
        assert answer.status == 200
    assert stack.pid_of("annotate") != pid
