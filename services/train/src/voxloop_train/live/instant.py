"""`instant` that follows strokes: a quick answer to each, and a thorough, judged one when the hand rests."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from voxloop_shared.nets.devices import choose_device
from voxloop_shared.nets.inputs import normalisation_of
from voxloop_shared.nets.pixel import PixelArchitecture, PixelNetwork
from voxloop_shared.nets.threads import one_thread
from voxloop_shared.nets.weights import copy_state
from voxloop_train.distillation import ask, grow_forest, teach
from voxloop_train.holdout import strokes_of
from voxloop_train.inheritance import inherit
from voxloop_train.instant_fitting import teach_pupils
from voxloop_train.learners.instant import InstantSettings, is_3d
from voxloop_train.learners.learner import Learned, Lesson
from voxloop_train.live.following import Painted
from voxloop_train.live.learning import News
from voxloop_train.live.shelf import FeatureShelf
from voxloop_train.points import LabelPoints
from voxloop_train.pupils import Pupils, draw_probes, feature_source

log = logging.getLogger(__name__)

_QUICK_LABELLED, _LABELLED = 4_000, 20_000
_QUICK_PROBES = 10_000
_QUICK_TREES = 30
_FIRST_STEPS, _NEXT_STEPS = 300, 120
"""Of the network: from nothing, and from what it knew before the stroke."""
_BATCH = 1024
_REST_S = 1.0
"""Without a stroke, after which the thorough fit begins: it takes a second or two."""
_MIXER = np.uint64(0x9E3779B97F4A7C15)
"""Knuth's multiplicative hash: which voxels stand for all is the same choice from stroke to stroke."""


class _Overtaken(Exception):
    """There are newer labels than those that are learned from."""


@dataclass(slots=True)
class _Known:
    """What the network has learned last."""

    network: PixelNetwork
    classes: list[int]


class LiveInstant:
    """Keeps features and the network between strokes."""

    def __init__(self, lesson: Lesson) -> None:
        assert isinstance(lesson.settings, InstantSettings)
        self._settings = lesson.settings
        self._random = np.random.default_rng(self._settings.seed)
        self._source = feature_source(lesson, self._architecture(lesson, 2))
        self._shelf = FeatureShelf(self._source)
        self._probes: Tensor | None = None
        self._known: _Known | None = None

    def learn(self, lesson: Lesson, painted: Painted, news: News) -> Iterator[Learned]:
        """Give a quick model; then, unless there are newer labels, a thorough one."""
        start = time.monotonic()
        yield self._quick(lesson, painted.points, start)
        if news(_REST_S):
            return
        start = time.monotonic()
        try:
            yield self._thorough(lesson, painted.points, start, news)
        except _Overtaken:
            log.debug("a newer stroke goes before a thorough look at the last one")

    def _quick(self, lesson: Lesson, points: LabelPoints, start: float) -> Learned:
        """Go on from the last network with a small forest: the strokes' own labels, and its answers about some probes."""
        classes = [entry.id for entry in lesson.classes]
        chosen = _spread(points, classes, _QUICK_LABELLED)
        features, channel = self._shelf.of(chosen.position), np.searchsorted(classes, chosen.number).astype(np.int64)
        probes = self._some_probes()
        forest = grow_forest(features, channel, _QUICK_TREES, self._settings.seed)
        truth = nn.functional.one_hot(torch.from_numpy(channel), len(classes)).float()
        answers = torch.cat([ask(forest, probes, len(classes)), truth])
        network, steps = self._network(lesson, classes)
        with one_thread():
            teach(network, torch.cat([probes, features]), answers, int(self._random.integers(1 << 31)), steps, _BATCH)
        self._known = _Known(network, classes)
        metrics = {"labelled_voxels": len(points), "train_voxels": len(channel), "classes": len(classes), "mean_dice": None}
        return self._learned(lesson, network, metrics | {"validation": "nothing held out: all strokes were learned from"}, start)

    def _thorough(self, lesson: Lesson, points: LabelPoints, start: float, news: News) -> Learned:
        """Learn as a training job does, with features that are there already; raises _Overtaken when there are newer labels."""

        def check() -> None:
            if news(0.0):
                raise _Overtaken

        classes = [entry.id for entry in lesson.classes]
        chosen = _spread(points, classes, _LABELLED)
        channel = np.searchsorted(classes, chosen.number).astype(np.int64)
        features = self._shelf.of(chosen.position)
        pupils = Pupils(chosen.coordinates().astype(np.int64), features, channel, strokes_of(chosen), chosen.by_hand)
        fresh = PixelNetwork(self._architecture(lesson, len(classes)))
        with one_thread():
            network, metrics = teach_pupils(fresh, pupils, self._all_probes(), classes, self._settings, check)
        self._known = _Known(network, classes)
        return self._learned(lesson, network, metrics | {"labelled_voxels": len(points)}, start)

    def _network(self, lesson: Lesson, classes: list[int]) -> tuple[PixelNetwork, int]:
        """Give the network to go on with, and for how many steps; a new class gets a new row, the others keep theirs."""
        known = self._known
        if known is not None and known.classes == classes:
            return known.network, _NEXT_STEPS
        network = PixelNetwork(self._architecture(lesson, len(classes)))
        if known is not None:
            channels = [known.classes.index(number) if number in known.classes else None for number in classes]
            inherit(network, known.network.state_dict(), channels)
        return network, _FIRST_STEPS

    def _all_probes(self) -> Tensor:
        """Give the features of voxels from all over the volume, computed once."""
        if self._probes is None:
            self._probes = self._source.at(draw_probes(self._source.shape, self._random))
        return self._probes

    def _some_probes(self) -> Tensor:
        probes = self._all_probes()
        chosen = self._random.choice(len(probes), min(len(probes), _QUICK_PROBES), replace=False)
        return probes[torch.from_numpy(chosen)]

    def _architecture(self, lesson: Lesson, classes: int) -> PixelArchitecture:
        about = self._settings.model_dump(include={"scales", "width", "smoothing"})
        return PixelArchitecture(classes=classes, is_3d=is_3d(self._settings, lesson.volume), **about)

    def _learned(self, lesson: Lesson, network: PixelNetwork, metrics: dict[str, Any], start: float) -> Learned:
        return Learned(
            architecture=self._architecture(lesson, len(lesson.classes)).model_dump(),
            normalisation=normalisation_of(lesson.volume.intensity),
            planes="z",
            weights=copy_state(network),
            metrics=metrics,
            hardware=choose_device().description,
            train_s=round(time.monotonic() - start, 3),
        )


def _spread(points: LabelPoints, classes: list[int], most: int) -> LabelPoints:
    """Give labelled voxels, of each class an even share where there are too many: always the same ones, and some of every stroke."""
    place = points.position.astype(np.uint64) * _MIXER
    kept = np.zeros(len(points), bool)
    for number in classes:
        of_class = np.flatnonzero(points.number == number)
        kept[_lowest(of_class, place[of_class], most // len(classes))] = True
    return points.chosen(kept)


def _lowest(items: NDArray[np.int64], rank: NDArray[np.uint64], count: int) -> NDArray[np.int64]:
    return items if len(items) <= count else items[np.argpartition(rank, count)[:count]]
