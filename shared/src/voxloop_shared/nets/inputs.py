"""From voxels to what a network sees: finite, normalised, padded, with context slices. Training and prediction share it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voxloop_shared.data.blocks import Region
from voxloop_shared.schemas import Intensity, Normalisation

LIMIT = 8.0
"""Outliers (metal, hot pixels) would drown all else in a network without bounds."""


def normalisation_of(intensity: Intensity) -> Normalisation:
    """Map the 1st to 99th percentile of a volume to -2..2; a constant image keeps its scale."""
    low, high = intensity.percentiles["1"], intensity.percentiles["99"]
    if high <= low:
        low, high = intensity.min, intensity.max
    return Normalisation(center=(low + high) / 2, scale=(high - low) / 4 if high > low else 1.0)


def normalise(voxels: NDArray[Any], normalisation: Normalisation) -> NDArray[np.float32]:
    """Give finite network input; NaN becomes the middle grey, infinities and outliers the bounds."""
    out = voxels.astype(np.float32)
    out -= np.float32(normalisation.center)
    out /= np.float32(normalisation.scale)
    if voxels.dtype.kind == "f":
        np.nan_to_num(out, copy=False, nan=0.0, posinf=LIMIT, neginf=-LIMIT)
    return np.clip(out, -LIMIT, LIMIT, out=out)


def extend(start: int, stop: int, length: int) -> NDArray[np.int64]:
    """Give the indices start..stop of an axis that goes on beyond both ends as its outermost voxels.

    A mirror image would invent objects: half a ring at the edge would become a whole one.
    """
    return np.clip(np.arange(start, stop), 0, length - 1)


Span = tuple[int, int]
"""First and last index (exclusive) along an axis; may reach beyond both ends of the volume."""


def read_extended(read: Callable[[Region], NDArray[Any]], shape: tuple[int, int, int], box: tuple[Span, Span, Span]) -> NDArray[Any]:
    """Read a box of voxels (z, y, x) of which parts may lie outside the volume: there its outermost voxels go on."""
    wanted = [extend(*span, length) for span, length in zip(box, shape, strict=True)]
    inside: Region = tuple(slice(int(index.min()), int(index.max()) + 1) for index in wanted)  # type: ignore[assignment]
    block = read(inside)
    for axis, (index, part) in enumerate(zip(wanted, inside, strict=True)):
        if len(index) != part.stop - part.start:
            block = np.take(block, index - part.start, axis=axis)
    return block


PLANE_AXES: dict[str, tuple[int, int, int]] = {"z": (0, 1, 2), "y": (1, 0, 2), "x": (2, 0, 1)}
"""Per orientation the array axes that are (slice, row, column)."""


def facing(block: NDArray[Any], axis: str) -> NDArray[Any]:
    """View a block (z, y, x) as slices (slice, row, column) of an orientation."""
    return block.transpose(PLANE_AXES[axis])


def box_of(axis: str, slices: Span, rows: Span, columns: Span) -> tuple[Span, Span, Span]:
    """Give the box (z, y, x) of slices, rows and columns of an orientation."""
    spans: list[Span] = [(0, 0)] * 3
    for place, span in zip(PLANE_AXES[axis], (slices, rows, columns), strict=True):
        spans[place] = span
    return spans[0], spans[1], spans[2]


def rounded_up(length: int, step: int) -> int:
    """Give the next multiple of a step."""
    return -(-length // step) * step
