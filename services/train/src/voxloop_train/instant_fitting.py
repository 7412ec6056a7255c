"""Fitting the instant learner: features of labelled voxels, a forest, and the network that it teaches."""

import logging
import time
from typing import Any

import numpy as np
import torch

from voxloop_shared.nets.devices import choose_device
from voxloop_shared.nets.inputs import normalisation_of
from voxloop_shared.nets.pixel import PixelArchitecture, PixelNetwork
from voxloop_shared.nets.weights import copy_state
from voxloop_train.answers import Answers, finite, judgement
from voxloop_train.calibration import calibration_error, fit_temperature, fold_temperatures
from voxloop_train.distillation import answers_on_strokes, ask, grow_forest, teach
from voxloop_train.judging import Folds
from voxloop_train.learners.instant import InstantSettings, is_3d
from voxloop_train.learners.learner import Learned, Lesson
from voxloop_train.points import LabelPoints, points_of
from voxloop_train.pupils import Pupils, draw_probes, feature_source, take_pupils

log = logging.getLogger(__name__)


def fit_instant(lesson: Lesson, settings: InstantSettings) -> Learned:
    """Train on a snapshot's labels, in a few seconds."""
    start = time.monotonic()
    lesson.report("reading labels", 0.0, step=0)
    torch.manual_seed(settings.seed)
    classes = [entry.id for entry in lesson.classes]
    points = points_of(lesson, settings.seed)
    random = np.random.default_rng(settings.seed)
    architecture = PixelArchitecture(
        classes=len(classes),
        scales=settings.scales,
        is_3d=is_3d(settings, lesson.volume),
        width=settings.width,
        smoothing=settings.smoothing,
    )
    source = feature_source(lesson, architecture)
    lesson.report("features of the strokes", 0.1, step=1)
    pupils = take_pupils(points, classes, source, random)
    lesson.report("growing a forest", 0.4, step=2)
    forest = grow_forest(pupils.features, pupils.channel, settings.trees, settings.seed, answers_strokes=True)
    folds = Folds(pupils.stroke, pupils.channel, len(classes))
    held = folds.ask(pupils.features, settings.trees, settings.seed)
    lesson.report("teaching the network", 0.6, step=3)
    network = PixelNetwork(architecture)
    probes = source.at(draw_probes(source.shape, random))
    answers = torch.cat([ask(forest, probes, len(classes)), answers_on_strokes(forest, pupils.channel, len(classes))])
    teach(network, torch.cat([probes, pupils.features]), answers, settings.seed)
    temperature = fit_temperature(held.logits, held.truth)
    fold_temperatures(network, [temperature])
    train_s = time.monotonic() - start
    log.info("%d labelled voxels, %.1f s", len(points), train_s)
    return Learned(
        architecture=architecture.model_dump(),
        normalisation=normalisation_of(lesson.volume.intensity),
        planes="z",
        weights=copy_state(network),
        metrics=_metrics(held, temperature, classes) | _counts(points, pupils, classes) | {"validation": folds.note},
        hardware=choose_device().description,
        train_s=round(train_s, 3),
    )


def _metrics(held: Answers, temperature: float, classes: list[int]) -> dict[str, Any]:
    """Report what forests say of strokes that they have not seen: the network answers as a forest that has seen all."""
    return judgement(held, classes) | {
        "held_out_voxels": len(held.truth),
        "calibration_error": finite(calibration_error(held.logits / temperature, held.truth)),
        "calibration_error_before": finite(calibration_error(held.logits, held.truth)),
        "temperature": [round(temperature, 4)] if len(held.truth) else None,
    }


def _counts(points: LabelPoints, pupils: Pupils, classes: list[int]) -> dict[str, Any]:
    return {
        "train_voxels": len(pupils.channel),
        "labelled_voxels": len(points),
        "strokes": len(np.unique(pupils.stroke)),
        "classes": len(classes),
    }
