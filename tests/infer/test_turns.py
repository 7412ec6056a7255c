"""One is served at a time, and of each client only the newest request."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.waiting import wait_until
from voxloop_infer.turns import Turns
from voxloop_shared.errors import Superseded


class Desk:
    """Serves requests that stay until they are let go or given up."""

    def __init__(self) -> None:
        self.stopped: list[int] = []
        self.turns = Turns(self.stopped.append)
        self.served: list[str] = []
        self.may_go = threading.Event()
        self.pool = ThreadPoolExecutor(4)

    def ask(self, name: str, client: str | None = None) -> Future[str]:
        return self.pool.submit(self._serve, name, client)

    def is_serving(self, name: str) -> None:
        wait_until(lambda: self.served[-1:] == [name])

    def _serve(self, name: str, client: str | None) -> str:
        with self.turns.take(client) as number:
            self.served.append(name)
            wait_until(lambda: self.turns.check(number) or self.may_go.is_set())
        return name


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.may_go.set()
    desk.pool.shutdown()


def test_a_newer_request_ends_the_one_that_is_served(desk: Desk):
    first = desk.ask("first", "page")
    desk.is_serving("first")
    second = desk.ask("second", "page")
    assert isinstance(first.exception(10), Superseded)
    assert desk.stopped == [1]
    desk.is_serving("second")
    desk.may_go.set()
    assert second.result(10) == "second"


def test_a_newer_request_ends_one_that_waits_and_leaves_other_clients_alone(desk: Desk):
    other = desk.ask("other", "another page")
    desk.is_serving("other")
    waiting = [desk.ask("a", "page"), desk.ask("b", "page"), desk.ask("c", "page")]
    wait_until(lambda: sum(future.done() for future in waiting) == 2)
    desk.may_go.set()
    assert other.result(10) == "other"
    outcomes = [future.exception(10) for future in waiting]
    assert sorted(type(error).__name__ for error in outcomes) == ["NoneType", "Superseded", "Superseded"]


def test_requests_without_a_client_supersede_none(desk: Desk):
    asked = [desk.ask(name) for name in "abc"]
    desk.may_go.set()
    assert sorted(future.result(10) for future in asked) == ["a", "b", "c"]
    assert desk.stopped == []
