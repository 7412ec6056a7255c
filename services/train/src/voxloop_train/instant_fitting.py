"""Fitting the instant learner: features of labelled voxels, a forest, and the network that it teaches."""

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import Event
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from voxloop_shared.nets.devices import choose_device
from voxloop_shared.nets.inputs import normalisation_of
from voxloop_shared.nets.pixel import PixelArchitecture, PixelNetwork
from voxloop_shared.nets.weights import copy_state
from voxloop_train.answers import Answers, finite, judgement
from voxloop_train.calibration import calibration_error, fit_temperature, fold_temperatures
from voxloop_train.distillation import Check, answers_on_strokes, ask, grow_forest, teach
from voxloop_train.holdout import held_out_digest
from voxloop_train.judging import Folds
from voxloop_train.learners.instant import InstantSettings, is_3d
from voxloop_train.learners.learner import Learned, Lesson
from voxloop_train.points import points_of
from voxloop_train.pupils import Pupils, draw_probes, feature_source, take_pupils

log = logging.getLogger(__name__)

T = TypeVar("T")


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
    probes = source.at(draw_probes(source.shape, random))
    lesson.report("growing a forest", 0.4, step=2)
    network, metrics = teach_pupils(PixelNetwork(architecture), pupils, probes, classes, settings)
    train_s = time.monotonic() - start
    log.info("%d labelled voxels, %.1f s", len(points), train_s)
    return Learned(
        architecture=architecture.model_dump(),
        normalisation=normalisation_of(lesson.volume.intensity),
        planes="z",
        weights=copy_state(network),
        metrics=metrics | {"labelled_voxels": len(points)},
        hardware=choose_device().description,
        train_s=round(train_s, 3),
    )


def teach_pupils(
    network: PixelNetwork, pupils: Pupils, probes: Tensor, classes: list[int], settings: InstantSettings, check: Check | None = None
) -> tuple[PixelNetwork, dict[str, Any]]:
    """Teach a network what a forest of the pupils says of them and of probes (voxels, channels); give it calibrated, and its metrics.

    `check` is called between the steps, in the caller's thread, and may raise to end them.
    """
    count, look = len(classes), check or (lambda: None)
    forest = grow_forest(pupils.features, pupils.channel, settings.trees, settings.seed, answers_strokes=True, check=check)
    folds = Folds(pupils, count)
    with meanwhile(partial(folds.ask, pupils.features, settings.trees, settings.seed)) as judged:  # teaching takes one core
        answers = torch.cat([ask(forest, probes, count), answers_on_strokes(forest, pupils.channel, count)])
        teach(network, torch.cat([probes, pupils.features]), answers, settings.seed, check=look)
    held = judged.result()
    temperature = fit_temperature(held.logits, held.truth)
    fold_temperatures(network, [temperature])
    exam = held_out_digest(pupils.voxels[:, folds.asked], np.array(classes)[pupils.channel[folds.asked]])
    about = {"validation": folds.note, "held_out": exam}
    return network, _metrics(held, temperature, classes) | _counts(pupils, classes) | about


class _NotWanted(Exception):
    """The work that it belonged to has failed."""


@contextmanager
def meanwhile(work: Callable[[Check], T]) -> Iterator[Future[T]]:
    """Do work in a thread while the block runs; should the block fail, the check that the work calls now and then ends it."""
    has_failed = Event()

    def check() -> None:
        if has_failed.is_set():
            raise _NotWanted

    with ThreadPoolExecutor(1) as pool:
        try:
            yield pool.submit(work, check)
        except BaseException:
            has_failed.set()
            raise


def _metrics(held: Answers, temperature: float, classes: list[int]) -> dict[str, Any]:
    """Report what forests say of strokes that they have not seen: the network answers as a forest that has seen all."""
    return judgement(held, classes) | {
        "held_out_voxels": len(held.truth),
        "calibration_error": finite(calibration_error(held.logits / temperature, held.truth)),
        "calibration_error_before": finite(calibration_error(held.logits, held.truth)),
        "temperature": [round(temperature, 4)] if len(held.truth) else None,
    }


def _counts(pupils: Pupils, classes: list[int]) -> dict[str, Any]:
    return {
        "train_voxels": len(pupils.channel),
        "strokes": len(np.unique(pupils.stroke)),
        "classes": len(classes),
    }
