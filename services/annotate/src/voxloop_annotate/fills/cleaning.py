"""Cleaning: holes in a class and islands of it, on one slice."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from voxloop_annotate.fills.orders import Holes, Islands
from voxloop_annotate.fills.plan import Plan, plan_marked, plane_box
from voxloop_annotate.fills.planes import LabelPlanes
from voxloop_shared.schemas import UNLABELLED, OverwriteRule

_EDGES_OR_CORNERS = np.ones((3, 3), int)


def plan_holes(order: Holes, planes: LabelPlanes) -> Plan | None:
    """Plan to fill the holes of a class."""
    return _plan(order, planes, find_holes(planes.read(order.index) == order.value), order.value, order)


def plan_islands(order: Islands, planes: LabelPlanes) -> Plan | None:
    """Plan to erase the small pieces of a class; only its own voxels may change."""
    rule = OverwriteRule(overwrite="class", replaces=order.value)
    return _plan(order, planes, find_islands(planes.read(order.index) == order.value, order.smallest), UNLABELLED, rule)


def find_holes(plane: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark what cannot be reached from the border of a plane (rows, columns) over edges without crossing what is marked."""
    return np.asarray(ndimage.binary_fill_holes(plane)) & ~plane


def find_islands(plane: NDArray[np.bool_], smallest: int) -> NDArray[np.bool_]:
    """Mark the pieces, joined by edges or corners, that have fewer than `smallest` voxels."""
    pieces, _ = ndimage.label(plane, _EDGES_OR_CORNERS)
    sizes = np.bincount(pieces.ravel())
    small = sizes < smallest
    small[0] = False
    return np.asarray(small[pieces])


def _plan(order: Holes | Islands, planes: LabelPlanes, mask: NDArray[np.bool_], value: int, rule: OverwriteRule) -> Plan | None:
    return plan_marked(plane_box(order.axis, order.index, planes.shape), planes.stand(mask), np.uint8(value), rule)
