"""Spacing: proposals keep their distance from each other and from what was looked at; where strokes lie, places count less."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from voxloop_infer.review.candidates import Candidates, Numbers
from voxloop_shared.schemas import Box

_APART = 0.75
"""Least distance of two places, in sides."""
_NEAR = 0.125
"""Strokes count as far as so many sides before and behind a slice."""
_LABELLED_WEIGHT = 0.1
"""What a place that is covered with strokes still counts."""


class Spacing:
    """Non-maximum suppression: once a place is taken, all others whose middles are nearer than `_APART` sides are out."""

    def __init__(self, candidates: Candidates, side: int, voxel_size: tuple[float, float, float], seen: Sequence[Box]) -> None:
        self._unit = np.array(voxel_size) / np.median(voxel_size)
        self._middles = candidates.boxes.mean(axis=2) * self._unit
        self._least = _APART * side
        self.free: NDArray[np.bool_] = np.ones(len(candidates), bool)
        for box in seen:
            self._clear(np.array(box, float).mean(axis=1) * self._unit)

    def take(self, number: int) -> None:
        """Choose a candidate, and rule its neighbours out."""
        self._clear(self._middles[number])

    def _clear(self, middle: Numbers) -> None:
        self.free &= ((self._middles - middle) ** 2).sum(axis=1) >= self._least**2


def freshness(candidates: Candidates, side: int, labelled: Sequence[Box]) -> Numbers:
    """Give what each candidate counts, 0.1..1: the less the more of it strokes cover, on its own slice or beside it."""
    covered = np.zeros(len(candidates))
    rows = np.arange(len(candidates))
    reach = np.zeros((len(candidates), 3))
    reach[rows, candidates.across] = max(1.0, _NEAR * side)
    low, high = candidates.boxes[:, :, 0] - reach, candidates.boxes[:, :, 1] + reach
    sizes = high - low
    for box in np.array(labelled, float).reshape(-1, 3, 2):
        shared = np.clip(np.minimum(high, box[:, 1]) - np.maximum(low, box[:, 0]), 0, None) / sizes
        shared[rows, candidates.across] = shared[rows, candidates.across] > 0
        covered += shared.prod(axis=1)
    return np.asarray(1 - (1 - _LABELLED_WEIGHT) * np.minimum(1, covered))
