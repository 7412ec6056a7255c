"""Smoothing of class probabilities that keeps the edges of the image (guided filter, He et al. 2013, 10.1109/TPAMI.2012.213)."""

import torch
from torch import Tensor

_EDGE = 0.001
"""Variance of the normalised image within a window above which an edge is kept: what is thin and faint is not smeared."""


def steady(guide: Tensor, probability: Tensor, radius: int, *, is_3d: bool) -> Tensor:
    """Give the mean of probabilities (classes, z, y, x) and their smooth copy: speckles go, and thin things that are sure stay."""
    return (probability + guided_filter(guide, probability, radius, is_3d=is_3d).clamp(0, 1)) / 2


def guided_filter(guide: Tensor, probability: Tensor, radius: int, *, is_3d: bool) -> Tensor:
    """Smooth probabilities (classes, z, y, x) along a guide (z, y, x); each voxel depends on those at most 2 × `radius` away."""
    mean = _box_mean(guide[None], radius, is_3d=is_3d)
    variance = _box_mean(guide[None] ** 2, radius, is_3d=is_3d) - mean**2
    average = _box_mean(probability, radius, is_3d=is_3d)
    slope = (_box_mean(probability * guide, radius, is_3d=is_3d) - mean * average) / (variance + _EDGE)
    offset = average - slope * mean
    return _box_mean(slope, radius, is_3d=is_3d) * guide + _box_mean(offset, radius, is_3d=is_3d)


def _box_mean(values: Tensor, radius: int, *, is_3d: bool) -> Tensor:
    """Average over cubes, or squares in each slice; beyond its edges the block goes on as its outermost voxels."""
    for axis in (1, 2, 3) if is_3d else (2, 3):
        values = _run_mean(values, radius, axis)
    return values


def _run_mean(values: Tensor, radius: int, axis: int) -> Tensor:
    """Average over a window along an axis, as differences of running sums: as fast for wide windows as for narrow ones."""
    length, window = values.shape[axis], 2 * radius + 1
    before, after = values.narrow(axis, 0, 1), values.narrow(axis, length - 1, 1)
    padded = torch.cat([torch.zeros_like(before), *[before] * radius, values, *[after] * radius], dim=axis)
    sums = padded.cumsum(dim=axis)
    return (sums.narrow(axis, window, length) - sums.narrow(axis, 0, length)) / window
