"""Steps that look at a neighbourhood: intensity range, morphology, smoothing. Masks are boolean (z, y, x).

A block is given with a rim as wide as the steps reach; the rim's own answers are wrong and cut away. Where there is no rim
the volume ends: nothing grows in from outside there, and nothing is eroded from there.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from voxloop_shared.chain import (
    AnyStep,
    Closing,
    Dilation,
    Erosion,
    FillHoles,
    Gaussian,
    KeepLargest,
    Majority,
    Opening,
    Range,
    RemoveSmall,
)

Mask = NDArray[np.bool_]
LocalStep = Range | Closing | Opening | Dilation | Erosion | Majority | Gaussian
GlobalStep = RemoveSmall | FillHoles | KeepLargest
Shape = tuple[int, int, int]

_TRUNCATE = 3.0
"""Standard deviations after which a Gaussian ends."""


def is_local(step: AnyStep) -> bool:
    """Say whether a step needs a neighbourhood only, not whole components."""
    return not isinstance(step, GlobalStep)


def reach_of(steps: Sequence[AnyStep]) -> Shape:
    """Give how many voxels the steps look beyond a block, one after the other, along (z, y, x)."""
    reaches = [_reach(step) for step in steps]
    return sum(r[0] for r in reaches), sum(r[1] for r in reaches), sum(r[2] for r in reaches)


def apply_local(step: AnyStep, mask: Mask, image: NDArray[Any] | None) -> Mask:
    """Change a mask by one step; `image` are the voxels below it, needed by a range."""
    if isinstance(step, Range):
        assert image is not None
        return mask & _in_range(image, step)
    if isinstance(step, Gaussian):
        return _blur(mask, step)
    assert isinstance(step, (Closing, Opening, Dilation, Erosion, Majority))
    sizes = [step.size if r else 1 for r in _reach(step)]
    if isinstance(step, Majority):
        return _vote(mask, sizes)
    if isinstance(step, Dilation):
        return _dilate(mask, sizes)
    if isinstance(step, Erosion):
        return _erode(mask, sizes)
    return _erode(_dilate(mask, sizes), sizes) if isinstance(step, Closing) else _dilate(_erode(mask, sizes), sizes)


def _reach(step: AnyStep) -> Shape:
    if isinstance(step, (Closing, Opening)):
        along = 2 * (step.size // 2)
    elif isinstance(step, (Dilation, Erosion, Majority)):
        along = step.size // 2
    elif isinstance(step, Gaussian):
        along = _radius(step)
    else:
        return 0, 0, 0
    return (along if step.extent == "volume" else 0, along, along)


def _in_range(image: NDArray[Any], step: Range) -> Mask:
    low = -np.inf if step.low is None else step.low
    high = np.inf if step.high is None else step.high
    with np.errstate(invalid="ignore"):
        found: Mask = (image >= low) & (image <= high)  # NaN is in no range
    return found


def _dilate(mask: Mask, sizes: Sequence[int]) -> Mask:
    found: Mask = ndimage.maximum_filter(mask.view(np.uint8), sizes, mode="constant", cval=0).view(np.bool_)
    return found


def _erode(mask: Mask, sizes: Sequence[int]) -> Mask:
    found: Mask = ndimage.minimum_filter(mask.view(np.uint8), sizes, mode="constant", cval=1).view(np.bool_)
    return found


def _vote(mask: Mask, sizes: Sequence[int]) -> Mask:
    """Count under the kernel, in whole numbers: the same wherever the block was cut."""
    count: NDArray[np.uint16] = mask.astype(np.uint16)
    for axis, size in enumerate(sizes):
        if size > 1:
            count = ndimage.correlate1d(count, np.ones(size), axis, mode="nearest")
    found: Mask = count > np.prod(sizes) // 2
    return found


def _blur(mask: Mask, step: Gaussian) -> Mask:
    sigma = [step.sigma if r else 0.0 for r in _reach(step)]
    found: Mask = (
        ndimage.gaussian_filter(mask.astype(np.float32), sigma, mode="nearest", radius=[_radius(step) if s else 0 for s in sigma]) >= 0.5
    )
    return found


def _radius(step: Gaussian) -> int:
    return int(_TRUNCATE * step.sigma + 0.5) or 1
