"""Smoothing of class probabilities that keeps the edges of the image (guided filter, He et al. 2013, 10.1109/TPAMI.2012.213)."""

import torch
from torch import Tensor

_EDGE = 0.001
"""Variance of the normalised image within a window above which an edge is kept: what is thin and faint is not smeared."""


def steady(guide: Tensor, probability: Tensor, radius: int, *, is_3d: bool) -> Tensor:
    """Give the mean of probabilities (classes, z, y, x) and their smooth copy: speckles go, and thin things that are sure stay."""
    return (probability + guided_filter(guide, probability, radius, is_3d=is_3d).clamp_(0, 1)).mul_(0.5)


def guided_filter(guide: Tensor, probability: Tensor, radius: int, *, is_3d: bool) -> Tensor:
    """Smooth probabilities (classes, z, y, x) along a guide (z, y, x); each voxel depends on those at most 2 × `radius` away.

    Probabilities sum to 1 and the filter is linear, so the last class is what the others leave.
    """
    others, guides = probability[:-1], guide[None]
    mean, square = _box_means([guides, guides * guides], radius, is_3d=is_3d)
    average, product = _box_means([others, others * guides], radius, is_3d=is_3d)
    slope = (product - mean * average).div_(square - mean * mean + _EDGE)
    slopes, offsets = _box_means([slope, average - slope * mean], radius, is_3d=is_3d)
    found = torch.empty_like(probability)
    torch.addcmul(offsets, slopes, guides, out=found[:-1])
    found[-1] = 1 - found[:-1].sum(dim=0)
    return found


def _box_means(images: list[Tensor], radius: int, *, is_3d: bool) -> tuple[Tensor, ...]:
    """Average over cubes, or squares in each slice; beyond its edges the block goes on as its outermost voxels."""
    axes = (1, 2, 3) if is_3d else (2, 3)
    values = torch.cat(images)
    for axis in axes:
        values = _run_sum(values, radius, axis)
    return values.mul_((2 * radius + 1) ** -len(axes)).chunk(len(images))


def _run_sum(values: Tensor, radius: int, axis: int) -> Tensor:
    """Sum over a window along an axis: out of sums over 1, 2, 4, … voxels, as few as the window's length has binary digits."""
    length, window = values.shape[axis], 2 * radius + 1
    before, after = values.narrow(axis, 0, 1), values.narrow(axis, length - 1, 1)
    sums, width = torch.cat([*[before] * radius, values, *[after] * radius], dim=axis), 1
    total, taken = sums.narrow(axis, 0, length).clone(), 1  # a window is odd
    while 2 * width <= window:
        rest = sums.shape[axis] - width
        sums = sums.narrow(axis, 0, rest) + sums.narrow(axis, width, rest)
        width *= 2
        if window & width:
            total += sums.narrow(axis, taken, length)
            taken += width
    return total
