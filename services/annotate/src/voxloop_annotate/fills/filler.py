"""The filler: works out what is to be filled and commits it."""

import threading

import numpy as np

from voxloop_annotate.annotations import Annotations, label_state
from voxloop_annotate.fills.accept import AcceptPlan, plan_accept
from voxloop_annotate.fills.cleaning import plan_holes, plan_islands
from voxloop_annotate.fills.copying import plan_copy
from voxloop_annotate.fills.flood import plan_flood
from voxloop_annotate.fills.interpolation import plan_interpolation
from voxloop_annotate.fills.orders import Accept, Copy, FillState, Flood, Holes, Interpolate, Islands, Order
from voxloop_annotate.fills.plan import Plan, check_plane
from voxloop_annotate.fills.planes import LabelPlanes
from voxloop_annotate.fills.progress import Progress
from voxloop_annotate.library import Library
from voxloop_annotate.proposals import Proposals
from voxloop_shared.data.commits import Commit
from voxloop_shared.data.labels import Labels
from voxloop_shared.data.origins import States
from voxloop_shared.errors import UnknownClass
from voxloop_shared.schemas import UNCERTAIN, UNLABELLED


class _Unchanged(Exception):
    """The fill would leave every voxel as it is."""


class Filler:
    """Fills the labels of any volume; each fill is one commit."""

    def __init__(self, library: Library, annotations: Annotations) -> None:
        self._library = library
        self._annotations = annotations
        self._proposals = Proposals(library)
        self._working = threading.Lock()  # a large fill takes 300 MB: several at once would not be faster

    def fill(self, volume_id: str, order: Order, author: str, progress: Progress) -> FillState:
        """Fill, and give the labels' state; an order that is known (sent twice) changes nothing more.

        Raises VolumeNotFound, PredictionNotFound, UnknownClass, InvalidInput, TooLarge; then nothing changes.
        """
        labels = self._annotations.of(volume_id)
        try:
            with self._working:
                commit = labels.history.stroke(order.id) or self._make(volume_id, order, labels, author, progress)
        finally:
            progress.finish()
        state = label_state(labels, commit or labels.history.head, author)
        about = {"changed": commit.voxels} if commit else {"changed": 0, "box": None, "name": ""}
        return FillState.model_validate(state.model_dump() | about)

    def _make(self, volume_id: str, order: Order, labels: Labels, author: str, progress: Progress) -> Commit | None:
        _check_value(labels, order.value)
        plan = self._plan(volume_id, order, labels, progress)
        return None if plan is None else _commit(labels, order, plan, author)

    def _plan(self, volume_id: str, order: Order, labels: Labels, progress: Progress) -> Plan | AcceptPlan | None:
        check_plane(order.axis, order.index, labels.shape)
        if isinstance(order, Flood):
            return plan_flood(order, labels.shape, lambda region: self._library.voxels(volume_id, region), progress)
        if isinstance(order, Accept):
            return plan_accept(order, labels.shape, self._proposals.of(volume_id, order.prediction, labels))
        planes = LabelPlanes(labels, order.axis, progress)
        match order:
            case Interpolate():
                return plan_interpolation(order, planes, self._library.volume(volume_id).voxel_size, progress)
            case Copy():
                return plan_copy(order, planes)
            case Holes():
                return plan_holes(order, planes)
            case Islands():
                return plan_islands(order, planes)


def _commit(labels: Labels, order: Order, plan: Plan | AcceptPlan, author: str) -> Commit | None:
    def change(before: States) -> States:
        after = plan.apply(before)
        if np.array_equal(after, before):
            raise _Unchanged
        return after

    about = {"stroke_id": order.id, "value": order.value, "axis": order.axis, "index": order.index, "box": plan.box} | plan.about
    record = Commit.now(order.kind, author, **about)
    try:
        return labels.edit(record, change)
    except _Unchanged:
        return None


def _check_value(labels: Labels, value: int | None) -> None:
    """Raise UnknownClass for a value that is none, also where nothing would be painted."""
    known = sorted(entry.id for entry in labels.classes())
    if value not in (None, UNLABELLED, UNCERTAIN, *known):
        raise UnknownClass(f"no class {value}: the volume has {', '.join(map(str, known))}, 255 is uncertain")
