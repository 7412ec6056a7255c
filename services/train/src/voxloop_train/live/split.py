"""Held-out strokes of a live session: a stroke that has been learned from never judges, and one that judges is never learned from."""

import numpy as np
from numpy.typing import NDArray

from voxloop_train.holdout import Split, apart_from, strokes_of
from voxloop_train.points import LabelPoints

_NOTHING = np.empty(0, np.int64)


class StandingSplit:
    """Parts labels that grow; each stroke is put on one side when it is first seen."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._held = _NOTHING
        self._learned = _NOTHING

    def note_learned(self, position: NDArray[np.int64]) -> None:
        """Say which voxels (indices into the flattened grid) a parent has learned from: their strokes cannot judge its child."""
        self._learned = np.union1d(self._learned, position)

    def part(self, points: LabelPoints) -> Split:
        """Part the newest labels: each class has about its share held out, and always a stroke to learn from."""
        stroke = strokes_of(points)
        units = np.unique(stroke)
        is_learned = _touched(stroke, points.position, self._learned)
        is_learned[stroke[~points.by_hand]] = True  # what was accepted from a prediction never judges
        is_held = _touched(stroke, points.position, self._held) & ~is_learned
        for unit in units[~(is_learned | is_held)[units]]:
            is_held[unit] = self._should_hold(points.number, stroke, int(unit), is_held, units)
        held = is_held[stroke]
        is_train = apart_from(points, held)
        if len(np.unique(points.number[is_train])) < len(points.classes()):
            held[:], is_train[:] = False, True  # too few strokes yet: all of them are needed
        train = points.chosen(is_train)
        self._held, self._learned = points.position[held], np.union1d(self._learned, train.position)
        note = "whole strokes held out" if held.any() else "nothing held out: too few separate strokes"
        return Split(train, stroke[is_train], points.chosen(held), note)

    def _should_hold(
        self, number: NDArray[np.uint8], stroke: NDArray[np.int32], unit: int, is_held: NDArray[np.bool_], units: NDArray[np.int32]
    ) -> bool:
        """Hold a new stroke out while one of its classes has too little held, and others of that class are there to learn from."""
        held = is_held[stroke]
        for c in np.unique(number[stroke == unit]):
            of_class = number == c
            others = of_class & ~held & (stroke != unit)
            if not others.any() or (held & of_class).sum() >= self._share * of_class.sum():
                return False
        return len(units) > 1


def _touched(stroke: NDArray[np.int32], position: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of each stroke whether one of its voxels is known."""
    found = np.zeros(int(stroke.max(initial=-1)) + 1, bool)
    found[stroke[np.isin(position, known)]] = True
    return found
