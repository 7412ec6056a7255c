"""What a forest learns from and is asked about: features of labelled voxels, and of others from all over the volume."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from voxloop_shared.data.chunks import CachedArray, ChunkCache
from voxloop_shared.data.volumes import level_array, open_volume
from voxloop_shared.nets.inputs import normalisation_of
from voxloop_shared.nets.pixel import PixelArchitecture
from voxloop_train.featuresource import FeatureSource, cell_of
from voxloop_train.holdout import strokes_of
from voxloop_train.learners.learner import Lesson
from voxloop_train.points import LabelPoints

_CACHE_BYTES = 256 << 20
_MOST_LABELLED = 20_000
"""Labelled voxels that the forest grows on: more of the same strokes teach it nothing."""
_PROBES = 30_000
"""Unlabelled voxels at which the forest is asked for its answer: twice as many teach nothing more."""
_PROBE_SLICES = 16
_WINDOW = 128
"""Rows and columns of a slice from which probes are drawn; it cuts cells evenly. Wider ones cost more and bring less than more slices."""


@dataclass(frozen=True, slots=True)
class Pupils:
    """Labelled voxels (3, n) with features, class channels, the stroke of each, and whether a person gave it its label."""

    voxels: NDArray[np.int64]
    features: Tensor
    channel: NDArray[np.int64]
    stroke: NDArray[np.int32]
    by_hand: NDArray[np.bool_]


def feature_source(lesson: Lesson, architecture: PixelArchitecture) -> FeatureSource:
    """Open a lesson's volume for an architecture's features."""
    _, group = open_volume(lesson.workspace, lesson.volume.id)
    array = CachedArray(level_array(group, "0"), ChunkCache(_CACHE_BYTES), lesson.volume.id)
    return FeatureSource(array, normalisation_of(lesson.volume.intensity), architecture.bank)


def take_pupils(points: LabelPoints, classes: list[int], source: FeatureSource, random: np.random.Generator) -> Pupils:
    """Take labelled voxels, of each class an even share where there are too many: first those that a person labelled."""
    by_hand = points.by_hand
    is_sparse = np.count_nonzero(by_hand) <= 50 * _MOST_LABELLED
    stroke = strokes_of(points) if is_sparse else np.arange(len(points), dtype=np.int32) // 1000
    channel = np.searchsorted(classes, points.number).astype(np.int64)
    share = _MOST_LABELLED // len(classes)
    chosen = np.sort(np.concatenate([_first_by_hand(channel == c, by_hand, share, random) for c in range(len(classes))]))
    voxels = points.coordinates()[:, chosen].astype(np.int64)
    return Pupils(voxels, source.at(voxels), channel[chosen], stroke[chosen], by_hand[chosen])


def _first_by_hand(of_class: NDArray[np.bool_], by_hand: NDArray[np.bool_], count: int, random: np.random.Generator) -> NDArray[np.int64]:
    painted = _at_most(np.flatnonzero(of_class & by_hand), count, random)
    return np.concatenate([painted, _at_most(np.flatnonzero(of_class & ~by_hand), count - len(painted), random)])


def _at_most(items: NDArray[np.int64], count: int, random: np.random.Generator) -> NDArray[np.int64]:
    return items if len(items) <= count else random.choice(items, count, replace=False)


def draw_probes(shape: tuple[int, int, int], random: np.random.Generator) -> NDArray[np.int64]:
    """Draw voxels on a few slices from all over the volume, each within a window that lies in one cell: scattered ones would cost much."""
    depth, rows, columns = shape
    slices = np.unique(np.linspace(0, depth - 1, min(depth, _PROBE_SLICES)).round().astype(np.int64))
    draw_window = _draw_anywhere if cell_of(shape) == shape else _draw_in_cell
    count = max(1, _PROBES // len(slices))
    drawn = []
    for z in slices:
        parts = [draw_window(length, random) for length in (rows, columns)]
        drawn.append(np.stack([np.full(count, z), *(random.integers(part.start, part.stop, count) for part in parts)]))
    return np.concatenate(drawn, axis=1)


def _draw_anywhere(length: int, random: np.random.Generator) -> slice:
    """Draw a window in any place: what lies around it is known for the whole volume."""
    side = min(length, _WINDOW)
    start = int(random.integers(0, length - side + 1))
    return slice(start, start + side)


def _draw_in_cell(length: int, random: np.random.Generator) -> slice:
    """Draw one of the windows that an axis is cut into, each as likely as it is long; it has a margin of its own."""
    start = int(random.integers(length)) // _WINDOW * _WINDOW
    return slice(start, min(start + _WINDOW, length))
