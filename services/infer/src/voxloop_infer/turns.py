"""Who is served next: one request at a time, and of each client only its newest."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from voxloop_shared.errors import Superseded


class Turns:
    """Lets requests in one by one; `stop` is told the number of one that is under way and that nobody waits for any more."""

    def __init__(self, stop: Callable[[int], None] = lambda _number: None) -> None:
        self._stop = stop
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._newest: dict[str, int] = {}
        self._running: tuple[int, str] | None = None
        self._given_up = 0

    @contextmanager
    def take(self, client: str | None = None) -> Iterator[int]:
        """Wait until nobody else is served, and give the request's number; raises Superseded once the client has asked again.

        Requests without a client supersede none.
        """
        number = next(self._numbers)
        client = f"client {client}" if client is not None else f"request {number}"
        self._wait(number, client)
        try:
            yield number
        finally:
            with self._changed:
                self._running = None
                if self._newest.get(client) == number:
                    del self._newest[client]
                self._changed.notify_all()

    def check(self, number: int) -> None:
        """Raise Superseded once the client of the request that is under way has asked again."""
        if self._given_up == number:
            raise Superseded("a newer preview was asked for")

    def _wait(self, number: int, client: str) -> None:
        with self._changed:
            self._newest[client] = number
            if self._running is not None and self._running[1] == client:
                self._given_up = self._running[0]
                self._stop(self._given_up)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._running is None or self._newest.get(client) != number)
            if self._newest.get(client) != number:
                raise Superseded("a newer preview was asked for")
            self._running = number, client
