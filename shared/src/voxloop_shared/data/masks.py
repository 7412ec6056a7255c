"""Masks as run lengths: how strokes travel and how their boxes are checked."""

import math

import numpy as np
from numpy.typing import NDArray

from voxloop_shared.errors import InvalidStroke
from voxloop_shared.schemas import Box, Stroke

_MOST_VOXELS = 2**26
"""Voxels in the box of one stroke: a plane of 8192², or 256 slices of 512²."""


def encode_mask(mask: NDArray[np.bool_]) -> list[int]:
    """Give run lengths over a mask in C order: alternating unset and set, unset first (0 if the first voxel is set)."""
    flat = mask.ravel()
    edges = np.flatnonzero(np.diff(flat)) + 1
    bounds = np.concatenate(([0], edges, [flat.size]))
    runs = np.diff(bounds).tolist()
    return [0, *runs] if flat.size and flat[0] else runs


def decode_mask(runs: list[int], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Rebuild a mask; raises InvalidStroke unless the runs fill the shape exactly."""
    size = math.prod(shape)
    if min(runs, default=0) < 0 or sum(runs) != size:
        raise InvalidStroke(f"the runs do not fill a box of shape {shape}, which has {size} voxels")
    lengths = np.asarray(runs, dtype=np.int64)
    values = np.arange(lengths.size) % 2 == 1
    return np.repeat(values, lengths).reshape(shape)


def check_box(box: Box, shape: tuple[int, int, int]) -> None:
    """Raise InvalidStroke unless the box holds something and lies inside the volume."""
    for (start, stop), length, axis in zip(box, shape, "zyx", strict=True):
        if not 0 <= start < stop <= length:
            raise InvalidStroke(f"box {axis} {start}:{stop} does not lie inside the volume, whose {axis} is 0:{length}")


def check_stroke(stroke: Stroke, shape: tuple[int, int, int]) -> None:
    """Raise InvalidStroke unless the stroke lies inside the volume and is small enough to be worked on in memory."""
    check_box(stroke.box, shape)
    voxels = math.prod(stop - start for start, stop in stroke.box)
    if voxels > _MOST_VOXELS:
        raise InvalidStroke(f"the box of the stroke has {voxels} voxels: paint at most {_MOST_VOXELS} at once")
    if stroke.intensity is not None and not stroke.intensity[0] <= stroke.intensity[1]:
        raise InvalidStroke(f"no value lies between {stroke.intensity[0]} and {stroke.intensity[1]}")


def slices_of(box: Box) -> tuple[slice, slice, slice]:
    """Turn a box into an index."""
    z, y, x = (slice(start, stop) for start, stop in box)
    return z, y, x
