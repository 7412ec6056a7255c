"""Labelled voxels as a list: what sparse labels are, and all that training needs of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from voxloop_shared.data.blocks import Region
from voxloop_shared.data.labels import Labels
from voxloop_shared.schemas import UNCERTAIN, UNLABELLED

LIMIT = 4_000_000
"""Labelled voxels kept in memory (9 bytes each); of more, patches are drawn at random."""

Shape = tuple[int, int, int]


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


def read_points(labels: Labels, snapshot: str, seed: int = 0, limit: int = LIMIT) -> LabelPoints:
    """Read a snapshot's labelled voxels, chunk by chunk, only where somebody has painted.

    Where there are more than `limit`, each class keeps an even share, drawn as whole slices of chunks.
    """
    array, regions = labels.array(snapshot), labels.painted(snapshot)
    counts = np.array([labels.history.find(snapshot).counts.get(number, 0) for number in range(256)])
    counts[[UNLABELLED, UNCERTAIN]] = 0
    keep = _shares(counts, limit)
    random = np.random.default_rng(seed)
    pieces = [_thinned(piece, keep, random) for piece in _pieces(array, regions)]
    position = np.concatenate([np.empty(0, np.int64), *(position for position, _ in pieces)])
    number = np.concatenate([np.empty(0, np.uint8), *(number for _, number in pieces)])
    order = np.argsort(position)
    return LabelPoints(array.shape, position[order], number[order], is_complete=bool((keep == 1).all()))  # type: ignore[arg-type]


def _shares(counts: NDArray[np.int64], limit: int) -> NDArray[np.float64]:
    """Give per class the share of voxels to keep."""
    if counts.sum() <= limit:
        return np.ones(256)
    allowed = limit / max(1, int(np.count_nonzero(counts)))
    return np.minimum(1.0, allowed / np.maximum(counts, 1))


Piece = tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]


def _pieces(array: zarr.Array[Any], regions: list[Region]) -> Iterator[Piece]:
    """Give position, class and slice of the labelled voxels, chunk by chunk."""
    for region in regions:
        block = np.asarray(array[region])
        found = np.nonzero((block != UNLABELLED) & (block != UNCERTAIN))
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
