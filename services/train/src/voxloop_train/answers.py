"""What a network, or a forest, says of held-out voxels, and how good that is."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from voxloop_train.losses import dice_scores
from voxloop_train.spread import dice_spread


@dataclass(frozen=True, slots=True)
class Score:
    """Dice per class on held-out voxels (NaN where a class has none), and their mean."""

    dice: list[float]

    @property
    def mean(self) -> float:
        """Give the mean over the classes that could be judged; NaN when none could."""
        known = [value for value in self.dice if not math.isnan(value)]
        return sum(known) / len(known) if known else math.nan


@dataclass(frozen=True, slots=True)
class Answers:
    """What a network says of held-out voxels: `logits` (voxels, classes), the true class channel, and the unit of each.

    Voxels of one unit (a stroke, or a block of dense labels) are no independent evidence.
    """

    logits: Tensor
    truth: Tensor
    unit: Tensor

    def score(self) -> Score:
        """Give Dice per class."""
        return score_of(self.truth, self.logits.argmax(dim=1), self.logits.shape[1])


def judgement(answers: Answers, classes: list[int]) -> dict[str, Any]:
    """Give Dice per class and their mean, each with its spread, of answers about held-out voxels."""
    score = answers.score()
    spread = dice_spread(answers.truth, answers.logits.argmax(dim=1), answers.unit, len(classes))
    return {
        "mean_dice": finite(score.mean),
        "dice": {number: finite(value) for number, value in zip(classes, score.dice, strict=True)},
        "dice_spread": finite(spread.mean),
        "dice_spread_per_class": {number: finite(value) for number, value in zip(classes, spread.dice, strict=True)},
    }


def score_of(truth: Tensor, guess: Tensor, classes: int) -> Score:
    """Give Dice of guessed channels; NaN for a class that no true voxel has."""
    confusion = torch.bincount(truth * classes + guess, minlength=classes * classes).view(classes, classes)
    judged = confusion.sum(dim=1) > 0
    return Score([value if is_judged else math.nan for value, is_judged in zip(dice_scores(confusion), judged.tolist(), strict=True)])


def finite(value: float) -> float | None:
    """Round for JSON, which knows no NaN."""
    return round(value, 5) if math.isfinite(value) else None
