"""What a tool should paint, worked out voxel by voxel; a voxel belongs to a shape if its centre does. Planes are (rows, columns)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Place = tuple[float, float]
Mask = NDArray[np.bool_]


def centres(shape: Sequence[int]) -> tuple[NDArray[np.float64], ...]:
    """Give the coordinates of all voxels' centres."""
    return tuple(axis + 0.5 for axis in np.indices(shape))


def capsule(shape: Sequence[int], start: Sequence[float], stop: Sequence[float], diameter: float, aspect: Sequence[float]) -> Mask:
    """Mark what lies within half a diameter of a line, in shortest voxel edges; in 2D also the voxel at `stop`."""
    a, b = (np.multiply(end, aspect) for end in (start, stop))
    points = np.stack([axis * scale for axis, scale in zip(centres(shape), aspect, strict=True)], axis=-1)
    along = b - a
    square = float(along @ along)
    t = np.clip((points - a) @ along / square, 0, 1) if square else np.zeros(points.shape[:-1])
    mask = np.linalg.norm(points - a - t[..., None] * along, axis=-1) <= diameter / 2
    if len(shape) == 2:
        mask[tuple(int(value) for value in stop)] = True
    return mask


def polygon(shape: Sequence[int], points: Sequence[Place]) -> Mask:
    """Mark the inside of a closed polygon, even-odd."""
    y, x = centres(shape)
    mask = np.zeros(shape, bool)
    for (ya, xa), (yb, xb) in zip(points, [*points[1:], points[0]], strict=True):
        if ya != yb:
            mask ^= ((ya <= y) != (yb <= y)) & (x < xa + (y - ya) / (yb - ya) * (xb - xa))
    return mask


def rectangle(shape: Sequence[int], a: Place, b: Place) -> Mask:
    """Mark a rectangle between two corners."""
    y, x = centres(shape)
    (top, bottom), (left, right) = sorted((a[0], b[0])), sorted((a[1], b[1]))
    return (y >= top) & (y < bottom) & (x >= left) & (x < right)


def ellipse(shape: Sequence[int], a: Place, b: Place) -> Mask:
    """Mark the ellipse that fills the rectangle between two corners."""
    y, x = centres(shape)
    return ((2 * y - a[0] - b[0]) / (b[0] - a[0])) ** 2 + ((2 * x - a[1] - b[1]) / (b[1] - a[1])) ** 2 <= 1
