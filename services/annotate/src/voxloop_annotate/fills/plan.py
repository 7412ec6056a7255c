"""Plans: what a fill will paint, before the labels are touched."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from voxloop_shared.data.origins import States, paintable
from voxloop_shared.errors import InvalidInput, TooLarge
from voxloop_shared.schemas import Axis, Box, OverwriteRule

LARGEST = 64 * 512 * 512
"""Voxels of an image that one fill looks at."""


@dataclass(frozen=True)
class Plan:
    """The voxels of `box` that `mask` marks (z, y, x) become `values`, where `rule` allows it."""

    box: Box
    mask: NDArray[np.bool_]
    values: NDArray[np.uint8] | np.uint8
    rule: OverwriteRule

    @property
    def about(self) -> dict[str, Any]:
        """Give what the commit says besides what the order says: nothing."""
        return {}

    def apply(self, before: States) -> States:
        """Give what becomes of the voxels in the box."""
        after = before.copy()
        np.copyto(after, self.values, where=self.mask & paintable(before, self.rule))
        return after


def plan_marked(box: Box, mask: NDArray[np.bool_], values: NDArray[np.uint8] | np.uint8, rule: OverwriteRule) -> Plan | None:
    """Plan to paint what is marked in a box, cut to where something is; None where nothing is."""
    tight = bounds_of(mask)
    if tight is None:
        return None
    z, y, x = ((start + part.start, start + part.stop) for (start, _), part in zip(box, tight, strict=True))
    return Plan((z, y, x), mask[tight], values[tight] if isinstance(values, np.ndarray) else values, rule)


def bounds_of(mask: NDArray[np.bool_]) -> tuple[slice, ...] | None:
    """Give the smallest part of a mask that holds all that is marked; None where nothing is."""
    parts = []
    for axis in range(mask.ndim):
        found = np.flatnonzero(mask.any(axis=tuple(other for other in range(mask.ndim) if other != axis)))
        if not found.size:
            return None
        parts.append(slice(int(found[0]), int(found[-1]) + 1))
    return tuple(parts)


def check_plane(axis: Axis, index: int, shape: tuple[int, int, int]) -> None:
    """Raise InvalidInput for a plane outside the volume."""
    last = shape["zyx".index(axis)] - 1
    if not 0 <= index <= last:
        raise InvalidInput(f"{axis} = {index} lies outside the volume, which ends at {last}")


def plane_box(axis: Axis, index: int, shape: tuple[int, int, int]) -> Box:
    """Give the box of a whole plane."""
    z, y, x = ((index, index + 1) if name == axis else (0, length) for name, length in zip("zyx", shape, strict=True))
    return z, y, x


def chosen_box(axis: Axis, index: int, dims: Literal[2, 3], box: Box | None, shape: tuple[int, int, int]) -> Box:
    """Give the part of a volume that an order is about: a plane, or in 3D any part, cut to `box`; raises InvalidInput without one in 3D."""
    if dims == 3 and box is None:
        raise InvalidInput("a fill in 3D needs a box: give the bounds as [[z0, z1], [y0, y1], [x0, x1]]")
    limits = plane_box(axis, index, shape) if dims == 2 else tuple((0, length) for length in shape)
    z, y, x = ((max(a, low), min(b, high)) for (a, b), (low, high) in zip(box or limits, limits, strict=True))
    return z, y, x


def check_seed(seed: tuple[int, int, int], box: Box) -> None:
    """Raise InvalidInput for a seed outside the box in which it is to grow."""
    for place, (start, stop), axis in zip(seed, box, "zyx", strict=True):
        if not start <= place < stop:
            raise InvalidInput(f"the fill begins at {axis} = {place}, which does not lie in the part to be filled, {axis} {start}:{stop}")


def check_size(box: Box, largest: int, instead: str) -> None:
    """Raise TooLarge for a box of too many voxels, and say what to do instead."""
    lengths = [stop - start for start, stop in box]
    if math.prod(lengths) > largest:
        raise TooLarge(f"{' × '.join(map(str, lengths))} voxels are too many for one fill, which may have {largest}: {instead}")
