"""Judging the instant learner on strokes that its forest has not seen: whole strokes, in folds."""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voxloop_train.distillation import ask, grow_forest
from voxloop_train.losses import dice_scores

_FOLDS = 3

Channels = NDArray[np.int64]


class Folds:
    """Strokes dealt into folds, each class apart, so that every fold has some of each class that has enough strokes."""

    def __init__(self, stroke: NDArray[np.int32], channel: Channels, classes: int) -> None:
        self._classes = classes
        self._channel = channel
        self._fold = np.zeros(len(stroke), np.int64)
        for c in range(classes):
            numbers, voxels = np.unique(stroke[channel == c], return_counts=True)
            for place, number in enumerate(numbers[np.argsort(-voxels, kind="stable")]):
                self._fold[(stroke == number) & (channel == c)] = place % _FOLDS

    def judge(self, features: Tensor, trees: int, seed: int) -> dict[str, Any]:
        """Give Dice per class and their mean over held-out strokes, with the spread between folds."""
        confusion, channel = torch.zeros(_FOLDS, self._classes, self._classes), self._channel
        for number in range(_FOLDS):
            held, rest = self._fold == number, self._fold != number
            is_fair = bool(held.any()) and len(np.unique(channel[rest])) == self._classes
            if is_fair:
                forest = grow_forest(features[torch.from_numpy(rest)], channel[rest], max(10, trees // 3), seed)
                guess = ask(forest, features[torch.from_numpy(held)], self._classes).argmax(dim=1).numpy()
                np.add.at(confusion[number].numpy(), (channel[held], guess), 1)
        per_fold = [_mean([d for d in dice_scores(square) if not math.isnan(d)]) for square in confusion if square.sum() > 0]
        dice = dice_scores(confusion.sum(dim=0)) if per_fold else [math.nan] * self._classes
        return {
            "mean_dice": _rounded(_mean([d for d in dice if not math.isnan(d)])),
            "dice_spread": _rounded(float(np.std(per_fold)) if len(per_fold) > 1 else math.nan),
            "dice": [_rounded(value) for value in dice],
            "held_out_voxels": int(confusion.sum()),
            "validation": f"whole strokes held out, {len(per_fold)} folds" if per_fold else "nothing held out: too few separate strokes",
        }


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _rounded(value: float) -> float | None:
    """Round for JSON, which knows no NaN."""
    return round(value, 5) if math.isfinite(value) else None
