"""A look at a part of one slice, in a time that is bounded: exact where that is soon done, else from a coarser image or fewer rows."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voxloop_infer.model import Model
from voxloop_infer.orders import PLANE_OF, PreviewOrder, is_isotropic, preview_spans
from voxloop_infer.reading import Image
from voxloop_infer.slices import architecture_of
from voxloop_infer.voting import vote
from voxloop_shared.data.blocks import Region
from voxloop_shared.errors import TooLarge
from voxloop_shared.nets.inputs import box_of
from voxloop_shared.nets.pixel import PixelArchitecture
from voxloop_shared.schemas import Axis, VolumeInfo

_SOON = 3 << 19
"""Voxels that a network decides in about a second."""
_LARGEST = 2048 * 2048
_CROSS_SOON = 4 << 20
"""Voxels that pass the network for a plane across its slices: for each row a strip of another slice, with halo."""

Layers = tuple[NDArray[np.uint8], NDArray[np.uint8]]
Spans = tuple[tuple[int, int], tuple[int, int]]
"""First and last row (exclusive), first and last column, in voxels of a level."""


@dataclass(frozen=True, slots=True)
class LookPlan:
    """How a preview is found: the image's level that the network sees, along which axis, and every which row it decides."""

    level: int
    along: Axis
    every: int
    is_exact: bool


def plan_look(order: PreviewOrder, volume: VolumeInfo, model: Model) -> LookPlan:
    """Choose the finest level that is soon done, and a way to see across the network's slices; raises TooLarge."""
    areas = [math.prod(stop - start for start, stop in preview_spans(order, level)) for level in volume.levels[: order.level + 1]]
    level = next((number for number, area in enumerate(areas) if area <= _SOON), order.level)
    if areas[level] > _LARGEST:
        raise TooLarge(f"a preview of {areas[level]} voxels is too large: ask for at most {_LARGEST}, or for a coarser level")
    if isinstance(model.architecture, PixelArchitecture):
        return LookPlan(level, order.axis, 1, level == 0 and not model.architecture.smoothing)
    if order.axis in model.manifest.planes or model.manifest.planes == "nine":
        return LookPlan(level, order.axis, 1, level == 0)
    return _plan_across(order, volume, model, level)


def _plan_across(order: PreviewOrder, volume: VolumeInfo, model: Model, level: int) -> LookPlan:
    """See a plane across the slices as the prediction would, if that is soon done; else along itself, or every few rows."""
    architecture = architecture_of(model)
    (top, bottom), (left, right) = preview_spans(order, volume.levels[level])
    halo = 2 * (architecture.reach + architecture.stride)
    passing = (bottom - top) * (1 + halo) * (right - left + halo)
    if passing <= _CROSS_SOON:
        return LookPlan(level, "z", 1, level == 0)
    if is_isotropic(volume):
        return LookPlan(level, order.axis, 1, is_exact=False)
    return LookPlan(level, "z", -(-passing // _CROSS_SOON), is_exact=False)


def look(model: Model, image: Image, order: PreviewOrder, volume: VolumeInfo, plan: LookPlan) -> Layers:
    """Give class and confidence (rows, columns) at the resolution of the order's level."""
    grid, asked = volume.levels[plan.level], volume.levels[order.level]
    depth, *across = PLANE_OF[order.axis]
    spans, wanted = preview_spans(order, grid), preview_spans(order, asked)
    found = _decide(model, image, order.axis, order.index // grid.scale[depth], spans, plan)
    rows, columns = (_picked(of, span, grid.scale[a], asked.scale[a]) for of, span, a in zip(wanted, spans, across, strict=True))
    numbers, confidence = (np.ascontiguousarray(layer[np.ix_(rows, columns)]) for layer in found)
    return numbers, confidence


def _decide(model: Model, image: Image, axis: Axis, index: int, spans: Spans, plan: LookPlan) -> Layers:
    """Decide the rows and columns of a slice, of the rows those that are wanted; the others are as the last one before them."""
    (top, bottom), columns = spans
    if plan.every == 1:
        return _slice(model, image, axis, index, spans, plan.along)
    strips = [_slice(model, image, axis, index, ((row, row + 1), columns), plan.along) for row in range(top, bottom, plan.every)]
    numbers, confidence = (np.concatenate(layers).repeat(plan.every, axis=0)[: bottom - top] for layers in zip(*strips, strict=True))
    return numbers, confidence


def _slice(model: Model, image: Image, axis: Axis, index: int, spans: Spans, along: Axis) -> Layers:
    """Decide a part of a slice across `axis` with the network looking along `along`."""
    region: Region = tuple(slice(*span) for span in box_of(axis, (index, index + 1), *spans))  # type: ignore[assignment]
    answer = vote([model], image, region, along)
    depth, *_ = PLANE_OF[axis]
    return answer.numbers.squeeze(depth), answer.confidence.squeeze(depth)


def _picked(wanted: tuple[int, int], span: tuple[int, int], fine: int, coarse: int) -> NDArray[np.intp]:
    """Give where in a span of a finer level the voxels of a coarser one begin."""
    at = np.arange(*wanted) * coarse // fine
    return np.clip(at, span[0], span[1] - 1) - span[0]
