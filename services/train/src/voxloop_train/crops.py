"""Crops: squares of slices with their labels, cut from a volume that is never read whole."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voxloop_shared.data.chunks import CachedArray
from voxloop_shared.nets.inputs import PLANE_AXES, box_of, facing, normalise, read_extended
from voxloop_shared.schemas import Normalisation
from voxloop_train.losses import IGNORED
from voxloop_train.points import LabelPoints


@dataclass(frozen=True, slots=True)
class Place:
    """Where a crop lies: orientation, slice, and first row and column, which may lie outside the volume."""

    axis: str
    index: int
    row: int
    column: int


class CropSource:
    """Images of crops, with context slices, normalised; beyond its edges the outermost voxels go on."""

    def __init__(self, array: CachedArray, normalisation: Normalisation, context: int, size: int) -> None:
        self._array = array
        self._normalisation = normalisation
        self._context = context
        self.size = size
        self.shape = array.shape

    def image(self, place: Place) -> NDArray[np.float32]:
        """Give (1 + 2 context, size, size)."""
        slices = (place.index - self._context, place.index + self._context + 1)
        rows, columns = (place.row, place.row + self.size), (place.column, place.column + self.size)
        block = read_extended(self._array.read, self.shape, box_of(place.axis, slices, rows, columns))
        return normalise(facing(block, place.axis), self._normalisation)


class PlaneLabels:
    """Labelled voxels ordered by the slices of one orientation."""

    def __init__(self, points: LabelPoints, classes: list[int], axis: str) -> None:
        coordinates = points.coordinates()
        index, row, column = (coordinates[a] for a in PLANE_AXES[axis])
        order = np.argsort(index, kind="stable")
        self._index, self._row, self._column = index[order], row[order], column[order]
        self._channel = np.searchsorted(np.asarray(classes), points.number[order]).astype(np.uint8)

    def slices(self) -> NDArray[np.int32]:
        """Give the slices that have labels."""
        return np.unique(self._index)

    def of_slice(self, index: int) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8]]:
        """Give rows, columns and channels of a slice's labels."""
        part = slice(*np.searchsorted(self._index, [index, index + 1]))
        return self._row[part], self._column[part], self._channel[part]

    def target(self, place: Place, size: int) -> NDArray[np.uint8]:
        """Give a crop's channels (size, size); IGNORED where there is no label."""
        row, column, channel = self.of_slice(place.index)
        row, column = row - place.row, column - place.column
        inside = (row >= 0) & (row < size) & (column >= 0) & (column < size)
        target = np.full((size, size), IGNORED, np.uint8)
        target[row[inside], column[inside]] = channel[inside]
        return target


def start_of(center: int, size: int, length: int) -> int:
    """Give where a crop starts: inside the volume if it fits, else around its middle."""
    if length <= size:
        return -((size - length) // 2)
    return min(max(center - size // 2, 0), length - size)
