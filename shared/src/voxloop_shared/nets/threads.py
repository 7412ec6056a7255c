"""How many threads a network runs with: measured while the work goes on.

Threads that work on one layer wait for each other at its end. Where other programs use the cores too, each such wait
costs a turn of the scheduler, and two threads can be ten times slower than one.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import torch

_TRIES = 3
_HOPELESS = 2.0
"""A number of threads that is so much slower in two tries (the first prepares kernels) gets no third."""
_SOON_S = 4.0
_SELDOM_S = 64.0


@contextmanager
def one_thread() -> Iterator[None]:
    """Have torch use one thread for operations so small that others would only be waited for."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class ThreadTuner:
    """Finds the fastest number of threads, and looks again now and then, for the other programs come and go."""

    def __init__(self, most: int, put: Callable[[int], None] = torch.set_num_threads, now: Callable[[], float] = time.perf_counter) -> None:
        self._most = most
        self._put = put
        self._now = now
        self._pause_s = _SOON_S
        self._times: dict[int, list[float]] = {}
        self._next_look = float("inf")
        self.threads = most
        self._look()

    @contextmanager
    def timed(self, amount: float = 1.0) -> Iterator[None]:
        """Run a piece of work, as large as `amount` says, with the best number of threads or one that is on trial."""
        threads = self._trials[0] if self._trials else self.threads
        self._put(threads)
        start = self._now()
        yield
        if self._trials:
            self._note(threads, (self._now() - start) / amount)
        elif self._now() >= self._next_look:
            self._look()

    def _look(self) -> None:
        """Put the present number on trial, with half and twice of it."""
        counts = (self.threads, self.threads // 2, self.threads * 2)
        self._trials = [count for count in counts if 1 <= count <= self._most]
        self._times = {}
        if len(self._trials) < 2:
            self._trials = []

    def _note(self, threads: int, seconds: float) -> None:
        times = self._times.setdefault(threads, [])
        times.append(seconds)
        others = [median(others) for count, others in self._times.items() if count != threads]
        is_hopeless = len(times) > 1 and bool(others) and min(times) > _HOPELESS * min(others)
        if len(times) == _TRIES or is_hopeless:
            self._trials.pop(0)
        if not self._trials:
            self._decide()

    def _decide(self) -> None:
        best = min(self._times, key=lambda count: median(self._times[count]))
        self._pause_s = _SOON_S if best != self.threads else min(2 * self._pause_s, _SELDOM_S)
        self.threads = best
        self._next_look = self._now() + self._pause_s
