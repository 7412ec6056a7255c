"""Training batches: crops around labelled voxels, each class and each stroke as often as any other."""

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voxloop_shared.nets.inputs import PLANE_AXES
from voxloop_train.crops import CropSource, Place, PlaneLabels, start_of
from voxloop_train.holdout import Split

_GUIDED = 0.3
"""Share of the crops that lie anywhere in the guide's blocks: they show what no stroke is near."""
_JITTER = 1 / 3
"""How far from the crop's middle the voxel may lie, as a share of the crop's size."""


Batch = tuple[Tensor, Tensor, Tensor | None]
"""Images (n, channels, size, size), targets (n, size, size), and what the guide says (n, classes, size, size), 0..1."""


class Teacher(Protocol):
    """Somebody who tells of some voxels that have no label, as `Guide` does."""

    def target(self, place: Place, size: int) -> NDArray[np.uint8]:
        """Give a crop's probabilities (classes, size, size), 0..255; all 0 where nothing is known."""
        ...

    def draw(self, random: np.random.Generator) -> NDArray[np.int64]:
        """Draw a voxel (z, y, x) of which something is known."""
        ...


class Sampler:
    """Draws crops at random; the same seed draws the same."""

    def __init__(self, split: Split, classes: list[int], source: CropSource, planes: str, seed: int, guide: Teacher | None = None) -> None:
        self.random = np.random.default_rng(seed)
        """What all is drawn with; a checkpoint keeps its state."""
        self.guide = guide
        """Who tells of voxels without a label."""
        self._source = source
        self._planes = planes
        self._labels = {axis: PlaneLabels(split.train, classes, axis) for axis in planes}
        self._coordinates = split.train.coordinates()
        self._strokes = [_by_stroke(split, number) for number in classes]

    def batch(self, n: int) -> Batch:
        """Draw places and cut crops there."""
        return self.cut(self.draw(n))

    def draw(self, n: int) -> list[Place]:
        """Draw places of crops."""
        return [self._draw(i) for i in range(n)]

    def cut(self, places: list[Place]) -> Batch:
        """Cut the crops at some places; may be called from any thread."""
        images = np.stack([self._source.image(place) for place in places])
        targets = np.stack([self._labels[place.axis].target(place, self._source.size) for place in places])
        return torch.from_numpy(images), torch.from_numpy(targets), self._told(places)

    def _told(self, places: list[Place]) -> Tensor | None:
        if self.guide is None:
            return None
        return torch.from_numpy(np.stack([self.guide.target(place, self._source.size) for place in places])).float() / 255

    def _draw(self, i: int) -> Place:
        """Draw a voxel and a square around it."""
        voxel = self._voxel()
        axis = self._planes[i % len(self._planes)]
        index, row, column = (int(voxel[a]) for a in PLANE_AXES[axis])
        _, rows, columns = (self._source.shape[a] for a in PLANE_AXES[axis])
        return Place(axis, index, self._start(row, rows), self._start(column, columns))

    def _voxel(self) -> NDArray[np.integer]:
        """Draw a class, one of its strokes, and a voxel of that; or, now and then, any voxel that the guide knows."""
        if self.guide is not None and self.random.random() < _GUIDED:
            return self.guide.draw(self.random)
        strokes = self._strokes[int(self.random.integers(len(self._strokes)))]
        stroke = strokes[int(self.random.integers(len(strokes)))]
        return self._coordinates[:, stroke[int(self.random.integers(len(stroke)))]]

    def _start(self, center: int, length: int) -> int:
        size = self._source.size
        reach = int(size * _JITTER)
        return start_of(center + int(self.random.integers(-reach, reach + 1)), size, length)


def _by_stroke(split: Split, number: int) -> list[NDArray[np.int64]]:
    """Give the voxels of a class, grouped by stroke."""
    of_class = np.flatnonzero(split.train.number == number)
    stroke = split.stroke[of_class]
    order = np.argsort(stroke, kind="stable")
    bounds = np.flatnonzero(np.diff(stroke[order])) + 1
    return np.split(of_class[order], bounds)
