"""Held-out strokes: labels kept back whole, so that a network is judged where it has never been told the answer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from voxloop_train.points import LabelPoints

_LARGEST = 1_000_000
"""Labelled voxels beyond which strokes are no longer told apart: that many are dense labels."""
_GAP = 8
_FEW_STROKES = 8
_BLOCK = 32
"""Side of the cubes, in voxels, into which labels are parted where they are a few large pieces."""


@dataclass(frozen=True, slots=True)
class Split:
    """Labels to learn from, each with the stroke it belongs to, and labels to judge by; `note` says how they were parted."""

    train: LabelPoints
    stroke: NDArray[np.int32]
    held: LabelPoints
    note: str


def hold_out(points: LabelPoints, share: float, seed: int) -> Split:
    """Keep about a share of the voxels back: whole strokes, or a slab with a gap where labels are dense.

    Every class stays in training. Where nothing can be kept back honestly, nothing is, and the note says so.
    """
    random = np.random.default_rng(seed)
    stroke = strokes_of(points) if points.is_complete and len(points) <= _LARGEST else np.zeros(len(points), np.int32)
    everything = Split(points, stroke, points.chosen(np.zeros(len(points), bool)), "nothing held out: too few separate strokes")
    if share == 0:
        return everything
    held = np.isin(stroke, _choose_strokes(points.number, stroke, share, random))
    by_stroke = Split(points.chosen(~held), stroke[~held], points.chosen(held), "whole strokes held out")
    if len(by_stroke.held.classes()) == len(points.classes()):
        return by_stroke
    by_slab = _hold_out_slab(points, stroke, share)
    candidates = [everything, by_stroke, *([by_slab] if by_slab else [])]
    return max(candidates, key=lambda split: len(split.held.classes()))


def strokes_of(points: LabelPoints) -> NDArray[np.int32]:
    """Number the connected components (26 neighbours) of the labelled voxels, whatever their class."""
    z, y, x = points.coordinates()
    pairs = [_neighbours(points, (z, y, x), (dz, dy, dx)) for dz, dy, dx in _half_of_26()]
    first, second = (np.concatenate(side) for side in zip(*pairs, strict=True))
    links = coo_array((np.ones(len(first), bool), (first, second)), shape=(len(points), len(points)))
    _, stroke = connected_components(links, directed=False)
    found: NDArray[np.int32] = stroke.astype(np.int32)
    return found


def units_of(points: LabelPoints) -> NDArray[np.int32]:
    """Number the pieces of labels that say something of their own: strokes, or cubes where there are fewer than eight strokes."""
    stroke = strokes_of(points) if len(points) <= _LARGEST else np.zeros(len(points), np.int32)
    if len(np.unique(stroke)) >= _FEW_STROKES:
        return stroke
    _, unit = np.unique(np.stack([stroke, *(points.coordinates() // _BLOCK)]), axis=1, return_inverse=True)
    return unit.reshape(-1).astype(np.int32)


def _half_of_26() -> list[tuple[int, int, int]]:
    offsets = [(z, y, x) for z in (0, 1) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    return [offset for offset in offsets if offset > (0, 0, 0)]


def _neighbours(
    points: LabelPoints, place: tuple[NDArray[np.int32], ...], offset: tuple[int, int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the pairs of labelled voxels that lie one offset apart."""
    inside = np.ones(len(points), bool)
    for coordinate, step, length in zip(place, offset, points.shape, strict=True):
        inside &= (coordinate + step >= 0) & (coordinate + step < length)
    first = np.flatnonzero(inside)
    wanted = points.position[first] + (offset[0] * points.shape[1] + offset[1]) * points.shape[2] + offset[2]
    second = np.searchsorted(points.position, wanted)
    second[second == len(points)] = 0
    is_there = points.position[second] == wanted
    return first[is_there], second[is_there]


def _choose_strokes(number: NDArray[np.uint8], stroke: NDArray[np.int32], share: float, random: np.random.Generator) -> list[int]:
    """Choose strokes until each class, the rarest first, has about its share held out and at least one stroke left."""
    classes, column = np.unique(number, return_inverse=True)
    voxels = np.zeros((int(stroke.max(initial=0)) + 1, len(classes)), np.int64)
    np.add.at(voxels, (stroke, column), 1)
    left, wanted = voxels.sum(axis=0), voxels.sum(axis=0) * share
    chosen: list[int] = []
    order = random.permutation(len(voxels))
    for c in np.argsort(left):
        held = voxels[np.array(chosen, np.int64), c].sum()
        for unit in sorted(order, key=lambda u: abs(voxels[u, c] - wanted[c])):
            is_needed = held == 0 or held + voxels[unit, c] <= 1.25 * wanted[c]
            leaves_some = bool((left - voxels[unit] > 0)[voxels[unit] > 0].all())
            if voxels[unit, c] and unit not in chosen and is_needed and leaves_some:
                chosen.append(int(unit))
                left, held = left - voxels[unit], held + voxels[unit, c]
    return chosen


def _hold_out_slab(points: LabelPoints, stroke: NDArray[np.int32], share: float) -> Split | None:
    """Keep a slab across the longest axis back, with a gap of unused labels on both sides; None where no slab works."""
    place = points.coordinates()
    axis = int(np.argmax(place.max(axis=1) - place.min(axis=1)))
    along = place[axis]
    gap = min(_GAP, max(1, int(along.max() - along.min()) // 20))
    best: Split | None = None
    for start in (0.4, 0.2, 0.6, 0.0, 1 - share):
        low, high = np.quantile(along, [start, min(1.0, start + share)], method="nearest")
        held = points.chosen((along >= low) & (along <= high))
        is_train = (along < low - gap) | (along > high + gap)
        train = points.chosen(is_train)
        if len(train.classes()) == len(points.classes()) and (best is None or len(held.classes()) > len(best.held.classes())):
            best = Split(train, stroke[is_train], held, f"a slab held out: {'zyx'[axis]} {low}..{high}")
    return best
