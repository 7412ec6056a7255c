"""More crops per step where they cost hardly any time: a GPU is idle while it waits for small pieces of work."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from voxloop_train.batchsize import BatchSize

log = logging.getLogger(__name__)

_TRIES = 5
"""Steps with each number of crops; the first prepares kernels and does not count."""
_PAYS = 0.65
"""Twice the crops must take less than this share of the time per crop: 0.5 would be for nothing, 1 no gain."""


class BatchGrowth:
    """Doubles the crops per step as long as that pays and memory lasts."""

    def __init__(self, batch: BatchSize, most: int, wait: Callable[[], None], now: Callable[[], float] = time.perf_counter) -> None:
        self._batch = batch
        self._most = most
        self._wait = wait
        self._now = now
        self._times: list[float] = []
        self._size = batch.size
        self._best_s = float("inf")
        """Seconds per crop with half as many."""
        self.is_settled = False

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Do a step; `wait` returns when the device has done it."""
        if self.is_settled:
            yield
            return
        self._wait()
        start = self._now()
        yield
        self._wait()
        self._note(self._now() - start)

    def _note(self, seconds: float) -> None:
        if self._batch.size != self._size:  # there was no memory for so many
            self._settle(self._batch.size)
            return
        self._times.append(seconds)
        if len(self._times) == _TRIES:
            self._decide(min(self._times[1:]) / self._size)

    def _decide(self, per_crop_s: float) -> None:
        if per_crop_s > _PAYS * self._best_s:
            self._settle(max(1, self._size // 2))
        elif 2 * self._size > self._most:
            self._settle(self._size)
        else:
            self._best_s, self._times = per_crop_s, []
            self._size = self._batch.size = 2 * self._size

    def _settle(self, size: int) -> None:
        self._batch.size, self.is_settled = size, True
        log.info("%d crops per step", size)
