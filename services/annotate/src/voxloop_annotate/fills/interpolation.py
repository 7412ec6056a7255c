"""Interpolation: the shapes between two slices, by blending their signed distances (Herman et al. 1992)."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from voxloop_annotate.fills.orders import Interpolate
from voxloop_annotate.fills.plan import Plan, bounds_of, check_size, plan_marked
from voxloop_annotate.fills.planes import LabelPlanes
from voxloop_annotate.fills.progress import Progress
from voxloop_shared.errors import InvalidInput
from voxloop_shared.schemas import Box

LARGEST = 4 * 64 * 512 * 512
"""Voxels between two slices, around what is marked on them, that are filled at once."""

Spacing = tuple[float, float, float]


def plan_interpolation(order: Interpolate, planes: LabelPlanes, voxel_size: Spacing, progress: Progress) -> Plan | None:
    """Plan to fill the slices between two; raises InvalidInput when there are none, TooLarge."""
    first, last = sorted(order.between or _neighbours(order, planes))
    shapes = [_read(order, planes, index) for index in (first, last)]
    if last - first < 2:
        raise InvalidInput(f"no slice lies between {order.axis} = {first} and {last}: choose slices further apart")
    part = _grown(bounds_of(shapes[0] | shapes[1]), shapes[0].shape)
    box = _box(planes, first, last, part)
    check_size(box, LARGEST, "interpolate between nearer slices")
    progress.expect(last - first - 1)
    sampling = tuple(size for axis, size in enumerate(voxel_size) if axis != planes.across)
    blended = blend_shapes(shapes[0][part], shapes[1][part], last - first, sampling, progress)
    return plan_marked(box, planes.stand(blended), np.uint8(order.value), order)


def blend_shapes(
    first: NDArray[np.bool_], last: NDArray[np.bool_], distance: int, sampling: tuple[float, ...], progress: Progress
) -> NDArray[np.bool_]:
    """Give the distance - 1 shapes (n, rows, columns) between two (rows, columns) that lie `distance` slices apart.

    A voxel belongs to a shape where the blend of both signed distances, weighted by nearness, is not negative.
    """
    here, there = signed_distance(first, sampling), signed_distance(last, sampling)
    shapes = np.empty((distance - 1, *first.shape), bool)
    blend, other = np.empty_like(here), np.empty_like(there)
    for step in range(1, distance):
        np.multiply(here, distance - step, out=blend)
        np.multiply(there, step, out=other)
        np.add(blend, other, out=blend)
        np.greater_equal(blend, 0, out=shapes[step - 1])
        progress.advance()
    return shapes


def signed_distance(shape: NDArray[np.bool_], sampling: tuple[float, ...]) -> NDArray[np.float64]:
    """Give each voxel's distance to the nearest one on the other side, positive inside; `sampling` is the voxels' size."""
    return _distance_to(~shape, sampling) - _distance_to(shape, sampling)


def _distance_to(shape: NDArray[np.bool_], sampling: tuple[float, ...]) -> NDArray[np.float64]:
    if not shape.any():  # the other side begins beyond the edges
        return np.asarray(ndimage.distance_transform_edt(np.pad(~shape, 1), sampling)[1:-1, 1:-1])
    return np.asarray(ndimage.distance_transform_edt(~shape, sampling))


def _neighbours(order: Interpolate, planes: LabelPlanes) -> tuple[int, int]:
    """Find the annotated slices around `index`; one that is annotated itself is an end, of the gap before it if there is one."""
    before, after = planes.nearest_before(order.index, order.value), planes.nearest_after(order.index, order.value)
    if before == after == order.index:
        earlier = planes.nearest_before(order.index - 1, order.value)
        if earlier is not None and earlier < order.index - 1:
            return earlier, order.index
        after = planes.nearest_after(order.index + 1, order.value)
    if before is None or after is None:
        side = "before" if before is None else "after"
        raise InvalidInput(
            f"class {order.value} is on no slice {side} {order.axis} = {order.index}: interpolation needs it on one slice on each side"
        )
    return before, after


def _read(order: Interpolate, planes: LabelPlanes, index: int) -> NDArray[np.bool_]:
    shape = np.equal(planes.read(index), order.value)
    if not shape.any():
        raise InvalidInput(f"class {order.value} is not on slice {order.axis} = {index}: name a slice that holds it")
    return shape


def _grown(part: tuple[slice, ...] | None, lengths: tuple[int, ...]) -> tuple[slice, slice]:
    """Add a margin of one voxel: what is nearest to a voxel of the shapes lies in it, or in them."""
    assert part is not None
    rows, columns = (slice(max(p.start - 1, 0), min(p.stop + 1, n)) for p, n in zip(part, lengths, strict=True))
    return rows, columns


def _box(planes: LabelPlanes, first: int, last: int, part: tuple[slice, slice]) -> Box:
    bounds = [(p.start, p.stop) for p in part]
    bounds.insert(planes.across, (first + 1, last))
    return bounds[0], bounds[1], bounds[2]
