"""The labels of all volumes: opened once each, changed here and nowhere else."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voxloop_annotate.planes import plane_region
from voxloop_shared.data.history import Commit
from voxloop_shared.data.labels import Labels, default_classes
from voxloop_shared.errors import InvalidInput, VolumeNotFound
from voxloop_shared.schemas import LAST_CLASS, UNCERTAIN, Axis, LabelClass, Level, Schema, Stroke, VolumeInfo
from voxloop_shared.workspace import Workspace


class LabelState(Schema):
    """What the page must know after a change of the labels; `box` is where they changed."""

    snapshot: str
    box: tuple[tuple[int, int], tuple[int, int], tuple[int, int]] | None
    counts: dict[int, int]
    can_undo: bool
    can_redo: bool
    undo_name: str | None
    redo_name: str | None


class Annotations:
    """Opens repositories on demand; each method raises VolumeNotFound for an unknown volume."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._open: dict[str, Labels] = {}
        self._opening = threading.Lock()

    def ensure(self, volume: VolumeInfo) -> None:
        """Make the labels of a new volume; harmless when they are there."""
        path = self._workspace.labels_of(volume.id)
        if not path.exists():
            Labels.create(path, volume.shape, default_classes())

    def of(self, volume_id: str) -> Labels:
        """Give the labels of a volume."""
        with self._opening:
            if volume_id not in self._open:
                path = self._workspace.labels_of(volume_id)
                if not self._workspace.volume(volume_id).exists():
                    raise VolumeNotFound(f"no volume {volume_id!r}")
                self._open[volume_id] = Labels.open(path)
            return self._open[volume_id]

    def slice(self, volume_id: str, axis: Axis, index: int) -> tuple[NDArray[np.uint8], str]:
        """Cut a plane (rows, columns) out of the newest labels, and name their snapshot."""
        labels = self.of(volume_id)
        snapshot = labels.head
        array = labels.array(snapshot)
        shape: tuple[int, int, int] = array.shape  # type: ignore[assignment]
        region = plane_region(Level(shape=shape, scale=(1, 1, 1)), axis, index)
        plane = np.asarray(array[region]).squeeze("zyx".index(axis))
        return np.ascontiguousarray(plane), snapshot

    def paint(self, volume_id: str, stroke: Stroke, author: str) -> LabelState:
        """Commit a stroke; raises InvalidStroke, UnknownClass."""
        labels = self.of(volume_id)
        return label_state(labels, labels.paint(stroke, author))

    def undo(self, volume_id: str, author: str, request_id: str | None = None) -> LabelState:
        """Take the newest stroke back; raises NothingToUndo."""
        labels = self.of(volume_id)
        return label_state(labels, labels.undo(author, request_id))

    def redo(self, volume_id: str, author: str, request_id: str | None = None) -> LabelState:
        """Do again what was undone; raises NothingToUndo."""
        labels = self.of(volume_id)
        return label_state(labels, labels.redo(author, request_id))

    def put_classes(self, volume_id: str, classes: list[LabelClass], author: str) -> None:
        """Replace the classes; raises InvalidInput when two share an id or a name, UnknownClass when one in use would go."""
        ids, names = [c.id for c in classes], [c.name.strip().lower() for c in classes]
        if len(set(ids)) < len(ids) or len(set(names)) < len(names):
            raise InvalidInput("two classes share an id or a name: give each its own")
        self.of(volume_id).put_classes(classes, author)

    def merge(self, volume_id: str, slabs: Iterator[NDArray[np.uint8]], author: str) -> LabelState:
        """Lay a label image over the labels; raises ShapeMismatch, InvalidInput."""
        labels = self.of(volume_id)
        return label_state(labels, labels.merge(slabs, "import", author, _check_values))


def label_state(labels: Labels, commit: Commit) -> LabelState:
    """Sum up the labels after a commit."""
    history = labels.history
    undo_name, redo_name = history.undo_name(), history.redo_name()
    return LabelState(
        snapshot=commit.snapshot,
        box=commit.box,
        counts=labels.counts,
        can_undo=undo_name is not None,
        can_redo=redo_name is not None,
        undo_name=undo_name,
        redo_name=redo_name,
    )


def describe_history(labels: Labels, limit: int) -> dict[str, Any]:
    """Give the newest changes first, the slices that carry strokes, and what undo and redo would do."""
    undone = labels.history.undone()
    changes = [c for c in labels.history.newest(limit) if c.box is not None]  # the rest made the array or named classes
    strokes = [c.model_dump(mode="json", exclude={"counts"}) | {"undone": c.snapshot in undone} for c in changes]
    state = label_state(labels, labels.history.head).model_dump(mode="json", exclude={"box"})
    return {"strokes": strokes, "annotated": labels.history.annotated()} | state


def _check_values(slab: NDArray[np.uint8]) -> None:
    wrong = np.unique(slab[(slab > LAST_CLASS) & (slab != UNCERTAIN)])
    if wrong.size:
        raise InvalidInput(f"label value {wrong[0]} is none: classes are 1 to {LAST_CLASS}, {UNCERTAIN} is uncertain, 0 unlabelled")
