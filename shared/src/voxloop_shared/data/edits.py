"""Edits: one change of the labels while it is being written, voxels and classes together."""

from functools import cached_property
from typing import Any

import icechunk
import numpy as np
import zarr
from numpy.typing import NDArray

from voxloop_shared.data.blocks import Region
from voxloop_shared.data.commits import Commit
from voxloop_shared.data.labelchunks import Kept, LabelChunks
from voxloop_shared.data.masks import slices_of
from voxloop_shared.data.origins import ORIGIN, States, create_origin, join_states, labels_of, open_origin, origin_of
from voxloop_shared.data.repositories import ARRAY, class_color, write_classes
from voxloop_shared.errors import UnknownClass
from voxloop_shared.schemas import LAST_CLASS, UNCERTAIN, UNLABELLED, Box, LabelClass

_EMPTY = "changes_without_effect"


class Edit:
    """Collects voxels and classes on top of the newest labels, until it becomes one commit or is dropped.

    `kept` are chunks of the newest labels, `classes` their classes, `counts` the labelled voxels per class, `accepted` those of them
    that came from a prediction; `box` covers the voxels that have changed; None while none has.
    """

    def __init__(
        self, repo: icechunk.Repository, kept: Kept, classes: list[LabelClass], counts: dict[int, int], accepted: dict[int, int]
    ) -> None:
        self._session = repo.writable_session("main")
        self._kept = kept
        self._labels = LabelChunks(self._session.store, ARRAY, kept)
        self._origin = LabelChunks(self._session.store, ORIGIN, kept) if accepted else None
        self.classes = list(classes)
        self._classes_before = classes
        self._before = np.zeros(2 * 256, np.int64)
        for number, count in counts.items():
            self._before[number] = count - accepted.get(number, 0)
            self._before[256 + number] = accepted.get(number, 0)
        self._gained = np.zeros_like(self._before)
        self.voxels = 0
        self.box: Box | None = None

    def read(self, region: Region, where: NDArray[np.bool_] | None = None) -> States:
        """Give the states of a region's voxels as they are now; `where` (the region's shape): chunks without any of these read as 0."""
        labels = self._labels.read(region, where)
        return labels if self._origin is None else join_states(labels, self._origin.read(region, where))

    def write(self, region: Region, before: States, after: States) -> None:
        """Replace the states of a region's voxels, which are `before`, by `after`."""
        changed = after != before
        bounds = _bounds(changed)
        if bounds is not None:
            inner = slices_of(bounds)
            z, y, x = (slice(part.start + a, part.start + b) for part, (a, b) in zip(region, bounds, strict=True))
            self._put((z, y, x), before[inner], after[inner])
            self._gained += np.bincount(after[changed], minlength=512) - np.bincount(before[changed], minlength=512)
            self.voxels += int(np.count_nonzero(changed))
            self.box = cover([self.box, ((z.start, z.stop), (y.start, y.stop), (x.start, x.stop))])

    def _put(self, region: Region, before: States, after: States) -> None:
        _put_changed(self._labels, region, labels_of(before), labels_of(after))
        origin = origin_of(after)
        if self._origin is None and origin.any():
            if open_origin(self._session.store) is None:
                create_origin(self._session.store, self._array)
            self._origin = LabelChunks(self._session.store, ORIGIN, self._kept)
        if self._origin is not None:
            _put_changed(self._origin, region, origin_of(before), origin)

    @cached_property
    def _array(self) -> zarr.Array[Any]:
        return zarr.open_array(self._session.store, path=ARRAY, mode="r+")

    @property
    def counts(self) -> dict[int, int]:
        """Give the number of labelled voxels per class."""
        now = (self._before + self._gained).reshape(2, 256).sum(axis=0)
        return _by_class(now)

    @property
    def accepted(self) -> dict[int, int]:
        """Give the number of accepted voxels per class."""
        return _by_class((self._before + self._gained)[256:])

    def check_value(self, value: int) -> None:
        """Raise UnknownClass unless voxels may carry a value."""
        known = sorted(entry.id for entry in self.classes)
        if value not in (*known, UNLABELLED, UNCERTAIN):
            raise UnknownClass(f"no class {value}: the volume has {', '.join(map(str, known))}, 0 erases, 255 is uncertain")

    def class_name(self, number: int | None) -> str | None:
        """Give the name of a class, None for one that is not there."""
        return next((entry.name for entry in self.classes if entry.id == number), None)

    def bring_back(self, earlier: list[LabelClass]) -> None:
        """Bring back, where they stood, those of the earlier classes that are gone although voxels carry them; name the rest by number."""
        known = {entry.id for entry in self.classes}
        missing = {number for number in self.counts if number <= LAST_CLASS} - known
        self._insert(earlier, missing)
        for number in sorted(missing - {entry.id for entry in earlier}):
            self.classes.append(LabelClass(id=number, name=f"class {number}", color=class_color(number)))

    def revert_classes(self, old: list[LabelClass], new: list[LabelClass]) -> None:
        """Undo a change of classes from `old` to `new`: what went comes back, what came goes unless it is in use or was changed since."""
        gone = {entry.id for entry in old} - {entry.id for entry in new} - {entry.id for entry in self.classes}
        self._insert(old, gone)
        came, counts = {entry.id for entry in new} - {entry.id for entry in old}, self.counts
        unused = [entry for entry in self.classes if entry.id in came and entry in new and entry.id not in counts]
        self.classes = [entry for entry in self.classes if entry not in unused]
        self.bring_back(old)

    def _insert(self, earlier: list[LabelClass], wanted: set[int]) -> None:
        for place, entry in enumerate(earlier):
            if entry.id in wanted:
                self.classes.insert(min(place, len(self.classes)), entry)

    def commit(self, commit: Commit, parent: str) -> Commit:
        """Write the commit and give it with its snapshot, counts and name."""
        if self.classes != self._classes_before:
            write_classes(self._array, self.classes)
        elif self.box is None:  # icechunk refuses to commit nothing, but what was asked for must be known when it is asked for again
            self._array.attrs[_EMPTY] = int(self._array.attrs.get(_EMPTY, 0)) + 1  # type: ignore[arg-type]
        name = commit.name or commit.describe(self.class_name(commit.value))
        done = commit.model_copy(update={"counts": self.counts, "accepted": self.accepted, "voxels": self.voxels, "name": name})
        snapshot = self._session.commit(name, metadata=done.to_metadata())
        for chunks in filter(None, (self._labels, self._origin)):
            chunks.keep()
        return done.model_copy(update={"snapshot": snapshot, "parent": parent})


def _by_class(voxels: NDArray[np.int64]) -> dict[int, int]:
    return {number: int(voxels[number]) for number in np.flatnonzero(voxels).tolist() if number != UNLABELLED}


def _put_changed(chunks: LabelChunks, region: Region, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> None:
    changed = before != after
    if changed.any():
        chunks.write(region, changed, after)


def cover(boxes: list[Box | None]) -> Box | None:
    """Give the smallest box that holds all boxes, None if there is none."""
    held = [box for box in boxes if box is not None]
    if not held:
        return None
    z, y, x = ((min(start for start, _ in bounds), max(stop for _, stop in bounds)) for bounds in zip(*held, strict=True))
    return z, y, x


def _bounds(mask: NDArray[np.bool_]) -> Box | None:
    """Give the smallest box that holds what is set in a mask (z, y, x)."""
    plane: NDArray[np.bool_] = np.any(mask, axis=0)
    found = [np.flatnonzero(line) for line in (mask.any(axis=(1, 2)), plane.any(axis=1), plane.any(axis=0))]
    if not found[0].size:
        return None
    z, y, x = ((int(line[0]), int(line[-1]) + 1) for line in found)
    return z, y, x
