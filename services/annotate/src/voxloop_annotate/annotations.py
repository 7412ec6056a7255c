"""The labels of all volumes: opened once each, changed here and nowhere else."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voxloop_annotate.newest import NewestLabels
from voxloop_annotate.planes import plane_region
from voxloop_annotate.proposals import Proposal
from voxloop_shared.data.blocks import Region
from voxloop_shared.data.chunks import ChunkCache
from voxloop_shared.data.history import Commit
from voxloop_shared.data.labels import Labels, default_classes
from voxloop_shared.data.masks import check_stroke, slices_of
from voxloop_shared.errors import InvalidInput, VolumeNotFound
from voxloop_shared.schemas import LAST_CLASS, UNCERTAIN, Axis, LabelClass, Level, Schema, Stroke, VolumeInfo
from voxloop_shared.workspace import Workspace

_CACHE_BYTES = 256 << 20

Propose = Callable[[str, str, Labels], Proposal]
"""Opens a prediction of a volume, to be accepted into its labels."""

ReadImage = Callable[[str, Region], NDArray[Any]]
"""Gives the values of a volume's image in a region of level 0, an array (z, y, x)."""


class LabelState(Schema):
    """What the page must know after a change of the labels; `box` is where they changed.

    What can be undone and redone is the author's own. `revision` grows with every change: what carries a smaller one is older.
    """

    snapshot: str
    box: tuple[tuple[int, int], tuple[int, int], tuple[int, int]] | None
    counts: dict[int, int]
    can_undo: bool
    can_redo: bool
    undo_name: str | None
    redo_name: str | None
    author: str
    name: str
    revision: int


class Annotations:
    """Opens repositories on demand; each method raises VolumeNotFound for an unknown volume."""

    def __init__(self, workspace: Workspace, read_image: ReadImage, propose: Propose) -> None:
        self._workspace = workspace
        self._read_image = read_image
        self._propose = propose
        self._open: dict[str, Labels] = {}
        self._newest: dict[str, NewestLabels] = {}
        self._chunks = ChunkCache(_CACHE_BYTES)
        self._opening: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def ensure(self, volume: VolumeInfo) -> None:
        """Make the labels of a new volume; harmless when they are there."""
        path = self._workspace.labels_of(volume.id)
        if not path.exists():
            Labels.create(path, volume.shape, default_classes())

    def of(self, volume_id: str) -> Labels:
        """Give the labels of a volume."""
        with self._opening[volume_id]:  # reading a long history takes a second, in which others need not wait for their volumes
            if volume_id not in self._open:
                path = self._workspace.labels_of(volume_id)
                if not self._workspace.volume(volume_id).exists():
                    raise VolumeNotFound(f"no volume {volume_id!r}")
                labels = self._open[volume_id] = Labels.open(path)
                threading.Thread(target=labels.rehearse, daemon=True, name=f"rehearsal-{volume_id}").start()
            return self._open[volume_id]

    def _newest_of(self, volume_id: str, labels: Labels) -> NewestLabels:
        with self._opening[volume_id]:
            if volume_id not in self._newest:
                newest = self._newest[volume_id] = NewestLabels(labels, self._chunks, volume_id)
                threading.Thread(target=newest.fetch_ahead, daemon=True, name=f"labels-{volume_id}").start()
            return self._newest[volume_id]

    def slice(self, volume_id: str, axis: Axis, index: int) -> tuple[NDArray[np.uint8], str]:
        """Cut a plane (rows, columns) out of the newest labels, and name their snapshot."""
        labels = self.of(volume_id)
        region = plane_region(Level(shape=labels.shape, scale=(1, 1, 1)), axis, index)
        block, snapshot = self._newest_of(volume_id, labels).read(region)
        return np.ascontiguousarray(block.squeeze("zyx".index(axis))), snapshot

    def paint(self, volume_id: str, stroke: Stroke, author: str) -> LabelState:
        """Commit a stroke; raises InvalidStroke, UnknownClass, PredictionNotFound."""
        labels = self.of(volume_id)
        check_stroke(stroke, labels.shape)
        commit = labels.history.stroke(stroke.id)
        if commit is None:
            within = None if stroke.intensity is None else in_range(self._read_image(volume_id, slices_of(stroke.box)), *stroke.intensity)
            if stroke.from_prediction is None:
                commit = labels.paint(stroke, author, within)
            else:
                commit = self._propose(volume_id, stroke.from_prediction, labels).paint(stroke, author, within)
        return label_state(labels, commit, author)

    def undo(self, volume_id: str, author: str, request_id: str | None = None) -> LabelState:
        """Take the author's newest stroke back; raises NothingToUndo."""
        labels = self.of(volume_id)
        return label_state(labels, labels.undo(author, request_id), author)

    def redo(self, volume_id: str, author: str, request_id: str | None = None) -> LabelState:
        """Do again what the author last undid; raises NothingToUndo."""
        labels = self.of(volume_id)
        return label_state(labels, labels.redo(author, request_id), author)

    def jump(self, volume_id: str, snapshot: str | None, author: str, request_id: str | None = None) -> LabelState:
        """Undo or redo until a stroke of the author is the newest that stands; raises SnapshotNotFound, NothingToUndo."""
        labels = self.of(volume_id)
        return label_state(labels, labels.jump(snapshot, author, request_id), author)

    def restore(self, volume_id: str, snapshot: str, author: str, request_id: str | None = None) -> LabelState:
        """Make the labels those of an earlier snapshot; raises SnapshotNotFound."""
        labels = self.of(volume_id)
        return label_state(labels, labels.restore(snapshot, author, request_id), author)

    def delete_class(self, volume_id: str, number: int, into: int, author: str, request_id: str | None = None) -> LabelState:
        """Take a class away and make its voxels `into`; raises UnknownClass, InvalidInput."""
        labels = self.of(volume_id)
        return label_state(labels, labels.delete_class(number, into, author, request_id), author)

    def put_classes(self, volume_id: str, classes: list[LabelClass], author: str) -> None:
        """Replace the classes; raises InvalidInput when two share an id or a name, UnknownClass, NameTaken."""
        ids, names = [c.id for c in classes], [c.name.strip().lower() for c in classes]
        if len(set(ids)) < len(ids) or len(set(names)) < len(names):
            raise InvalidInput("two classes share an id or a name: give each its own")
        self.of(volume_id).put_classes(classes, author)

    def merge(self, volume_id: str, slabs: Iterator[NDArray[np.uint8]], author: str) -> LabelState:
        """Lay a label image over the labels; raises ShapeMismatch, InvalidInput."""
        labels = self.of(volume_id)
        return label_state(labels, labels.merge(slabs, "import", author, _check_values), author)


