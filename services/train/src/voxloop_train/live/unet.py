"""`unet` that follows strokes: rounds of a few seconds from where it stands; a model is told when held-out strokes are no worse."""

import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import nn

from voxloop_shared.nets.architectures import build_network
from voxloop_shared.nets.inputs import normalisation_of
from voxloop_shared.nets.unet import UnetArchitecture
from voxloop_shared.nets.weights import copy_state, read_weights
from voxloop_train.averaging import AveragedNetwork
from voxloop_train.conclusion import conclude
from voxloop_train.inheritance import Parent, inherit, match_classes
from voxloop_train.interruption import Interruption
from voxloop_train.learners.learner import Learned, Lesson
from voxloop_train.learners.unet import UnetSettings, planes_of
from voxloop_train.live.following import Painted
from voxloop_train.live.learning import News
from voxloop_train.live.split import StandingSplit
from voxloop_train.material import Material, ask_guide, material_of
from voxloop_train.outcome import Trained
from voxloop_train.points import learned_by_parent
from voxloop_train.run import Run
from voxloop_train.schedule import Clock

log = logging.getLogger(__name__)

_ROUND_S = (4.0, 6.0, 8.0, 12.0)
"""The first are short, for somebody waits to see anything at all; the last is that of all later rounds."""
_GUIDED_LIKE_S = 40.0
"""The guide is that of a training with such a budget, of which it takes a tenth."""
_GROWN = 1.3
"""Labels so many times as many as those that the guide knows are worth a new one."""
_PATIENCE = 5
"""Rounds without a better score after which the network waits for strokes."""
_WARM_RATE = 0.5


@dataclass(slots=True)
class _Standing:
    """A network on its way."""

    network: nn.Module
    average: AveragedNetwork
    classes: list[int]
    rounds: int = 0


class LiveUnet:
    """Keeps the network, what is held out, and the guide between strokes."""

    def __init__(self, lesson: Lesson) -> None:
        assert isinstance(lesson.settings, UnetSettings)
        # one network that never gives its judges back: what it says of itself stays true from round to round
        fixed = {"members": 1, "refit": False, "self_training": False, "patience": 1.0, "steps": None, "checkpoint_s": 30.0}
        self._settings = lesson.settings.model_copy(update=fixed)
        self._split = StandingSplit(self._settings.held_out)
        learned = learned_by_parent(lesson)
        if learned is not None:
            self._split.note_learned(learned)
        self._standing: _Standing | None = None
        self._material: Material | None = None
        self._guided_by = 0

    def learn(self, lesson: Lesson, painted: Painted, news: News) -> Iterator[Learned]:
        """Train round after round until nothing gets better or there is news."""
        start = time.monotonic()
        material = self._prepare(lesson, painted)
        standing = self._stand(lesson, material)
        best, since = self._judge(standing, material), 0
        tolerance = 1 / math.sqrt(max(1, material.validator.voxels))
        while since < _PATIENCE:
            trained = self._round(standing, material)
            score = self._judge(standing, material)
            is_better = math.isnan(score) or math.isnan(best) or score > best
            since = 0 if is_better and not math.isnan(score) else since + 1
            if math.isnan(score) or math.isnan(best) or score >= best - tolerance:
                yield self._learned(lesson, material, trained, start)
            best = score if math.isnan(best) else max(best, score)
            if news(0.0):
                return

    def _prepare(self, lesson: Lesson, painted: Painted) -> Material:
        """Part the labels as they are parted already; the guide is asked again only when there is much more to learn from."""
        split = self._split.part(painted.points)
        classes = [entry.id for entry in lesson.classes]
        known = self._material
        is_known = known is not None and known.classes == classes and len(split.train) < _GROWN * self._guided_by
        if is_known and known is not None:
            guide = known.guide
        else:
            guide = ask_guide(replace(lesson, budget_s=_GUIDED_LIKE_S), self._settings, split.train)
            self._guided_by = len(split.train)
        self._material = material_of(lesson, self._settings, self._architecture(lesson), painted.points, split, guide)
        return self._material

    def _stand(self, lesson: Lesson, material: Material) -> _Standing:
        """Go on with the network, or make one: for other classes, or from the parent, or from nothing."""
        known = self._standing
        if known is not None and known.classes == material.classes:
            return known
        torch.manual_seed(self._settings.seed)
        network = build_network(self._architecture(lesson).model_dump())
        is_trained = True
        if known is not None:
            channels = [known.classes.index(number) if number in known.classes else None for number in material.classes]
            inherit(network, {name: value.cpu() for name, value in known.network.state_dict().items()}, channels)
        elif lesson.parent is not None and lesson.parent_weights is not None:
            manifest = lesson.parent.manifest
            parent = Parent(manifest, read_weights(lesson.parent_weights), match_classes(lesson.classes, manifest, lesson.volume.digest))
            inherit(network, parent.member(0), parent.channels)
        else:
            is_trained = False
        network = material.device.place(network)
        average = AveragedNetwork(network, self._settings.averaging, is_trained=is_trained)
        self._standing = _Standing(network, average, material.classes)
        return self._standing

    def _round(self, standing: _Standing, material: Material) -> Trained:
        """Train some seconds more; what is told are the weights at the end, averaged."""
        place = min(standing.rounds, len(_ROUND_S) - 1)
        rate = self._settings.learning_rate * (_WARM_RATE if standing.average.updates else 1.0)
        seed = self._settings.seed + standing.rounds
        standing.rounds += 1
        clock = Clock(_ROUND_S[place])
        run = Run(standing.network, standing.average, material, self._settings, clock, _say_nothing, seed=seed, rate=rate)
        found = run.train(Interruption(), _keep_nothing)
        weights = copy_state(standing.average.network)
        return Trained(weights, weights, found.facts)

    def _judge(self, standing: _Standing, material: Material) -> float:
        """Give the mean Dice on held-out strokes; NaN where there are none, or before the first step."""
        if not len(material.validator) or not standing.average.updates:
            return math.nan
        return material.validator.score(standing.average.network, material.device, self._settings.batch).mean

    def _architecture(self, lesson: Lesson) -> UnetArchitecture:
        return UnetArchitecture(classes=len(lesson.classes), **self._settings.model_dump(include={"in_channels", "width", "depth"}))

    def _learned(self, lesson: Lesson, material: Material, trained: Trained, start: float) -> Learned:
        architecture = self._architecture(lesson)
        return Learned(
            architecture=architecture.model_dump(),
            normalisation=normalisation_of(lesson.volume.intensity),
            planes=planes_of(self._settings, lesson.volume),
            **conclude([trained], architecture, material),
            hardware=material.device.description,
            train_s=round(time.monotonic() - start, 3),
        )


def _say_nothing(*_arguments: object, **_metrics: object) -> None:
    """Live sessions tell models, not steps."""


def _keep_nothing(*_arguments: object) -> None:
    """What a live session has learned is not resumed: a new one starts from the newest strokes."""
