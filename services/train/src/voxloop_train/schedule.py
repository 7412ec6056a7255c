"""The clock of a training: what share of the budget is used, and the learning rate that goes with it."""

import math
import time
from collections.abc import Callable

_WARM_UP = 0.05


class Clock:
    """Time and steps against what is allowed; starts when it is made."""

    def __init__(self, budget_s: float, steps: int | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._start = now()
        self._steps = steps
        self.budget_s = budget_s
        self.reserve_s = 0.0
        """What the end of the training will still need."""

    @property
    def elapsed_s(self) -> float:
        """Give the seconds since the start."""
        return self._now() - self._start

    def used(self, step: int) -> float:
        """Give the share of the budget that is used, 0..1, by time or by steps, whichever is further."""
        by_time = self.elapsed_s / max(self.budget_s - self.reserve_s, 1e-3)
        return min(1.0, max(by_time, step / self._steps if self._steps else 0.0))


def learning_rate(used: float, highest: float) -> float:
    """Rise for a twentieth of the budget, then fall along a cosine to zero."""
    if used < _WARM_UP:
        return highest * (0.05 + 0.95 * used / _WARM_UP)
    return highest * 0.5 * (1 + math.cos(math.pi * (used - _WARM_UP) / (1 - _WARM_UP)))
