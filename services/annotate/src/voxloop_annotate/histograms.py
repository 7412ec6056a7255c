"""Histograms: how often each intensity occurs in a volume, for the window's slider."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 256


@dataclass(frozen=True)
class Histogram:
    """How many voxels lie between each two of the n + 1 edges; voxels that are NaN or infinite are left out."""

    edges: list[float]
    counts: list[int]


def count_intensities(voxels: NDArray[Any]) -> Histogram:
    """Count the finite intensities in 256 bins of one width from the smallest to the largest."""
    return _count_floats(voxels) if voxels.dtype.kind == "f" else _count_whole_numbers(voxels)


def _count_floats(voxels: NDArray[Any]) -> Histogram:
    finite = voxels[np.isfinite(voxels)].astype(np.float64)
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(finite, BINS, (low, high))
    return Histogram(edges.tolist(), counts.tolist())


def _count_whole_numbers(voxels: NDArray[Any]) -> Histogram:
    """Count each value as if it filled the width 1 around it: else bins that hold 3 and 4 values in turn look like a comb."""
    low, high = int(voxels.min()), int(voxels.max())
    below = np.concatenate(([0], np.cumsum(np.bincount(voxels.ravel().astype(np.int64) - low))))
    edges = np.linspace(low - 0.5, high + 0.5, BINS + 1)
    cumulated = np.rint(np.interp(edges, np.arange(low, high + 2) - 0.5, below))
    return Histogram(edges.tolist(), np.diff(cumulated).astype(int).tolist())
