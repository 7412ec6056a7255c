"""The planes on which places are looked for: a sample of slices along each axis, one in memory at a time."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from voxloop_shared.data.blocks import Region
from voxloop_shared.data.volumes import level_array
from voxloop_shared.nets.inputs import PLANE_AXES, facing
from voxloop_shared.schemas import Axis, Level

_MOST_PLANES = 96
_PLANE_VOXELS = 1 << 20
"""A plane with more is looked at on a coarser level, as long as a square still has enough voxels there."""
_LEAST_SIDE = 16


@dataclass(frozen=True, slots=True)
class Plane:
    """A slice at some resolution: arrays (rows, columns) that are there or not; a pixel is `scale` (rows, columns) voxels of level 0."""

    axis: Axis
    index: int
    extent: tuple[int, int]
    scale: tuple[int, int]
    classes: NDArray[np.uint8] | None = None
    confidence: NDArray[np.uint8] | None = None
    uncertainty: NDArray[np.uint8] | None = None
    image: NDArray[Any] | None = None


def choose_slices(shape: tuple[int, int, int], axes: Sequence[Axis], seed: int, most: int = _MOST_PLANES) -> list[tuple[Axis, int]]:
    """Choose slices spread evenly along each axis; where they begin depends on the seed."""
    rng = np.random.default_rng(seed)
    chosen: list[tuple[Axis, int]] = []
    for axis in axes:
        depth = shape[PLANE_AXES[axis][0]]
        step = max(1.0, depth / max(1, most // len(axes)))
        places = np.unique((np.arange(0, depth, step) + rng.uniform(0, step)).astype(int).clip(0, depth - 1))
        chosen += [(axis, int(index)) for index in places]
    return chosen


def choose_level(levels: Sequence[Level], axis: Axis, side: int) -> int:
    """Give the finest level whose slices are soon read, or the coarsest on which a square can still be judged."""
    _, *across = PLANE_AXES[axis]
    usable = [number for number, level in enumerate(levels) if side // max(level.scale[a] for a in across) >= _LEAST_SIDE] or [0]
    return next((n for n in usable if math.prod(levels[n].shape[a] for a in across) <= _PLANE_VOXELS), usable[-1])


def read_planes(
    slices: Sequence[tuple[Axis, int]],
    levels: Sequence[Level],
    side: int,
    layers: Sequence[str],
    open_level: Callable[[str, int], zarr.Array[Any]],
) -> Iterator[Plane]:
    """Read slices one after the other; `layers` are the names of a plane's arrays, `open_level` gives the array of one at a level."""
    for axis, index in slices:
        number = choose_level(levels, axis, side)
        level = levels[number]
        depth, rows, columns = PLANE_AXES[axis]
        parts = [slice(0, length) for length in level.shape]
        cut = min(index // level.scale[depth], level.shape[depth] - 1)
        parts[depth] = slice(cut, cut + 1)
        region: Region = (parts[0], parts[1], parts[2])
        arrays = {name: facing(np.asarray(open_level(name, number)[region]), axis)[0] for name in layers}
        extent = (levels[0].shape[rows], levels[0].shape[columns])
        yield Plane(axis, index, extent, (level.scale[rows], level.scale[columns]), **arrays)


def opener(volume: zarr.Group, prediction: zarr.Group | None) -> Callable[[str, int], zarr.Array[Any]]:
    """Give the way to a layer at a level: the image is the volume's, all else the prediction's."""

    def open_level(name: str, number: int) -> zarr.Array[Any]:
        if name == "image":
            return level_array(volume, str(number))
        assert prediction is not None
        return level_array(prediction, f"{'class' if name == 'classes' else name}/{number}")

    return open_level
