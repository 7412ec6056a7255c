"""What a forest learns from and is asked about: features of labelled voxels, and of others from all over the volume."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from voxloop_shared.data.chunks import CachedArray, ChunkCache
from voxloop_shared.data.volumes import level_array, open_volume
from voxloop_shared.nets.inputs import normalisation_of
from voxloop_shared.nets.pixel import PixelArchitecture
from voxloop_train.featuresource import FeatureSource
from voxloop_train.holdout import strokes_of
from voxloop_train.learners.learner import Lesson
from voxloop_train.points import LabelPoints

_CACHE_BYTES = 256 << 20
_MOST_LABELLED = 20_000
"""Labelled voxels that the forest grows on: more of the same strokes teach it nothing."""
_PROBES = 60_000
"""Unlabelled voxels at which the forest is asked for its answer."""
_PROBE_SLICES = 16


@dataclass(frozen=True, slots=True)
class Pupils:
    """Labelled voxels (3, n) with features, class channels, and the stroke of each."""

    voxels: NDArray[np.int64]
    features: Tensor
    channel: NDArray[np.int64]
    stroke: NDArray[np.int32]


def feature_source(lesson: Lesson, architecture: PixelArchitecture) -> FeatureSource:
    """Open a lesson's volume for an architecture's features."""
    _, group = open_volume(lesson.workspace, lesson.volume.id)
    array = CachedArray(level_array(group, "0"), ChunkCache(_CACHE_BYTES), lesson.volume.id)
    return FeatureSource(array, normalisation_of(lesson.volume.intensity), architecture.bank)


def take_pupils(points: LabelPoints, classes: list[int], source: FeatureSource, random: np.random.Generator) -> Pupils:
    """Take labelled voxels, of each class an even share where there are too many."""
    stroke = strokes_of(points) if len(points) <= 50 * _MOST_LABELLED else np.arange(len(points), dtype=np.int32) // 1000
    channel = np.searchsorted(classes, points.number).astype(np.int64)
    share = _MOST_LABELLED // len(classes)
    chosen = np.sort(np.concatenate([_at_most(np.flatnonzero(channel == c), share, random) for c in range(len(classes))]))
    voxels = points.coordinates()[:, chosen].astype(np.int64)
    return Pupils(voxels, source.at(voxels), channel[chosen], stroke[chosen])


def _at_most(items: NDArray[np.int64], count: int, random: np.random.Generator) -> NDArray[np.int64]:
    return items if len(items) <= count else random.choice(items, count, replace=False)


def draw_probes(shape: tuple[int, int, int], random: np.random.Generator) -> NDArray[np.int64]:
    """Draw voxels on a few slices from all over the volume, each within a window: scattered ones would cost a block each."""
    depth, rows, columns = shape
    slices = np.unique(np.linspace(0, depth - 1, min(depth, _PROBE_SLICES)).round().astype(np.int64))
    window = (min(rows, 256), min(columns, 256))
    count = max(1, _PROBES // len(slices))
    drawn = []
    for z in slices:
        top, left = (int(random.integers(0, n - w + 1)) for n, w in zip((rows, columns), window, strict=True))
        y, x = (start + random.integers(0, w, count) for start, w in zip((top, left), window, strict=True))
        drawn.append(np.stack([np.full(count, z), y, x]))
    return np.concatenate(drawn, axis=1)
