"""Flood fill: the voxels that are joined to a seed and about as bright."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from voxloop_annotate.fills.orders import Flood
from voxloop_annotate.fills.plan import LARGEST, Plan, check_seed, check_size, chosen_box, plan_marked
from voxloop_annotate.fills.progress import Progress
from voxloop_shared.data.blocks import Region
from voxloop_shared.data.masks import slices_of
from voxloop_shared.errors import InvalidInput
from voxloop_shared.schemas import Box

_SLAB = 16
"""Slices that are read between two reports of progress."""


Image = Callable[[Region], NDArray[Any]]
"""Reads a region (z, y, x) of a volume at full resolution."""


def plan_flood(order: Flood, shape: tuple[int, int, int], image: Image, progress: Progress) -> Plan | None:
    """Plan a flood fill; raises InvalidInput, TooLarge."""
    box = _box(order, shape)
    voxels = _read(image, box, progress)
    seed = tuple(place - start for place, (start, _) in zip(order.seed, box, strict=True))
    mask = flood(voxels, seed, order.tolerance)
    progress.advance()
    return plan_marked(box, mask, np.uint8(order.value), order)


def flood(voxels: NDArray[Any], seed: tuple[int, ...], tolerance: float) -> NDArray[np.bool_]:
    """Mark the voxels joined to the seed by faces whose values lie within the tolerance of its value.

    Labelling all pieces and keeping the seed's takes 0.15 s for 64 × 512 × 512 voxels, growing from the seed takes three times
    as long. Raises InvalidInput when the seed has no finite value.
    """
    level = float(voxels[seed])
    if not math.isfinite(level):
        raise InvalidInput(f"the voxel where the fill begins has the value {level}: begin at one that has a number")
    low, high = _limits(voxels.dtype, level - tolerance, level + tolerance)
    alike = voxels >= low
    alike &= voxels <= high
    pieces, _ = ndimage.label(alike)
    return np.asarray(pieces == pieces[seed])


def _limits(dtype: np.dtype[Any], low: float, high: float) -> tuple[Any, Any]:
    """Give the smallest and the largest value of a dtype in a range, so that no voxel must be converted."""
    if dtype.kind in "iu":
        bounds = np.iinfo(dtype)
        return dtype.type(max(math.ceil(low), bounds.min)), dtype.type(min(math.floor(high), bounds.max))
    with np.errstate(over="ignore"):
        first, last = dtype.type(low), dtype.type(high)
    # compared as Python's floats: beside an array's type they would be rounded to it
    first = np.nextafter(first, dtype.type(np.inf)) if float(first) < low else first
    last = np.nextafter(last, dtype.type(-np.inf)) if float(last) > high else last
    return first, last


def _box(order: Flood, shape: tuple[int, int, int]) -> Box:
    box = chosen_box(order.axis, order.index, order.dims, order.box, shape)
    check_seed(order.seed, box)
    check_size(box, LARGEST, "give a smaller box")
    return box


def _read(image: Image, box: Box, progress: Progress) -> NDArray[Any]:
    """Read a box slab by slab; the last step of the progress is left for the flooding."""
    z, y, x = slices_of(box)
    starts = range(z.start, z.stop, _SLAB)
    progress.expect(len(starts) + 1)
    slabs = []
    for start in starts:
        slabs.append(image((slice(start, min(start + _SLAB, z.stop)), y, x)))
        progress.advance()
    return slabs[0] if len(slabs) == 1 else np.concatenate(slabs)