def label_state(labels: Labels, commit: Commit, author: str) -> LabelState:
    """Sum up the labels after a commit, for the author who asked for it."""
    stacks = labels.history.of(author)
    undo_name, redo_name = stacks.undo_name(), stacks.redo_name()
    return LabelState(
        snapshot=commit.snapshot,
        box=commit.span or commit.box,
        counts=labels.counts,
        can_undo=undo_name is not None,
        can_redo=redo_name is not None,
        undo_name=undo_name,
        redo_name=redo_name,
        author=author,
        name=commit.name,
        revision=len(labels.history),
    )


def describe_change(state: LabelState, stroke_id: str | None = None) -> dict[str, Any]:
    """Give what all open pages are told about a change; what its author can undo is nobody else's business."""
    return state.model_dump(mode="json", exclude={"can_undo", "can_redo", "undo_name", "redo_name"}) | {"stroke_id": stroke_id}


def describe_classes(labels: Labels) -> dict[str, Any]:
    """Give the classes, the voxels that carry each, and the number that a new one may have (None: all are used up)."""
    return {"classes": [entry.model_dump() for entry in labels.classes()], "counts": labels.counts, "next_id": labels.next_class()}


def describe_history(labels: Labels, author: str, limit: int, before: str | None = None) -> dict[str, Any]:
    """Give the newest changes first, the slices that carry strokes, and what undo and redo would do for an author.

    `before` is a snapshot that all changes are older than; raises SnapshotNotFound.
    """
    history = labels.history
    changes, more = history.changes(limit, before)
    mine = history.of(author)
    strokes = [
        commit.model_dump(mode="json", exclude={"counts", "accepted", "marks", "span"})
        | {
            "by": history.root(commit).by,
            "undone": history.is_undone(commit),
            "can_jump": mine.stands(history.root(commit).snapshot) is not None,
        }
        for commit in changes
    ]
    state = label_state(labels, history.head, author).model_dump(mode="json", exclude={"box", "name"})
    return {"strokes": strokes, "more": more, "annotated": history.annotated()} | state


def in_range(image: NDArray[Any], low: float, high: float) -> NDArray[np.bool_]:
    """Say which voxels lie in a range, ends included; NaN never does."""
    with np.errstate(over="ignore"):  # bounds beyond what the image's type can hold become infinite
        return np.asarray((image >= low) & (image <= high))


def _check_values(slab: NDArray[np.uint8]) -> None:
    wrong = np.unique(slab[(slab > LAST_CLASS) & (slab != UNCERTAIN)])
    if wrong.size:
        raise InvalidInput(f"label value {wrong[0]} is none: classes are 1 to {LAST_CLASS}, {UNCERTAIN} is uncertain, 0 unlabelled")
