"""How much of the truth a prediction has: Dice per class, on the slices that are judged, taken together."""

import numpy as np
from numpy.typing import NDArray


def dice_of(truth: NDArray[np.uint8], found: NDArray[np.uint8]) -> list[float]:
    """Give Dice of classes 1, 2, …; where the truth is 0 nobody knows, and nothing is judged.

    A class that is in neither has NaN, which `mean_dice` leaves out.
    """
    known = truth > 0
    expected, given = truth[known], found[known]
    return [_dice(expected == number, given == number) for number in range(1, int(truth.max()) + 1)]


def mean_dice(dice: list[float]) -> float:
    """Average over the classes that are there."""
    return float(np.nanmean(dice))


def _dice(expected: NDArray[np.bool_], given: NDArray[np.bool_]) -> float:
    total = int(expected.sum() + given.sum())
    return 2 * int((expected & given).sum()) / total if total else float("nan")
