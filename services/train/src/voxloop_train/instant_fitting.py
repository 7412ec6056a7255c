"""Fitting the instant learner: features of labelled voxels, a forest, and the network that it teaches."""

import logging
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voxloop_shared.data.chunks import CachedArray, ChunkCache
from voxloop_shared.data.labels import Labels
from voxloop_shared.data.volumes import level_array, open_volume
from voxloop_shared.errors import TooFewLabels
from voxloop_shared.nets.devices import choose_device
from voxloop_shared.nets.inputs import normalisation_of
from voxloop_shared.nets.pixel import PixelArchitecture, PixelNetwork
from voxloop_shared.nets.weights import copy_state
from voxloop_train.distillation import answers_on_strokes, ask, grow_forest, teach
from voxloop_train.featuresource import FeatureSource
from voxloop_train.holdout import strokes_of
from voxloop_train.judging import Folds
from voxloop_train.learners.instant import InstantSettings, is_3d
from voxloop_train.learners.learner import Learned, Lesson
from voxloop_train.points import LabelPoints, read_points

log = logging.getLogger(__name__)

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


def fit_instant(lesson: Lesson, settings: InstantSettings) -> Learned:
    """Train on a snapshot's labels, in a few seconds."""
    start = time.monotonic()
    lesson.report("reading labels", 0.0, step=0)
    torch.manual_seed(settings.seed)
    classes = [entry.id for entry in lesson.classes]
    random = np.random.default_rng(settings.seed)
    architecture = PixelArchitecture(
        classes=len(classes),
        scales=settings.scales,
        is_3d=is_3d(settings, lesson.volume),
        width=settings.width,
        smoothing=settings.smoothing,
    )
    source = _source(lesson, architecture)
    points = _points(lesson, settings, classes)
    lesson.report("features of the strokes", 0.1, step=1)
    pupils = _pupils(points, classes, source, random)
    lesson.report("growing a forest", 0.4, step=2)
    forest = grow_forest(pupils.features, pupils.channel, settings.trees, settings.seed)
    metrics = Folds(pupils.stroke, pupils.channel, len(classes)).judge(pupils.features, settings.trees, settings.seed)
    metrics["dice"] = dict(zip(classes, metrics["dice"], strict=True))
    lesson.report("teaching the network", 0.6, step=3)
    network = PixelNetwork(architecture)
    probes = source.at(_probes(source.shape, random))
    answers = torch.cat([ask(forest, probes, len(classes)), answers_on_strokes(forest, pupils.channel, len(classes))])
    teach(network, torch.cat([probes, pupils.features]), answers, settings.seed)
    train_s = time.monotonic() - start
    log.info("%d labelled voxels, %.1f s", len(points), train_s)
    return Learned(
        architecture=architecture.model_dump(),
        normalisation=normalisation_of(lesson.volume.intensity),
        planes="z",
        weights=copy_state(network),
        metrics=metrics | _counts(points, pupils, classes),
        hardware=choose_device().description,
        train_s=round(train_s, 3),
    )


def _source(lesson: Lesson, architecture: PixelArchitecture) -> FeatureSource:
    _, group = open_volume(lesson.workspace, lesson.volume.id)
    array = CachedArray(level_array(group, "0"), ChunkCache(_CACHE_BYTES), lesson.volume.id)
    return FeatureSource(array, normalisation_of(lesson.volume.intensity), architecture.bank)


def _points(lesson: Lesson, settings: InstantSettings, classes: list[int]) -> LabelPoints:
    points = read_points(Labels.open(lesson.workspace.labels_of(lesson.volume.id)), lesson.snapshot, settings.seed)
    if set(points.classes().tolist()) != set(classes):
        raise TooFewLabels(f"the labels hold the classes {points.classes().tolist()}, not {classes}")
    return points


def _pupils(points: LabelPoints, classes: list[int], source: FeatureSource, random: np.random.Generator) -> Pupils:
    """Take labelled voxels, of each class an even share where there are too many."""
    stroke = strokes_of(points) if len(points) <= 50 * _MOST_LABELLED else np.arange(len(points), dtype=np.int32) // 1000
    channel = np.searchsorted(classes, points.number).astype(np.int64)
    share = _MOST_LABELLED // len(classes)
    chosen = np.sort(np.concatenate([_at_most(np.flatnonzero(channel == c), share, random) for c in range(len(classes))]))
    voxels = points.coordinates()[:, chosen].astype(np.int64)
    return Pupils(voxels, source.at(voxels), channel[chosen], stroke[chosen])


def _at_most(items: NDArray[np.int64], count: int, random: np.random.Generator) -> NDArray[np.int64]:
    return items if len(items) <= count else random.choice(items, count, replace=False)


def _probes(shape: tuple[int, int, int], random: np.random.Generator) -> NDArray[np.int64]:
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


def _counts(points: LabelPoints, pupils: Pupils, classes: list[int]) -> dict[str, Any]:
    return {
        "train_voxels": len(pupils.channel),
        "labelled_voxels": len(points),
        "strokes": len(np.unique(pupils.stroke)),
        "classes": len(classes),
    }
