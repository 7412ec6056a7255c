"""Fitting a network to sparse labels within a time budget."""

import logging
import math
import time
from typing import Any

import numpy as np
import torch
from torch import nn

from voxloop_shared.data.chunks import CachedArray, ChunkCache
from voxloop_shared.data.labels import Labels
from voxloop_shared.data.volumes import level_array, open_volume
from voxloop_shared.errors import TooFewLabels, VoxloopError
from voxloop_shared.nets.architectures import build_network
from voxloop_shared.nets.devices import Device, choose_device
from voxloop_shared.nets.inputs import normalisation_of, rounded_up
from voxloop_shared.nets.unet import UnetArchitecture
from voxloop_shared.nets.weights import copy_state, has_finite_weights, put_matching_weights, read_weights
from voxloop_train.augment import vary
from voxloop_train.averaging import AveragedNetwork
from voxloop_train.crops import CropSource
from voxloop_train.holdout import Split, hold_out
from voxloop_train.learners.learner import Learned, Lesson, Report
from voxloop_train.learners.unet import UnetSettings, planes_of
from voxloop_train.losses import class_weights, masked_loss
from voxloop_train.points import read_points
from voxloop_train.sampling import Sampler
from voxloop_train.schedule import Clock, learning_rate
from voxloop_train.validation import Score, Validator

log = logging.getLogger(__name__)

_CACHE_BYTES = 192 << 20
_REPORT_EVERY_S = 0.5
_JUDGED_SHARE = 0.1
"""Share of the time that goes into validation, at most."""
_GRADIENT_NORM = 5.0


def fit(lesson: Lesson, settings: UnetSettings) -> Learned:
    """Train a U-Net on a snapshot's labels; the budget counts from here."""
    clock = Clock(lesson.budget_s, settings.steps)
    lesson.report("reading labels", 0.0, eta_s=lesson.budget_s, step=0)
    torch.manual_seed(settings.seed)
    device = choose_device()
    classes = [entry.id for entry in lesson.classes]
    split = _split(lesson, settings, classes)
    architecture = _architecture(settings, len(classes))
    source = _crop_source(lesson, settings, architecture)
    network = _network(lesson, architecture, device)
    planes = planes_of(settings, lesson.volume)
    sampler = Sampler(split, classes, source, planes, settings.seed)
    validator = Validator(split.held, classes, source, "z", settings.seed)
    weight = class_weights(torch.bincount(torch.from_numpy(np.searchsorted(classes, split.train.number)), minlength=len(classes)))
    log.info("%d labelled voxels, %d held out (%s), on %s", len(split.train), len(split.held), split.note, device.description)
    run = Run(network, device, sampler, validator, weight, settings, clock, lesson.report)
    best = run.train()
    return Learned(
        architecture=architecture.model_dump(),
        normalisation=normalisation_of(lesson.volume.intensity),
        planes=planes,
        weights=best,
        metrics=_metrics(run, split, classes),
        hardware=device.description,
        train_s=round(clock.elapsed_s, 3),
    )


