"""Judging the instant learner on strokes that its forest has not seen: whole strokes, in folds."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voxloop_train.answers import Answers
from voxloop_train.distillation import ask, grow_forest

_FOLDS = 3
_FEWEST_TREES = 10
_RAREST = 1e-3
"""Probability that stands for none: that no tree has voted for a class does not make it impossible."""

Channels = NDArray[np.int64]


class Folds:
    """Strokes dealt into folds, each class apart, so that every fold has some of each class that has enough strokes."""

    def __init__(self, stroke: NDArray[np.int32], channel: Channels, classes: int) -> None:
        self._classes = classes
        self._channel = channel
        self._stroke = stroke
        self.fair = 0
        """Folds whose strokes could be judged."""
        self._fold = np.zeros(len(stroke), np.int64)
        for c in range(classes):
            numbers, voxels = np.unique(stroke[channel == c], return_counts=True)
            for place, number in enumerate(numbers[np.argsort(-voxels, kind="stable")]):
                self._fold[(stroke == number) & (channel == c)] = place % _FOLDS

    def ask(self, features: Tensor, trees: int, seed: int) -> Answers:
        """Give what forests that have not seen a stroke say of it; strokes of a fold without which a class is unknown are left out."""
        logits = torch.full((len(self._channel), self._classes), math.nan)
        for number in range(_FOLDS):
            held, rest = self._fold == number, self._fold != number
            is_fair = bool(held.any()) and len(np.unique(self._channel[rest])) == self._classes
            if is_fair:
                forest = grow_forest(features[torch.from_numpy(rest)], self._channel[rest], max(_FEWEST_TREES, trees // 3), seed)
                given = ask(forest, features[torch.from_numpy(held)], self._classes)
                logits[torch.from_numpy(held)] = given.clamp(min=_RAREST).log()
        asked = ~logits[:, 0].isnan()
        self.fair = len(np.unique(self._fold[asked.numpy()]))
        return Answers(logits[asked], torch.from_numpy(self._channel)[asked], torch.from_numpy(self._stroke.astype(np.int64))[asked])

    @property
    def note(self) -> str:
        """Say how the strokes were judged."""
        return f"whole strokes held out, {self.fair} folds" if self.fair else "nothing held out: too few separate strokes"
