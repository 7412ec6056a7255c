"""Which of a run's weights are kept, and when to look no further."""

import math
from typing import Any

from torch import Tensor, nn

from voxloop_shared.nets.weights import copy_state
from voxloop_train.answers import Score
from voxloop_train.checkpoint import Checkpoint

_EARLIEST = 1 / 3
"""Share of the budget before which no run is given up."""
_TELLING = 2500
"""Held-out voxels whose Dice is known to about 0.02: with fewer, a score that stands still says nothing."""


class Selection:
    """Keeps a copy of the best weights of a run, and knows since when none was better.

    A score below the peak by less than the sampling error of so few voxels (1 / √n) is as good: then the network that has
    learnt longer is kept. For the same reason few voxels end a run only when its scores are clearly worse than the peak,
    which is overfitting, while with many a peak that nothing exceeds is enough.
    """

    def __init__(self, voxels: int, patience: float) -> None:
        self._tolerance = 1 / math.sqrt(max(1, voxels))
        self._slack = 0.0 if voxels >= _TELLING else self._tolerance
        self._patience = patience
        self._peak = -math.inf
        self._hopeful_at = 0.0
        self.weights: dict[str, Tensor] = {}
        self.score = Score([])
        self.step = 0

    def offer(self, network: nn.Module, score: Score, step: int, used: float) -> None:
        """Look at the network that a run has reached after so many steps and such a share of its budget."""
        if not score.mean <= self._peak - self._slack:  # a comparison with NaN, where nothing is held out, is false
            self._hopeful_at = used
        self._peak = max(self._peak, score.mean)
        if not self.weights or not score.mean < self._peak - self._tolerance:
            self.weights, self.score, self.step = copy_state(network), score, step

    def is_exhausted(self, used: float) -> bool:
        """Say whether held-out strokes have not got better for longer than patience lasts."""
        return used >= _EARLIEST and used - self._hopeful_at > self._patience

    def checkpoint(self) -> Checkpoint:
        """Give all that `restore` needs."""
        values: dict[str, Any] = {"peak": self._peak, "hopeful_at": self._hopeful_at, "dice": self.score.dice, "step": self.step}
        found = Checkpoint(values=values)
        found.put("weights", self.weights)
        return found

    def restore(self, stored: Checkpoint) -> None:
        """Go on from a checkpoint."""
        self._peak, self._hopeful_at = stored.values["peak"], stored.values["hopeful_at"]
        self.weights, self.score, self.step = stored.group("weights"), Score(stored.values["dice"]), stored.values["step"]
