"""Crops cut ahead of time, so that a GPU does not wait for them."""

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from voxloop_train.crops import Place
from voxloop_train.sampling import Batch, Sampler, Teacher

_AHEAD = 6
"""Batches under way or waiting."""


class _Promise(NamedTuple):
    """A batch that is being cut, and the state of the generator from before its places were drawn."""

    size: int
    before: Mapping[str, Any]
    crops: Future[Batch]


class Prefetch:
    """A sampler whose crops are cut by threads; they are the very ones that it would give when asked.

    Places are drawn by whoever asks, one batch after another. Whenever something changes for the batches to come (their size, the
    guide, or the generator, which a checkpoint reads), those that nobody has seen yet are given up, and drawn again.
    """

    def __init__(self, sampler: Sampler, threads: int, *, pins: bool) -> None:
        self._sampler = sampler
        self._pins = pins
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="crops")
        self._promises: deque[_Promise] = deque()

    @property
    def random(self) -> np.random.Generator:
        """Give the generator, in the state in which the next batch will be drawn."""
        self._give_up()
        return self._sampler.random

    @property
    def guide(self) -> Teacher | None:
        """Give who tells of voxels without a label."""
        return self._sampler.guide

    @guide.setter
    def guide(self, teacher: Teacher | None) -> None:
        self._give_up()
        self._sampler.guide = teacher

    def batch(self, n: int) -> Batch:
        """Give the next crops, as Sampler does."""
        if self._promises and self._promises[0].size != n:
            self._give_up()
        while len(self._promises) <= _AHEAD:
            before = self._sampler.random.bit_generator.state
            self._promises.append(_Promise(n, before, self._threads.submit(self._cut, self._sampler.draw(n))))
        return self._promises.popleft().crops.result()

    def _cut(self, places: list[Place]) -> Batch:
        images, targets, told = self._sampler.cut(places)
        if not self._pins:
            return images, targets, told
        return images.pin_memory(), targets.pin_memory(), None if told is None else told.pin_memory()

    def _give_up(self) -> None:
        if self._promises:
            self._sampler.random.bit_generator.state = self._promises[0].before
        for promise in self._promises:
            promise.crops.cancel()
        self._promises.clear()
