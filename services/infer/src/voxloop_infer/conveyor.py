"""Steps that overlap: while one thing is worked on, the next is fetched and the last put away."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

In = TypeVar("In")
Out = TypeVar("Out")


def overlapped(executor: Executor, step: Callable[[In], Out], things: Iterable[In], ahead: int) -> Iterator[Out]:
    """Give what a step makes of things, in their order; up to `ahead` of them are under way or wait to be taken, while the next is fetched.

    With 0 nothing is fetched before the step is done.
    """
    under_way: deque[Future[Out]] = deque()
    try:
        for thing in things:
            under_way.append(executor.submit(step, thing))
            del thing  # which may be large, while the next one is fetched
            while len(under_way) >= ahead + 1:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for future in under_way:
            future.cancel()
