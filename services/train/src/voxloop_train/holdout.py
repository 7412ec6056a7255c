"""Held-out strokes: labels kept back whole, so that a network is judged where it has never been told the answer."""

import hashlib
from dataclasses import dataclass, replace

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


def hold_out(points: LabelPoints, share: float, seed: int, learned: NDArray[np.int64] | None = None) -> Split:
    """Keep about a share of the voxels back: whole strokes, or a slab with a gap where labels are dense.

    Every class stays in training. Where nothing can be kept back honestly, nothing is, and the note says so. What was accepted from
    a prediction is never judged on, for the prediction would be right by definition, and not learned from beside what is held out.
    `learned` are voxels (indices into the flattened grid) that a parent has learned from: their strokes judge only if no others can.
    """
    stroke = strokes_of(points)
    if learned is None:
        return _part(points, stroke, share, seed, points.by_hand)
    fresh = points.by_hand & ~np.isin(stroke, np.unique(stroke[np.isin(points.position, learned)]))
    split = _part(points, stroke, share, seed, fresh)
    if len(split.held):
        return replace(split, note=f"{split.note}, all painted since the parent")
    split = _part(points, stroke, share, seed, points.by_hand)
    return replace(split, note=f"{split.note}, though the parent may have learned from them") if len(split.held) else split


def _part(points: LabelPoints, stroke: NDArray[np.int32], share: float, seed: int, judges: NDArray[np.bool_]) -> Split:
    """Keep some of those voxels back that may judge."""
    everything = Split(points, stroke, points.chosen(np.zeros(len(points), bool)), "nothing held out: too few separate strokes")
    if share == 0 or not judges.any():
        return everything
    by_stroke = _hold_out_strokes(points, stroke, share, np.random.default_rng(seed), judges)
    if by_stroke and len(by_stroke.held.classes()) == len(points.chosen(judges).classes()):
        return by_stroke
    by_slab = _hold_out_slab(points, stroke, share, judges)
    candidates = [everything, *([by_stroke] if by_stroke else []), *([by_slab] if by_slab else [])]
    return max(candidates, key=lambda split: len(split.held.classes()))


def held_out_digest(place: NDArray[np.integer], number: NDArray[np.integer]) -> str | None:
    """Name held-out voxels, places (3, n) in the order of the grid, with their class ids; None where there are none.

    Models of the same name were judged by the same strokes: only then their scores can be compared.
    """
    said = np.concatenate([place, number[None]]).astype("<i4")
    return hashlib.sha256(said.tobytes()).hexdigest() if said.shape[1] else None


def strokes_of(points: LabelPoints) -> NDArray[np.int32]:
    """Number the strokes: connected components (26 neighbours) of what was painted by hand, then of what was accepted, whatever the class.

    Where there are too many voxels, or some are missing, all by hand are one stroke, or all accepted.
    """
    stroke = np.zeros(len(points), np.int32)
    by_hand = points.by_hand
    if points.is_complete and np.count_nonzero(by_hand) <= _LARGEST:
        stroke[by_hand] = _components(points.chosen(by_hand))
    if points.accepted is not None:
        others = points.chosen(points.accepted)
        stroke[points.accepted] = stroke.max(initial=0) + 1 + (_components(others) if len(others) <= _LARGEST else 0)
    return stroke


def apart_from(points: LabelPoints, held: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say what may be learned from: all that is not held out, but for what was accepted close by."""
    if points.accepted is None or not held.any():
        return ~held
    return ~held & (points.by_hand | ~beside(points.coordinates(), held))


def beside(place: NDArray[np.integer], chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say which voxels, places (3, n), lie within about a gap of the chosen ones: in the same cube of that size, or one next to it."""
    cell = place.astype(np.int64) // _GAP + 1
    grid = cell.max(axis=1, initial=0) + 2
    around = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3), axis=-1).reshape(-1, 3).T
    taken = np.unique(cell[:, chosen], axis=1)
    near = np.unique(np.ravel_multi_index(tuple((taken[:, :, None] + around[:, None]).reshape(3, -1)), grid))
    return np.isin(np.ravel_multi_index(tuple(cell), grid), near)


def _components(points: LabelPoints) -> NDArray[np.int32]:
    z, y, x = points.coordinates()
    pairs = [_neighbours(points, (z, y, x), (dz, dy, dx)) for dz, dy, dx in _half_of_26()]
    first, second = (np.concatenate(side) for side in zip(*pairs, strict=True))
    links = coo_array((np.ones(len(first), bool), (first, second)), shape=(len(points), len(points)))
    _, stroke = connected_components(links, directed=False)
    found: NDArray[np.int32] = stroke.astype(np.int32)
    return found


def units_of(points: LabelPoints) -> NDArray[np.int32]:
    """Number the pieces of labels that say something of their own: strokes, or cubes where there are fewer than eight strokes."""
    stroke = strokes_of(points)
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


def _hold_out_strokes(
    points: LabelPoints, stroke: NDArray[np.int32], share: float, random: np.random.Generator, judges: NDArray[np.bool_]
) -> Split | None:
    """Keep whole strokes back; None where a class would be left with nothing to learn from."""
    held = judges & np.isin(stroke, _choose_strokes(points.number[judges], stroke[judges], share, random))
    is_train = apart_from(points, held)
    train = points.chosen(is_train)
    split = Split(train, stroke[is_train], points.chosen(held), _noted("whole strokes held out", points))
    return split if len(train.classes()) == len(points.classes()) else None


def _noted(note: str, points: LabelPoints) -> str:
    return note if points.accepted is None else f"{note}, none of them accepted from a prediction"


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


def _hold_out_slab(points: LabelPoints, stroke: NDArray[np.int32], share: float, judges: NDArray[np.bool_]) -> Split | None:
    """Keep a slab across the longest axis back, with a gap of unused labels on both sides; None where no slab works."""
    place = points.coordinates()
    painted = place[:, judges]
    axis = int(np.argmax(painted.max(axis=1) - painted.min(axis=1)))
    along = place[axis]
    gap = min(_GAP, max(1, int(painted[axis].max() - painted[axis].min()) // 20))
    best: Split | None = None
    for start in (0.4, 0.2, 0.6, 0.0, 1 - share):
        low, high = np.quantile(painted[axis], [start, min(1.0, start + share)], method="nearest")
        held = points.chosen((along >= low) & (along <= high) & judges)
        is_train = (along < low - gap) | (along > high + gap)
        train = points.chosen(is_train)
        if len(train.classes()) == len(points.classes()) and (best is None or len(held.classes()) > len(best.held.classes())):
            best = Split(train, stroke[is_train], held, _noted(f"a slab held out: {'zyx'[axis]} {low}..{high}", points))
    return best
