"""Labels: an Icechunk repository per volume in which each stroke is a commit.

The array `labels` (uint8, the grid of level 0) holds 0 for unlabelled, 1..250 for a class, 255 for uncertain. Its
attributes hold the classes, so that a snapshot says by itself what its numbers mean. The array `origin` beside it says which voxels were
accepted from a prediction (see origins.py). annotate is the only writer.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import icechunk
import numpy as np
import zarr
from numpy.typing import NDArray

from voxloop_shared.data.blocks import Region
from voxloop_shared.data.edits import Edit, cover
from voxloop_shared.data.history import Commit, History
from voxloop_shared.data.labelchunks import Kept
from voxloop_shared.data.masks import check_box, check_stroke, decode_mask, slices_of
from voxloop_shared.data.origins import States, paintable, replace_class
from voxloop_shared.data.repositories import class_color as class_color
from voxloop_shared.data.repositories import create_repository, disk_errors, open_repository, read_classes
from voxloop_shared.data.repositories import default_classes as default_classes
from voxloop_shared.data.repositories import remove_labels as remove_labels
from voxloop_shared.data.versions import Versions
from voxloop_shared.errors import InvalidInput, NameTaken, ShapeMismatch, UnknownClass
from voxloop_shared.schemas import LAST_CLASS, UNCERTAIN, UNLABELLED, Box, LabelClass, Stroke

Voxels = NDArray[np.uint8]


class Labels:
    """The labels of one volume; reads and writes are safe between threads of one process."""

    def __init__(self, repo: icechunk.Repository) -> None:
        self._repo = repo
        self._writing = threading.RLock()
        self._versions = Versions(repo)
        self.history = History(Commit.of(info) for info in repo.ancestry(branch="main"))
        self._kept = Kept.of(self.array())
        self._kept_of: str | None = None
        self.shape = self._kept.layout.shape

    @staticmethod
    def create(path: Path, shape: tuple[int, int, int], classes: list[LabelClass]) -> "Labels":
        """Make an empty repository; raises FileExistsError where there is one."""
        create_repository(path, shape, classes)
        return Labels.open(path)

    @staticmethod
    def open(path: Path) -> "Labels":
        """Open a repository; raises VolumeNotFound."""
        return Labels(open_repository(path))

    @property
    def head(self) -> str:
        """Give the newest snapshot."""
        return self.history.head.snapshot

    def follow(self) -> list[Commit]:
        """Take in what another process has committed since, and give it, oldest first; cheap where there is nothing."""
        if self._repo.lookup_branch("main") == self.head:
            return []
        news: list[Commit] = []
        for info in self._repo.ancestry(branch="main"):
            if info.id == self.head:
                break
            news.append(Commit.of(info))
        for commit in reversed(news):
            self.history.append(commit)
        return news[::-1]

    @property
    def counts(self) -> dict[int, int]:
        """Give the number of labelled voxels per class."""
        return dict(self.history.head.counts)

    @property
    def accepted(self) -> dict[int, int]:
        """Give the number of voxels per class that were accepted from a prediction and are so still."""
        return dict(self.history.head.accepted)

    def array(self, snapshot: str | None = None) -> zarr.Array[Any]:
        """Open a frozen snapshot for reading, the newest by default; raises SnapshotNotFound."""
        return self._versions.array(snapshot or self.head)

    def origin(self, snapshot: str | None = None) -> zarr.Array[Any] | None:
        """Open what says which voxels of a snapshot were accepted from a prediction (1) and which not (0); None: none were."""
        return self._versions.origin(snapshot or self.head)

    def painted(self, snapshot: str | None = None) -> list[Region]:
        """Give the chunks that hold data in a snapshot: all other voxels are unlabelled."""
        return self._versions.painted(snapshot or self.head)

    def classes(self, snapshot: str | None = None) -> list[LabelClass]:
        """Read the classes of a snapshot."""
        return read_classes(self.array(snapshot))

    def next_class(self) -> int | None:
        """Give the smallest number that no class has or ever had; None when all are used up."""
        taken = self.history.known_classes | {entry.id for entry in self.classes()}
        return next((number for number in range(1, LAST_CLASS + 1) if number not in taken), None)

    def put_classes(self, classes: list[LabelClass], author: str) -> Commit:
        """Replace the list of classes.

        Raises UnknownClass when one that has voxels would go, NameTaken when one would come whose number belonged to another:
        undoing an old stroke would give its voxels to the new class.
        """
        with self._exclusive() as edit:
            numbers, now = {entry.id for entry in classes}, {entry.id for entry in edit.classes}
            for number, count in self.counts.items():
                if number <= LAST_CLASS and number not in numbers:
                    raise UnknownClass(f"class {number} still has {count} labelled voxels: delete it or erase them first")
            for number in sorted((numbers - now) & self.history.known_classes):
                raise NameTaken(f"number {number} belonged to a class that is gone: give the new class number {self.next_class()}")
            edit.classes = classes
            return self._commit(edit, Commit.now("classes", author, name="change of classes"))

    def delete_class(self, number: int, into: int, author: str, request_id: str | None = None) -> Commit:
        """Take a class away and make its voxels `into` (0: unlabelled), in a commit that can be undone.

        Raises UnknownClass, InvalidInput.
        """
        with self._exclusive() as edit:
            if known := self._known(request_id):
                return known
            name = edit.class_name(number)
            if name is None:
                raise UnknownClass(f"no class {number}: it may have been deleted already")
            if into == number:
                raise InvalidInput(f"the voxels of class {number} cannot stay in it: name another class, or 0 for unlabelled")
            edit.check_value(into)
            for region in self._versions.painted_blocks(self.head) if number in self.counts else ():
                before = edit.read(region)
                edit.write(region, before, replace_class(before, number, into))
            edit.classes = [entry for entry in edit.classes if entry.id != number]
            record = Commit.now("delete class", author, name=f"delete class {name}", value=number, is_stroke=True, stroke_id=request_id)
            return self._commit(edit, record.model_copy(update={"box": edit.box}))

    def paint(self, stroke: Stroke, author: str, within: NDArray[np.bool_] | None = None) -> Commit:
        """Commit a stroke and give its commit; a stroke that is there already (sent twice) gives the one it made.

        `within` (the shape of the stroke's box) further limits what is painted. Raises InvalidStroke or UnknownClass; then nothing changes.
        """
        check_stroke(stroke, self.shape)
        mask = decode_mask(stroke.runs, tuple(stop - start for start, stop in stroke.box))
        if within is not None:
            mask &= within
        commit = Commit.now(
            stroke.tool, author, stroke_id=stroke.id, value=stroke.value, axis=stroke.axis, index=stroke.index, box=stroke.box
        )
        return self.edit(commit, lambda before: np.where(mask & paintable(before, stroke), np.uint8(stroke.value), before), mask)

    def edit(self, commit: Commit, change: Callable[[States], States], where: NDArray[np.bool_] | None = None) -> Commit:
        """Commit what `change` makes of the states (see origins.py) of the voxels in the commit's box (z, y, x); give the finished commit.

        `where` (the box's shape) holds all that `change` may alter: elsewhere it need not be given the states as they are.
        A commit whose `stroke_id` is known (the request was sent twice) gives the one that was made then.
        Raises InvalidStroke for a box outside the volume, UnknownClass for a value that is no class; then nothing changes.
        """
        with self._exclusive() as edit:
            if known := self._known(commit.stroke_id):
                return known
            assert commit.box is not None
            check_box(commit.box, self.shape)
            if commit.value is not None:
                edit.check_value(commit.value)
            region = slices_of(commit.box)
            before = edit.read(region, where)
            edit.write(region, before, change(before))
            return self._commit(edit, commit)

    def undo(self, author: str, request_id: str | None = None) -> Commit:
        """Take the author's newest stroke back, with a new commit; the same `request_id` again changes nothing. Raises NothingToUndo."""
        with self._exclusive() as edit:
            return self._known(request_id) or self._revert(edit, self.history.of(author).next_undo(), "undo", author, request_id)

    def redo(self, author: str, request_id: str | None = None) -> Commit:
        """Do again what the author last undid; the same `request_id` again changes nothing. Raises NothingToUndo."""
        with self._exclusive() as edit:
            return self._known(request_id) or self._revert(edit, self.history.of(author).next_redo(), "redo", author, request_id)

    def jump(self, snapshot: str | None, author: str, request_id: str | None = None) -> Commit:
        """Undo or redo the author's strokes until the one that made `snapshot` is the newest that stands; None: until none stands.

        Gives the last commit. Raises SnapshotNotFound, NothingToUndo for a stroke that the author can neither undo nor redo.
        """
        with self._exclusive() as edit:
            if known := self._known(request_id):
                return known
            stroke = None if snapshot is None else self.history.root(self.history.find(snapshot)).snapshot
            tool, entries = self.history.of(author).way_to(stroke)
            if not entries:  # written down all the same: sent again later, when there are newer strokes, it must do nothing
                return self._commit(edit, Commit.now("jump", author, stroke_id=request_id, is_stroke=False))
            for entry in entries[:-1]:
                self._revert(edit, entry, tool, author, None)
                edit = self._begin()
            return self._revert(edit, entries[-1], tool, author, request_id, span=cover([entry.box for entry in entries]))

    def restore(self, snapshot: str, author: str, request_id: str | None = None) -> Commit:
        """Make the labels those of an earlier snapshot, in a commit that can be undone; raises SnapshotNotFound.

        Classes stay as they are now, but those that are gone and have voxels again come back.
        """
        with self._exclusive() as edit:
            if known := self._known(request_id):
                return known
            target = self.history.find(snapshot)
            earlier = self.array(snapshot)
            whole: Box = tuple((0, length) for length in self.shape)  # type: ignore[assignment]
            for region in self._versions.changed_blocks(snapshot, self.head, whole):
                edit.write(region, edit.read(region), self._versions.states(snapshot, region))
            edit.bring_back(read_classes(earlier))
            record = Commit.now(
                "restore", author, name=f"restore to {target.name}", is_stroke=True, stroke_id=request_id,
                marks=self.history.annotated_at(snapshot),
            )  # fmt: skip
            return self._commit(edit, record.model_copy(update={"box": edit.box}))

    def merge(self, slabs: Iterator[Voxels], tool: str, author: str, check: Callable[[Voxels], None]) -> Commit:
        """Lay a whole label image over the labels in one commit; its zeros leave what is there.

        `slabs` are consecutive pieces along z that together have the volume's shape. `check` may refuse a slab.
        """
        with self._exclusive() as edit:
            z, is_empty = 0, True
            for slab in slabs:
                if slab.shape[1:] != self.shape[1:] or z + len(slab) > self.shape[0]:
                    raise ShapeMismatch(f"labels of shape {(z + len(slab), *slab.shape[1:])} do not fit a volume of shape {self.shape}")
                check(slab)
                if slab.any():
                    is_empty = False
                    region = (slice(z, z + len(slab)), slice(0, self.shape[1]), slice(0, self.shape[2]))
                    before = edit.read(region)
                    edit.write(region, before, np.where(slab != UNLABELLED, slab, before))
                z += len(slab)
            if z != self.shape[0]:
                raise ShapeMismatch(f"labels of {z} slices do not fit a volume of shape {self.shape}")
            if is_empty:
                raise InvalidInput("the label image is 0 everywhere: it holds nothing to lay over the labels")
            edit.bring_back([])
            return self._commit(edit, Commit.now(tool, author, box=edit.box, is_stroke=True))

    def rehearse(self) -> None:
        """Write a voxel into a change that is dropped: else a process's first stroke would wait for codecs and threads to start."""
        with self._exclusive() as edit:
            corner = (slice(0, 1), slice(0, 1), slice(0, 1))
            edit.write(corner, edit.read(corner), np.full((1, 1, 1), UNCERTAIN, np.uint8))

    @contextmanager
    def _exclusive(self) -> Iterator[Edit]:
        """Let one thread write at a time, and name what the disk refuses."""
        with self._writing, disk_errors():
            yield self._begin()

    def _begin(self) -> Edit:
        if self._kept_of != self.head:  # another process has committed
            self._kept.chunks.clear()
            self._classes, self._kept_of = self.classes(), self.head
        return Edit(self._repo, self._kept, self._classes, self.counts, self.accepted)

    def _commit(self, edit: Edit, commit: Commit) -> Commit:
        done = edit.commit(commit, self.head)
        self.history.append(done)
        self._classes, self._kept_of = edit.classes, self.head
        return done

    def _known(self, request_id: str | None) -> Commit | None:
        """Find what an earlier sending of the same request did."""
        return None if request_id is None else self.history.stroke(request_id)

    def _revert(self, edit: Edit, entry: Commit, tool: str, author: str, request_id: str | None, span: Box | None = None) -> Commit:
        """Give voxels the value they had before a commit, where they still have the one it gave them; likewise classes."""
        assert entry.parent is not None
        old, new = self.array(entry.parent), self.array(entry.snapshot)
        for region in self._versions.changed_blocks(entry.parent, entry.snapshot, entry.box):
            was, current = self._versions.states(entry.parent, region), edit.read(region)
            became = current if entry.snapshot == self.head else self._versions.states(entry.snapshot, region)
            edit.write(region, current, np.where((was != became) & (current == became), was, current))
        edit.revert_classes(read_classes(old), read_classes(new))
        about = {field: getattr(entry, field) for field in ("value", "axis", "index", "box")}
        name = f"{tool} {self.history.root(entry).name}"
        return self._commit(
            edit, Commit.now(tool, author, name=name, reverts=entry.snapshot, stroke_id=request_id, span=span, is_stroke=False, **about)
        )
