"""Planes: 2D cuts through a 3D array, as the page asks for them."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from voxloop_shared.data.blocks import Region
from voxloop_shared.errors import InvalidInput
from voxloop_shared.schemas import Axis, Level

_AXES = "zyx"

Bounds = tuple[int | None, int | None]


class Sliceable(Protocol):
    """An array (z, y, x) that gives regions."""

    shape: tuple[int, int, int]

    def read(self, region: Region) -> NDArray[Any]: ...


def plane_region(level: Level, axis: Axis, index: int, rows: Bounds = (None, None), columns: Bounds = (None, None)) -> Region:
    """Give the region of a plane: `index` in level-0 voxels, the bounds in the level's own grid.

    Rows and columns are (y, x) for axis z, (z, x) for axis y, (z, y) for axis x. Raises InvalidInput outside the volume.
    """
    across = _AXES.index(axis)
    cut = index // level.scale[across]
    if not 0 <= cut < level.shape[across]:
        raise InvalidInput(f"{axis} = {index} lies outside the volume, which ends at {level.shape[across] * level.scale[across] - 1}")
    parts = [slice(cut, cut + 1)] * 3
    for along, bounds in zip([a for a in range(3) if a != across], (rows, columns), strict=True):
        parts[along] = _part(bounds, level.shape[along])
    return parts[0], parts[1], parts[2]


def read_plane(array: Sliceable, region: Region, axis: Axis) -> NDArray[Any]:
    """Read a plane as a C-order array (rows, columns)."""
    return np.ascontiguousarray(array.read(region).squeeze(_AXES.index(axis)))


def _part(bounds: Bounds, length: int) -> slice:
    start, stop = bounds[0] or 0, length if bounds[1] is None else bounds[1]
    if not 0 <= start < stop <= length:
        raise InvalidInput(f"rows or columns {start}:{stop} do not lie inside 0:{length}")
    return slice(start, stop)