class Run:
    """One network on its way: steps, averages, judges, remembers the best."""

    def __init__(
        self,
        network: nn.Module,
        device: Device,
        sampler: Sampler,
        validator: Validator,
        class_weight: torch.Tensor,
        settings: UnetSettings,
        clock: Clock,
        report: Report,
    ) -> None:
        self._network = network
        self._device = device
        self._sampler = sampler
        self._validator = validator
        self._class_weight = class_weight.to(device.torch)
        self._settings = settings
        self._clock = clock
        self._report_line = report
        self._tuner = device.new_tuner()
        self._average = AveragedNetwork(network)
        self._random = torch.Generator().manual_seed(settings.seed)
        self._optimizer = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
        self._best: dict[str, torch.Tensor] | None = None
        self._last_report_s = -math.inf
        self._next_judgement_s = 0.1 * clock.budget_s
        self._peak = -math.inf
        self._tolerance = 1 / math.sqrt(max(1, validator.voxels))
        self.best_score = Score([])
        self.best_step = 0
        self.steps = 0
        self.loss = math.nan

    def train(self) -> dict[str, torch.Tensor]:
        """Step until the budget is used, and give the best weights."""
        self._network.train()
        while (used := self._clock.used(self.steps)) < 1 or self.steps == 0:
            with self._tuner.timed():
                self._step(learning_rate(used, self._settings.learning_rate))
            if len(self._validator) and self._clock.elapsed_s >= self._next_judgement_s:
                self._judge()
            self._report(used)
        self._judge()
        assert self._best is not None
        if not has_finite_weights(self._best):
            raise VoxloopError("the training diverged (weights are not finite): try a smaller learning rate")
        return self._best

    def _step(self, rate: float) -> None:
        images, targets = self._sampler.batch(self._settings.batch)
        images, targets = vary(self._device.send(images), targets.to(self._device.torch), self._random)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        with self._device.autocast():
            logits = self._network(images.contiguous(memory_format=torch.channels_last))
        loss = masked_loss(logits, targets, self._class_weight)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._network.parameters(), _GRADIENT_NORM)
        self._optimizer.step()
        self._average.update(self._network)
        self.steps += 1
        self.loss = loss.item()

    def _judge(self) -> None:
        """Judge the average, and keep a copy unless an earlier one was clearly better.

        Differences below the sampling error of so few voxels are noise: then the one that has learnt longer is kept.
        """
        start = time.monotonic()
        score = self._validator.score(self._average.network, self._device, self._settings.batch)
        self._peak = max(self._peak, score.mean)  # a comparison with NaN, where nothing is held out, is false
        if self._best is None or not score.mean < self._peak - self._tolerance:
            self._best, self.best_score, self.best_step = copy_state(self._average.network), score, self.steps
        took = time.monotonic() - start
        self._clock.reserve_s = min(1.2 * took, 0.2 * self._clock.budget_s)
        self._next_judgement_s = self._clock.elapsed_s + max(took / _JUDGED_SHARE, 0.04 * self._clock.budget_s)

    def _report(self, used: float) -> None:
        elapsed = self._clock.elapsed_s
        if elapsed - self._last_report_s < _REPORT_EVERY_S:
            return
        self._last_report_s = elapsed
        score = self.best_score.mean
        said = "" if math.isnan(score) else f", Dice on held-out strokes {score:.2f}"
        self._report_line(
            f"step {self.steps}{said}",
            round(used, 4),
            round(elapsed * (1 / used - 1), 1) if used else None,
            step=self.steps,
            loss=_finite(self.loss),
            lr=self._optimizer.param_groups[0]["lr"],
            samples_per_s=round(self.steps * self._settings.batch / elapsed, 1),
            val_dice=_finite(score),
        )


def _split(lesson: Lesson, settings: UnetSettings, classes: list[int]) -> Split:
    labels = Labels.open(lesson.workspace.labels_of(lesson.volume.id))
    points = read_points(labels, lesson.snapshot, settings.seed)
    if set(points.classes().tolist()) != set(classes):
        raise TooFewLabels(f"the labels hold the classes {points.classes().tolist()}, not {classes}")
    return hold_out(points, settings.held_out, settings.seed)


def _architecture(settings: UnetSettings, classes: int) -> UnetArchitecture:
    fields = settings.model_dump(include={"in_channels", "width", "depth"})
    return UnetArchitecture(classes=classes, **fields)


def _crop_source(lesson: Lesson, settings: UnetSettings, architecture: UnetArchitecture) -> CropSource:
    _, group = open_volume(lesson.workspace, lesson.volume.id)
    array = CachedArray(level_array(group, "0"), ChunkCache(_CACHE_BYTES), lesson.volume.id)
    size = rounded_up(settings.crop, architecture.stride)
    return CropSource(array, normalisation_of(lesson.volume.intensity), architecture.context, size)


def _network(lesson: Lesson, architecture: UnetArchitecture, device: Device) -> nn.Module:
    network = build_network(architecture.model_dump())
    if lesson.parent_weights is not None:
        taken = put_matching_weights(network, read_weights(lesson.parent_weights))
        log.info("took %d of %d weights from the parent", taken, len(network.state_dict()))
    return device.place(network)


def _metrics(run: Run, split: Split, classes: list[int]) -> dict[str, Any]:
    return {
        "mean_dice": _finite(run.best_score.mean),
        "dice": {number: _finite(value) for number, value in zip(classes, run.best_score.dice, strict=True)},
        "held_out_voxels": len(split.held),
        "train_voxels": len(split.train),
        "strokes": len(np.unique(split.stroke)),
        "validation": split.note,
        "steps": run.steps,
        "best_step": run.best_step,
        "loss": _finite(run.loss),
    }


def _finite(value: float) -> float | None:
    """Round for JSON, which knows no NaN."""
    return round(value, 5) if math.isfinite(value) else None
