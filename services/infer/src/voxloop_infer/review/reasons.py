"""Reasons: why a place is proposed, in words that a person can check on the spot."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from voxloop_shared.data.blocks import Region
from voxloop_shared.review import Acquisition
from voxloop_shared.schemas import LabelClass

ReadLayers = Callable[[Region], tuple[NDArray[np.uint8], NDArray[np.uint8]]]
"""Gives class and confidence of a region (z, y, x) at level 0."""

_LOWEST = 0.05
"""The quantile of confidence that stands for the least sure voxels of a place."""
_LEAST_SHARE = 0.1
_UNIFORM = 0.995

_ENDINGS: dict[Acquisition, str] = {
    "disagreement": "the voices contradict each other",
    "coreset": "looks unlike what was seen so far",
    "balanced": "holds a rare or unsure class",
    "random": "drawn at random",
}


def reason_of(acquisition: Acquisition, found: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None, classes: Sequence[LabelClass]) -> str:
    """Say why a place is proposed; `found` are class and confidence of its voxels, None without a prediction."""
    doubt = None if found is None else doubt_of(*found, classes)
    ending = _ENDINGS.get(acquisition)
    return "; ".join(part for part in (ending, doubt) if part is not None)


def doubt_of(numbers: NDArray[np.uint8], confidence: NDArray[np.uint8], classes: Sequence[LabelClass]) -> str:
    """Say between which classes a model hesitates, and how sure it is there on average."""
    least_sure = confidence <= (np.quantile(confidence, _LOWEST) + confidence.mean()) / 2
    counts = np.bincount(numbers[least_sure], minlength=256)
    names = {entry.id: entry.name for entry in classes}
    order = [int(n) for n in np.argsort(-counts, kind="stable")[:2] if counts[n] >= _LEAST_SHARE * counts.sum() and int(n) in names]
    mean = confidence[least_sure].mean() / 255
    told = f"mean confidence {mean:.2f}"
    if len(order) == 2:
        return f"model unsure between {names[order[0]]} and {names[order[1]]} here: {told}"
    what = names[order[0]] if order else "what this is"
    return f"all {what}: {told}" if mean >= _UNIFORM else f"model unsure of {what} here: {told}"
