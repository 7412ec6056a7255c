"""How far a Dice score can be trusted: it is drawn again with other strokes (bootstrap, Efron 1979)."""

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_DRAWS = 200


@dataclass(frozen=True, slots=True)
class Spread:
    """Standard deviation of Dice per class and of their mean; NaN where a single unit, or none, has the class."""

    dice: list[float]
    mean: float


def dice_spread(truth: Tensor, guess: Tensor, unit: Tensor, classes: int, seed: int = 0) -> Spread:
    """Draw units (strokes, or blocks of dense labels) with replacement, as whole: voxels of one are no independent evidence.

    `truth`, `guess` and `unit` have one entry per voxel: class channels, and the number of its unit.
    """
    _, place = torch.unique(unit, return_inverse=True)
    hits, true, guessed = (_per_unit(c, mask, place, classes) for c, mask in ((truth, truth == guess), (truth, None), (guess, None)))
    units = len(hits)
    if units < 2:
        return Spread([float("nan")] * classes, float("nan"))
    drawn = np.random.default_rng(seed).multinomial(units, np.full(units, 1 / units), size=_DRAWS).astype(np.float64)
    with np.errstate(invalid="ignore"):  # 0 / 0 is a class that this draw has no voxel of
        dice = np.where(drawn @ true > 0, 2 * (drawn @ hits) / (drawn @ true + drawn @ guessed), np.nan)
    dice[:, (true > 0).sum(axis=0) < 2] = np.nan
    return Spread(_deviation(dice).tolist(), float(_deviation(_mean(dice)[:, None])[0]))


def _per_unit(channel: Tensor, mask: Tensor | None, place: Tensor, classes: int) -> NDArray[np.float64]:
    """Count voxels per unit and class, (units, classes)."""
    chosen = slice(None) if mask is None else mask
    units = int(place.max()) + 1 if len(place) else 0
    counts = torch.bincount(place[chosen] * classes + channel[chosen], minlength=units * classes)
    return counts.view(units, classes).double().numpy()


def _mean(dice: NDArray[np.float64]) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a row of NaN: no class could be judged
        return np.asarray(np.nanmean(dice, axis=1))


def _deviation(dice: NDArray[np.float64]) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanstd(dice, axis=0))
