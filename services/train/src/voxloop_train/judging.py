"""Judging the instant learner on strokes that its forest has not seen: whole strokes, in folds."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voxloop_train.answers import Answers
from voxloop_train.distillation import Check, ask, grow_forest
from voxloop_train.holdout import beside
from voxloop_train.pupils import Pupils

_FOLDS = 3
_NO_FOLD = -1
_FEWEST_TREES = 10
_RAREST = 1e-3
"""Probability that stands for none: that no tree has voted for a class does not make it impossible."""


class Folds:
    """Strokes dealt into folds, each class apart, so that every fold has some of each class that has enough strokes.

    What was accepted from a prediction is in no fold, for it is never judged on; forests learn from what of it lies apart from their fold.
    """

    def __init__(self, pupils: Pupils, classes: int) -> None:
        self._classes = classes
        self._pupils = pupils
        self._channel, self._stroke = pupils.channel, pupils.stroke
        self.fair = 0
        """Folds whose strokes could be judged."""
        self.asked = np.zeros(len(self._stroke), bool)
        """Pupils that were judged."""
        self._fold = np.full(len(self._stroke), _NO_FOLD)
        for c in range(classes):
            of_class = (self._channel == c) & pupils.by_hand
            numbers, voxels = np.unique(self._stroke[of_class], return_counts=True)
            for place, number in enumerate(numbers[np.argsort(-voxels, kind="stable")]):
                self._fold[(self._stroke == number) & of_class] = place % _FOLDS

    def ask(self, features: Tensor, trees: int, seed: int, check: Check = lambda: None) -> Answers:
        """Give what forests that have not seen a stroke say of it; strokes of a fold without which a class is unknown are left out."""
        logits = torch.full((len(self._channel), self._classes), math.nan)
        for number in range(_FOLDS):
            check()
            held = self._fold == number
            rest = self._apart_from(held)
            is_fair = bool(held.any()) and len(np.unique(self._channel[rest])) == self._classes
            if is_fair:
                forest = grow_forest(features[torch.from_numpy(rest)], self._channel[rest], max(_FEWEST_TREES, trees // 3), seed)
                given = ask(forest, features[torch.from_numpy(held)], self._classes)
                logits[torch.from_numpy(held)] = given.clamp(min=_RAREST).log()
        asked = ~logits[:, 0].isnan()
        self.asked = asked.numpy()
        self.fair = len(np.unique(self._fold[self.asked]))
        return Answers(logits[asked], torch.from_numpy(self._channel)[asked], torch.from_numpy(self._stroke.astype(np.int64))[asked])

    def _apart_from(self, held: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Give what may be learned from by a forest that is judged on a fold."""
        if self._pupils.by_hand.all() or not held.any():
            return ~held
        return ~held & (self._pupils.by_hand | ~beside(self._pupils.voxels, held))

    @property
    def note(self) -> str:
        """Say how the strokes were judged."""
        return f"whole strokes held out, {self.fair} folds" if self.fair else "nothing held out: too few separate strokes"
