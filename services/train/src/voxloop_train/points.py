"""Labelled voxels as a list: what sparse labels are, and all that training needs of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import zarr
from numpy.typing import NDArray

from voxloop_shared.data.blocks import Region
from voxloop_shared.data.commits import Commit
from voxloop_shared.data.labels import Labels
from voxloop_shared.errors import SnapshotNotFound, TooFewLabels
from voxloop_shared.schemas import UNCERTAIN, UNLABELLED
from voxloop_train.learners.learner import Lesson

LIMIT = 4_000_000
"""Labelled voxels kept in memory (10 bytes each); of more, patches are drawn at random."""

Shape = tuple[int, int, int]
Uncertain = Callable[[Region], NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class LabelPoints:
    """Labelled voxels of a volume.

    `position` is the index into the flattened (z, y, x) grid, ascending; `number` the class id, never 0 or 255;
    `is_complete` says that every voxel is there that a person has labelled; `accepted` which were accepted from a prediction
    instead (None: none).
    """

    shape: Shape
    position: NDArray[np.int64]
    number: NDArray[np.uint8]
    is_complete: bool = True
    accepted: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.position)

    def coordinates(self) -> NDArray[np.int32]:
        """Give z, y and x as three rows."""
        return np.stack([c.astype(np.int32) for c in np.unravel_index(self.position, self.shape)])

    def chosen(self, mask: NDArray[np.bool_]) -> "LabelPoints":
        """Keep some."""
        accepted = None if self.accepted is None else self.accepted[mask]
        return LabelPoints(self.shape, self.position[mask], self.number[mask], self.is_complete, accepted)

    @property
    def by_hand(self) -> NDArray[np.bool_]:
        """Say of each voxel whether a person gave it its label."""
        return np.ones(len(self), bool) if self.accepted is None else ~self.accepted

    def classes(self) -> NDArray[np.uint8]:
        """Give the class ids there are, ascending."""
        return np.unique(self.number)


class Piece(NamedTuple):
    """The labelled voxels of a chunk: place in the flattened grid, class, slice, and whether they were accepted."""

    position: NDArray[np.int64]
    number: NDArray[np.uint8]
    z: NDArray[np.int64]
    accepted: NDArray[np.bool_]

    def chosen(self, mask: NDArray[np.bool_]) -> "Piece":
        return Piece(self.position[mask], self.number[mask], self.z[mask], self.accepted[mask])


def read_points(labels: Labels, snapshot: str, seed: int = 0, limit: int = LIMIT, *, by_hand: bool = False) -> LabelPoints:
    """Read a snapshot's labelled voxels, chunk by chunk, only where somebody has painted; `by_hand` leaves out what was accepted.

    Where there are more than `limit`, each class keeps an even share, drawn as whole slices of chunks; what was accepted gets the
    room that labels by hand leave, and a quarter of the limit at least.
    """
    array, regions, origin = labels.array(snapshot), labels.painted(snapshot), labels.origin(snapshot)
    keep = _shares_by_origin(labels.history.find(snapshot), limit)
    random = np.random.default_rng(seed)
    pieces = [_thinned(piece, keep, random) for piece in pieces_of(array, regions, origin, by_hand=by_hand)]
    return joined(array.shape, pieces, is_complete=bool((keep[0] == 1).all()))  # type: ignore[arg-type]


def joined(shape: Shape, pieces: Sequence[Piece], *, is_complete: bool = True) -> LabelPoints:
    """Put the pieces of a volume together."""
    position = np.concatenate([np.empty(0, np.int64), *(piece.position for piece in pieces)])
    number = np.concatenate([np.empty(0, np.uint8), *(piece.number for piece in pieces)])
    accepted = np.concatenate([np.empty(0, bool), *(piece.accepted for piece in pieces)])
    order = np.argsort(position)
    return LabelPoints(shape, position[order], number[order], is_complete, accepted[order] if accepted.any() else None)


def points_of(lesson: Lesson, seed: int) -> LabelPoints:
    """Read the voxels that a lesson is about; raises TooFewLabels unless they hold just its classes, two or more."""
    points = read_points(Labels.open(lesson.workspace.labels_of(lesson.volume.id)), lesson.snapshot, seed, by_hand=lesson.by_hand)
    found, wanted = points.classes().tolist(), sorted(entry.id for entry in lesson.classes)
    if found != wanted:
        raise TooFewLabels(f"the labels hold the classes {found}, not {wanted}")
    if len(wanted) < 2:
        raise TooFewLabels(f"the labels hold the classes {found}: paint a few strokes of at least two classes")
    return points


def learned_by_parent(lesson: Lesson) -> NDArray[np.int64] | None:
    """Give the labelled voxels (indices into the flattened grid) that a lesson's parent may have learned from; None: none of them.

    Of a parent whose snapshot is gone, all that are labelled now.
    """
    if lesson.parent is None or lesson.parent.manifest.volume_digest != lesson.volume.digest:
        return None
    labels = Labels.open(lesson.workspace.labels_of(lesson.volume.id))
    try:
        return read_points(labels, lesson.parent.manifest.snapshot).position
    except SnapshotNotFound:
        return read_points(labels, lesson.snapshot or labels.head).position  # live mode names no snapshot: it follows the newest


def _shares_by_origin(commit: Commit, limit: int) -> NDArray[np.float64]:
    """Give the share of voxels to keep, (by hand or accepted, class id)."""
    by_hand = _counts(commit.counts_of(by_hand=True))
    return np.stack([_shares(by_hand, limit), _shares(_counts(commit.accepted), max(limit - int(by_hand.sum()), limit // 4))])


def _counts(found: Mapping[int, int]) -> NDArray[np.int64]:
    """Give the voxels of each class id, 0 for what is no class."""
    counts = np.array([found.get(number, 0) for number in range(256)])
    counts[[UNLABELLED, UNCERTAIN]] = 0
    return counts


def _shares(counts: NDArray[np.int64], limit: int) -> NDArray[np.float64]:
    """Give per class the share of voxels to keep."""
    if counts.sum() <= limit:
        return np.ones(256)
    allowed = limit / max(1, int(np.count_nonzero(counts)))
    return np.minimum(1.0, allowed / np.maximum(counts, 1))


def uncertain_voxels(lesson: Lesson) -> Uncertain:
    """Give a way to ask which voxels (z, y, x) of a region somebody has painted as uncertain."""
    array = Labels.open(lesson.workspace.labels_of(lesson.volume.id)).array(lesson.snapshot)
    return lambda region: np.asarray(array[region]) == UNCERTAIN


def pieces_of(array: zarr.Array[Any], regions: list[Region], origin: zarr.Array[Any] | None, *, by_hand: bool) -> Iterator[Piece]:
    """Give the labelled voxels chunk by chunk; `by_hand` leaves out those that were accepted."""
    for region in regions:
        block = np.asarray(array[region])
        is_accepted = np.zeros(block.shape, bool) if origin is None else np.asarray(origin[region]) != 0
        wanted = (block != UNLABELLED) & (block != UNCERTAIN)
        found = np.nonzero(wanted & ~is_accepted if by_hand else wanted)
        if found[0].size:
            place = [index + part.start for index, part in zip(found, region, strict=True)]
            yield Piece(np.ravel_multi_index(place, array.shape), block[found], found[0], is_accepted[found])


def _thinned(piece: Piece, keep: NDArray[np.float64], random: np.random.Generator) -> Piece:
    """Draw slices of a chunk, class by class."""
    if (keep == 1).all():
        return piece
    drawn = random.random((256, int(piece.z.max()) + 1))
    return piece.chosen(drawn[piece.number, piece.z] < keep[piece.accepted.astype(int), piece.number])
