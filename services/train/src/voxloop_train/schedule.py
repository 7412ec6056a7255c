"""The clock of a training: what share of the budget is used, and the learning rate that goes with it."""

import math
import time
from collections.abc import Callable

_WARM_UP = 0.05
_LEAD = 0.1
"""How far time may be ahead of steps, as a share of the budget, before it counts."""

JUDGED_SHARE = 2 / 3
"""Share of the schedule after which held-out strokes may be given back to training."""


class Clock:
    """Time and steps against what is allowed; starts when it is made, after what an interrupted attempt has used already."""

    def __init__(self, budget_s: float, steps: int | None = None, used_s: float = 0.0, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._start = now() - used_s
        self._steps = steps
        self.budget_s = budget_s
        self.reserve_s = 0.0
        """What the end of the training will still need."""

    @property
    def elapsed_s(self) -> float:
        """Give the seconds since the start."""
        return self._now() - self._start

    def used(self, step: int) -> float:
        """Give the share of the budget that is used, 0..1: by time, or by steps, unless time is clearly further.

        Were it by time at the first steps, which take longer than the rest, the same seed would not learn the same twice.
        """
        by_time = self.elapsed_s / max(self.budget_s - self.reserve_s, 1e-3)
        if not self._steps:
            return min(1.0, by_time)
        return min(1.0, max(step / self._steps, (by_time - _LEAD) / (1 - _LEAD)))


class Schedule:
    """Where a training stands between its start (0) and its end (1), and the learning rate there.

    That is the share of the budget that is used, unless the last third, in which held-out strokes are trained on, begins
    earlier: then it is as much shorter as what came before it.
    """

    def __init__(self, highest: float) -> None:
        self._highest = highest
        self.given_back_at: float | None = None

    def place(self, used: float) -> float:
        """Give the place for a used share of the budget."""
        return min(1.0, used * JUDGED_SHARE / self.given_back_at) if self.given_back_at is not None else used

    def give_back(self, used: float) -> None:
        """Begin the last third."""
        self.given_back_at = min(used, JUDGED_SHARE)

    def rate(self, used: float) -> float:
        """Give the learning rate."""
        return learning_rate(self.place(used), self._highest)


def learning_rate(used: float, highest: float) -> float:
    """Rise for a twentieth of the budget, then fall along a cosine to zero."""
    if used < _WARM_UP:
        return highest * (0.05 + 0.95 * used / _WARM_UP)
    return highest * 0.5 * (1 + math.cos(math.pi * (used - _WARM_UP) / (1 - _WARM_UP)))
