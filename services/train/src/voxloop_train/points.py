"""Labelled voxels as a list: what sparse labels are, and all that training needs of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from voxloop_shared.data.blocks import Region
from voxloop_shared.data.labels import Labels
from voxloop_shared.errors import TooFewLabels
from voxloop_shared.schemas import UNCERTAIN, UNLABELLED
from voxloop_train.learners.learner import Lesson

LIMIT = 4_000_000
"""Labelled voxels kept in memory (9 bytes each); of more, patches are drawn at random."""

Shape = tuple[int, int, int]
Uncertain = Callable[[Region], NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class LabelPoints:
    """Labelled voxels of a volume.

    `position` is the index into the flattened (z, y, x) grid, ascending; `number` the class id, never 0 or 255;
    `is_complete` says that every labelled voxel is there.
    """

    shape: Shape
    position: NDArray[np.int64]
    number: NDArray[np.uint8]
    is_complete: bool = True

    def __len__(self) -> int:
        return len(self.position)

    def coordinates(self) -> NDArray[np.int32]:
        """Give z, y and x as three rows."""
        return np.stack([c.astype(np.int32) for c in np.unravel_index(self.position, self.shape)])

    def chosen(self, mask: NDArray[np.bool_]) -> "LabelPoints":
        """Keep some."""
        return LabelPoints(self.shape, self.position[mask], self.number[mask], self.is_complete)

    def classes(self) -> NDArray[np.uint8]:
        """Give the class ids there are, ascending."""
        return np.unique(self.number)


def read_points(labels: Labels, snapshot: str, seed: int = 0, limit: int = LIMIT, *, by_hand: bool = False) -> LabelPoints:
    """Read a snapshot's labelled voxels, chunk by chunk, only where somebody has painted; `by_hand` leaves out what was accepted.

    Where there are more than `limit`, each class keeps an even share, drawn as whole slices of chunks.
    """
    array, regions = labels.array(snapshot), labels.painted(snapshot)
    origin = labels.origin(snapshot) if by_hand else None
    found = labels.history.find(snapshot).counts_of(by_hand=by_hand)
    counts = np.array([found.get(number, 0) for number in range(256)])
    counts[[UNLABELLED, UNCERTAIN]] = 0
    keep = _shares(counts, limit)
    random = np.random.default_rng(seed)
    pieces = [_thinned(piece, keep, random) for piece in _pieces(array, regions, origin)]
    position = np.concatenate([np.empty(0, np.int64), *(position for position, _ in pieces)])
    number = np.concatenate([np.empty(0, np.uint8), *(number for _, number in pieces)])
    order = np.argsort(position)
    return LabelPoints(array.shape, position[order], number[order], is_complete=bool((keep == 1).all()))  # type: ignore[arg-type]


def points_of(lesson: Lesson, seed: int) -> LabelPoints:
    """Read the voxels that a lesson is about; raises TooFewLabels unless they hold just its classes, two or more."""
    points = read_points(Labels.open(lesson.workspace.labels_of(lesson.volume.id)), lesson.snapshot, seed, by_hand=lesson.by_hand)
    found, wanted = points.classes().tolist(), sorted(entry.id for entry in lesson.classes)
    if found != wanted:
        raise TooFewLabels(f"the labels hold the classes {found}, not {wanted}")
    if len(wanted) < 2:
        raise TooFewLabels(f"the labels hold the classes {found}: paint a few strokes of at least two classes")
    return points


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


Piece = tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]


def _pieces(array: zarr.Array[Any], regions: list[Region], origin: zarr.Array[Any] | None) -> Iterator[Piece]:
    """Give position, class and slice of the labelled voxels, chunk by chunk, without those whose origin is not 0."""
    for region in regions:
        block = np.asarray(array[region])
        wanted = (block != UNLABELLED) & (block != UNCERTAIN)
        if origin is not None:
            wanted &= np.asarray(origin[region]) == 0
        found = np.nonzero(wanted)
        if found[0].size:
            place = [index + part.start for index, part in zip(found, region, strict=True)]
            yield np.ravel_multi_index(place, array.shape), block[found], found[0]


def _thinned(piece: Piece, keep: NDArray[np.float64], random: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Draw slices of a chunk, class by class."""
    position, number, z = piece
    if (keep == 1).all():
        return position, number
    drawn = random.random((256, int(z.max()) + 1)) < keep[:, None]
    kept = drawn[number, z]
    return position[kept], number[kept]
