"""Labels: an Icechunk repository per volume in which each stroke is a commit.

The array `labels` (uint8, the grid of level 0) holds 0 for unlabelled, 1..250 for a class, 255 for uncertain. Its
attributes hold the classes, so that a snapshot says by itself what its numbers mean. annotate is the only writer.
"""

import asyncio
import errno
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import icechunk
import numpy as np
import zarr
from numpy.typing import NDArray

from voxloop_shared.data.blocks import Region
from voxloop_shared.data.history import Commit, History
from voxloop_shared.data.masks import check_box, decode_mask, slices_of
from voxloop_shared.errors import DiskFull, InvalidInput, ShapeMismatch, SnapshotNotFound, UnknownClass, VolumeNotFound
from voxloop_shared.files import new_folder
from voxloop_shared.schemas import LAST_CLASS, UNCERTAIN, UNLABELLED, Box, LabelClass, OverwriteRule, Stroke

CHUNK = (32, 128, 128)
"""The cheapest for a stroke in a slice of those measured (8 to 64 deep, 64 and 128 wide): a chunk costs about 1 ms."""
_SPLIT = 8
"""Chunks per manifest and axis: a commit rewrites the manifests it touches, so they must stay small."""

icechunk.set_logs_filter("error")  # it warns at each open that only one process may commit, which is our rule anyway


