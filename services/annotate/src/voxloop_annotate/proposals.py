"""Proposals: what a prediction says of a volume, in the numbers of its labels, for a person to accept."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from voxloop_annotate.library import Library
from voxloop_shared.data.blocks import Region
from voxloop_shared.data.commits import Commit
from voxloop_shared.data.labels import Labels
from voxloop_shared.data.masks import decode_mask, slices_of
from voxloop_shared.data.origins import States, accept_states
from voxloop_shared.errors import SnapshotNotFound, UnknownClass
from voxloop_shared.schemas import UNLABELLED, LabelClass, OverwriteRule, PredictionInfo, Stroke

_FOREIGN = 254
"""Stands for a predicted class that the volume does not have: no class has this number."""

Voxels = NDArray[np.uint8]


class Proposal:
    """One prediction; `layer(name, region)` reads a region (z, y, x) of its layers at full resolution."""

    def __init__(self, info: PredictionInfo, labels: Labels, layer: Callable[[str, Region], Voxels]) -> None:
        self._info = info
        self._labels = labels
        self._layer = layer
        self._table = _translation(info, labels)

    @property
    def source(self) -> dict[str, str]:
        """Give what the commit that accepts voxels keeps of where they are from."""
        return {"prediction": self._info.id, "model": f"{self._info.model.name}:{self._info.model.version}"}

    def read(self, region: Region, confidence: float = 0.0) -> Voxels:
        """Give the classes of a region (z, y, x), 0 where none is predicted with that confidence (0..1).

        Raises UnknownClass when the volume does not have one of them.
        """
        predicted = self._layer("class", region)
        if confidence > 0:
            least = math.ceil(confidence * 255 - 1e-6)
            predicted = np.where(self._layer("confidence", region) >= least, predicted, np.uint8(UNLABELLED))
        classes = self._table[predicted]
        if (classes == _FOREIGN).any():
            missing = {int(number) for number in np.unique(predicted[classes == _FOREIGN])}
            names = [entry.name for entry in self._info.classes if entry.id in missing] or sorted(map(str, missing))
            raise UnknownClass(f"the volume has no class {', '.join(map(repr, names))}: add it, then accept")
        return classes

    def paint(self, stroke: Stroke, author: str, within: NDArray[np.bool_] | None = None) -> Commit:
        """Commit a stroke that takes each voxel's class from the prediction; raises InvalidStroke, UnknownClass."""
        mask = decode_mask(stroke.runs, tuple(stop - start for start, stop in stroke.box))
        if within is not None:
            mask &= within
        predicted = np.where(mask, self.read(slices_of(stroke.box), stroke.confidence), np.uint8(UNLABELLED))
        record = Commit.now("accept", author, stroke_id=stroke.id, axis=stroke.axis, index=stroke.index, box=stroke.box, **self.source)
        return self._labels.edit(record, lambda before: self.accept(before, predicted, stroke), predicted != UNLABELLED)

    def accept(self, before: States, predicted: Voxels, rule: OverwriteRule) -> States:
        """Take what `read` gave as labels; raises UnknownClass for a class that has been deleted since."""
        known = {entry.id for entry in self._labels.classes()}
        gone = set(np.flatnonzero(np.bincount(predicted.ravel(), minlength=1)).tolist()) - known - {UNLABELLED}
        if gone:
            raise UnknownClass(f"class {min(gone)} has been deleted meanwhile")
        return accept_states(before, predicted, rule)


class Proposals:
    """The predictions of all volumes."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def of(self, volume_id: str, prediction_id: str, labels: Labels) -> Proposal:
        """Open a prediction, whole or partial; raises PredictionNotFound."""
        info = self._library.prediction(volume_id, prediction_id)
        return Proposal(info, labels, lambda layer, region: self._library.prediction_voxels(volume_id, prediction_id, layer, region))


def _translation(info: PredictionInfo, labels: Labels) -> NDArray[np.uint8]:
    """Give per predicted number that of the labels.

    A model that learnt from these labels means their numbers, whatever the classes are called by now (a number is never given to another
    class); one from elsewhere means its names.
    """
    table = np.full(256, _FOREIGN, np.uint8)
    table[UNLABELLED] = UNLABELLED
    ours = labels.classes()
    by_name = {_plain(entry): entry.id for entry in ours}
    is_ours = knows_snapshot(labels, info.snapshot)
    for entry in info.classes:
        number = (entry.id if any(entry.id == each.id for each in ours) else None) if is_ours else by_name.get(_plain(entry))
        table[entry.id] = _FOREIGN if number is None else number
    return table


def _plain(entry: LabelClass) -> str:
    return entry.name.strip().lower()


def knows_snapshot(labels: Labels, snapshot: str) -> bool:
    """Say whether a snapshot is one of these labels: a model that learnt from it means their numbers, another one its classes' names."""
    try:
        labels.history.find(snapshot)
    except SnapshotNotFound:
        return False
    return True