class Labels:
    """The labels of one volume; reads and writes are safe between threads of one process."""

    def __init__(self, repo: icechunk.Repository) -> None:
        self._repo = repo
        self._writing = threading.RLock()
        self.history = History(Commit.of(info) for info in repo.ancestry(branch="main"))
        self.shape: tuple[int, int, int] = self.array().shape  # type: ignore[assignment]

    @staticmethod
    def create(path: Path, shape: tuple[int, int, int], classes: list[LabelClass]) -> "Labels":
        """Make an empty repository; raises FileExistsError where there is one."""
        with new_folder(path) as folder, _translated():
            repo = icechunk.Repository.create(_storage(folder), config=_config())
            repo.save_config()
            session = repo.writable_session("main")
            chunks = tuple(min(c, n) for c, n in zip(CHUNK, shape, strict=True))
            zarr.create_array(
                session.store, name="labels", shape=shape, chunks=chunks, dtype="uint8", fill_value=0, dimension_names=("z", "y", "x")
            )
            _put_classes(session, classes)
            session.commit("new labels", metadata=Commit.first().to_metadata())
        return Labels.open(path)

    @staticmethod
    def open(path: Path) -> "Labels":
        """Open a repository; raises VolumeNotFound."""
        if not path.is_dir():
            raise VolumeNotFound(f"no labels for volume {path.name!r}")
        return Labels(icechunk.Repository.open(_storage(path)))

    @property
    def head(self) -> str:
        """Give the newest snapshot."""
        return self.history.head.snapshot

    @property
    def counts(self) -> dict[int, int]:
        """Give the number of labelled voxels per class."""
        return dict(self.history.head.counts)

    def array(self, snapshot: str | None = None) -> zarr.Array[Any]:
        """Open a frozen snapshot for reading, the newest by default; raises SnapshotNotFound."""
        try:
            session = self._repo.readonly_session(snapshot_id=snapshot or self.head)
        except icechunk.IcechunkError as error:
            raise SnapshotNotFound(f"the labels have no snapshot {snapshot!r}") from error
        return zarr.open_array(session.store, path="labels", mode="r")

    def painted(self, snapshot: str | None = None) -> list[Region]:
        """Give the chunks that hold data in a snapshot: all other voxels are unlabelled."""
        array = self.array(snapshot)
        session = array.store.session  # type: ignore[attr-defined]
        size, shape = array.chunks, array.shape
        corners = asyncio.run(_gathered(session.chunk_coordinates("/labels")))
        return [tuple(slice(c * k, min((c + 1) * k, n)) for c, k, n in zip(corner, size, shape, strict=True)) for corner in sorted(corners)]  # type: ignore[misc]

    def classes(self, snapshot: str | None = None) -> list[LabelClass]:
        """Read the classes of a snapshot."""
        return [LabelClass.model_validate(entry) for entry in self.array(snapshot).attrs["classes"]]  # type: ignore[union-attr]

    def put_classes(self, classes: list[LabelClass], author: str) -> Commit:
        """Replace the list of classes; raises UnknownClass when one that has voxels would go."""
        gone = {number for number, count in self.counts.items() if count and number <= LAST_CLASS} - {entry.id for entry in classes}
        if gone:
            raise UnknownClass(f"class {min(gone)} still has {self.counts[min(gone)]} labelled voxels: erase them first")
        with self._exclusive():
            session = self._repo.writable_session("main")
            _put_classes(session, classes)
            return self._commit(session, Commit.now("classes", author, counts=self.counts))

    def paint(self, stroke: Stroke, author: str) -> Commit:
        """Commit a stroke and give its commit; a stroke that is there already (sent twice) gives the one it made.

        Raises InvalidStroke or UnknownClass; then nothing changes.
        """
        check_box(stroke.box, self.shape)
        mask = decode_mask(stroke.runs, tuple(stop - start for start, stop in stroke.box))
        commit = Commit.now(
            stroke.tool, author, stroke_id=stroke.id, value=stroke.value, axis=stroke.axis, index=stroke.index, box=stroke.box
        )
        return self.edit(commit, lambda before: np.where(mask & paintable(before, stroke), np.uint8(stroke.value), before))

    def edit(self, commit: Commit, change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> Commit:
        """Commit what `change` makes of the voxels in the commit's box (z, y, x); give the finished commit.

        A commit whose `stroke_id` is known (the request was sent twice) gives the one that was made then.
        Raises InvalidStroke for a box outside the volume, UnknownClass for a value that is no class; then nothing changes.
        """
        with self._exclusive():
            known = self._known(commit.stroke_id)
            if known is not None:
                return known
            assert commit.box is not None
            session, array = self._writable()
            check_box(commit.box, self.shape)
            if commit.value is not None:
                _check_value(commit.value, array)
            region = slices_of(commit.box)
            before = np.asarray(array[region])
            return self._write(session, array, region, before, change(before), commit)

    def undo(self, author: str, request_id: str | None = None) -> Commit:
        """Take the newest stroke back, with a new commit; the same `request_id` again changes nothing. Raises NothingToUndo."""
        with self._exclusive():
            return self._known(request_id) or self._revert(self.history.next_undo(), "undo", author, request_id)

    def redo(self, author: str, request_id: str | None = None) -> Commit:
        """Do again what was last undone; the same `request_id` again changes nothing. Raises NothingToUndo."""
        with self._exclusive():
            return self._known(request_id) or self._revert(self.history.next_redo(), "redo", author, request_id)

    def _known(self, request_id: str | None) -> Commit | None:
        """Find what an earlier sending of the same request did."""
        return None if request_id is None else self.history.stroke(request_id)

    def merge(self, slabs: Iterator[NDArray[np.uint8]], tool: str, author: str, check: Callable[[NDArray[np.uint8]], None]) -> Commit:
        """Lay a whole label image over the labels in one commit; its zeros leave what is there.

        `slabs` are consecutive pieces along z that together have the volume's shape. `check` may refuse a slab.
        """
        with self._exclusive():
            session, array = self._writable()
            z, changed, voxels = 0, np.zeros(256, np.int64), 0
            for slab in slabs:
                if slab.shape[1:] != array.shape[1:] or z + len(slab) > array.shape[0]:
                    raise ShapeMismatch(f"labels of shape {(z + len(slab), *slab.shape[1:])} do not fit a volume of shape {array.shape}")
                check(slab)
                if slab.any():
                    before = np.asarray(array[z : z + len(slab)])
                    after = np.where(slab != UNLABELLED, slab, before)
                    array[z : z + len(slab)] = after
                    changed += _histogram(after) - _histogram(before)
                    voxels += int((after != before).sum())
                z += len(slab)
            if z != array.shape[0]:
                raise ShapeMismatch(f"labels of {z} slices do not fit a volume of shape {array.shape}")
            if not session.has_uncommitted_changes:  # icechunk refuses to commit nothing
                raise InvalidInput("the label image is 0 everywhere: it holds nothing to lay over the labels")
            box: Box = tuple((0, n) for n in array.shape)  # type: ignore[assignment]
            found = {entry["id"] for entry in array.attrs["classes"]}  # type: ignore[union-attr, call-overload, index]
            new = [number for number in np.flatnonzero(changed).tolist() if 0 < number <= LAST_CLASS and number not in found]
            if new:
                _put_classes(session, [*_classes(array), *(LabelClass(id=n, name=f"class {n}", color=class_color(n)) for n in new)])
            return self._commit(session, self._counted(Commit.now(tool, author, box=box, is_stroke=True, voxels=voxels), changed))

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Let one thread write at a time, and name what the disk refuses."""
        with self._writing, _translated():
            yield

    def _revert(self, commit: Commit, tool: str, author: str, request_id: str | None) -> Commit:
        """Give voxels the value they had before a commit, where they still have the one it gave them."""
        assert commit.box is not None
        assert commit.parent is not None
        session, array = self._writable()
        region = slices_of(commit.box)
        old, new, current = (np.asarray(a[region]) for a in (self.array(commit.parent), self.array(commit.snapshot), array))
        after = np.where((old != new) & (current == new), old, current)
        record = Commit.now(
            tool,
            author,
            value=commit.value,
            axis=commit.axis,
            index=commit.index,
            box=commit.box,
            reverts=commit.snapshot,
            stroke_id=request_id,
        )
        return self._write(session, array, region, current, after, record)

    def _write(
        self,
        session: icechunk.Session,
        array: zarr.Array[Any],
        region: tuple[slice, slice, slice],
        before: NDArray[np.uint8],
        after: NDArray[np.uint8],
        commit: Commit,
    ) -> Commit:
        array[region] = after
        commit = commit.model_copy(update={"voxels": int((after != before).sum())})
        return self._commit(session, self._counted(commit, _histogram(after) - _histogram(before)))

    def _counted(self, commit: Commit, changed: NDArray[np.int64]) -> Commit:
        counts = self.counts
        for number in np.flatnonzero(changed).tolist():
            if number != UNLABELLED:
                counts[number] = counts.get(number, 0) + int(changed[number])
        return commit.model_copy(update={"counts": {n: c for n, c in counts.items() if c}})

    def _commit(self, session: icechunk.Session, commit: Commit) -> Commit:
        snapshot = session.commit(commit.summary, metadata=commit.to_metadata())
        done = commit.model_copy(update={"snapshot": snapshot, "parent": self.head})
        self.history.append(done)
        return done

    def _writable(self) -> tuple[icechunk.Session, zarr.Array[Any]]:
        session = self._repo.writable_session("main")
        return session, zarr.open_array(session.store, path="labels", mode="r+")


def paintable(before: NDArray[np.uint8], rule: OverwriteRule) -> NDArray[np.bool_]:
    """Say which voxels a stroke or fill may change."""
    if rule.overwrite == "all":
        return np.ones(before.shape, bool)
    return np.equal(before, UNLABELLED if rule.replaces is None else rule.replaces)


_PALETTE = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#999999")


def class_color(number: int) -> str:
    """Give a class its default colour (Okabe and Ito's palette, safe for colour-blind readers)."""
    return _PALETTE[(number - 1) % len(_PALETTE)]


def default_classes() -> list[LabelClass]:
    """Give a new volume something to paint with."""
    return [LabelClass(id=n, name=name, color=class_color(n)) for n, name in ((1, "background"), (2, "object"))]


def remove_labels(path: Path) -> None:
    """Delete a repository that was made for a volume whose import failed."""
    shutil.rmtree(path, ignore_errors=True)


async def _gathered(items: AsyncIterator[list[int]]) -> list[list[int]]:
    return [item async for item in items]


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except icechunk.IcechunkError as error:
        if any(f"os error {number}" in str(error) for number in (errno.ENOSPC, errno.EDQUOT)):
            raise DiskFull("no space left on the disk while writing labels: free some and try again") from error
        raise


def _check_value(value: int, array: zarr.Array[Any]) -> None:
    known = {entry.id for entry in _classes(array)}
    if value not in known | {UNLABELLED, UNCERTAIN}:
        raise UnknownClass(f"no class {value}: the volume has {', '.join(map(str, sorted(known)))}, 0 erases, 255 is uncertain")


def _classes(array: zarr.Array[Any]) -> list[LabelClass]:
    return [LabelClass.model_validate(entry) for entry in array.attrs["classes"]]  # type: ignore[union-attr]


def _put_classes(session: icechunk.Session, classes: list[LabelClass]) -> None:
    array = zarr.open_array(session.store, path="labels", mode="r+")
    array.attrs["classes"] = [entry.model_dump() for entry in classes]


def _histogram(block: NDArray[np.uint8]) -> NDArray[np.int64]:
    return np.bincount(block.ravel(), minlength=256)


def _storage(path: Path) -> icechunk.Storage:
    return icechunk.local_filesystem_storage(str(path))


def _config() -> icechunk.RepositoryConfig:
    split: dict[Any, dict[Any, int]] = {icechunk.ManifestSplitCondition.AnyArray(): {icechunk.ManifestSplitDimCondition.Any(): _SPLIT}}
    config = icechunk.RepositoryConfig.default()
    config.manifest = icechunk.ManifestConfig(splitting=icechunk.ManifestSplittingConfig.from_dict(split))
    return config
