"""Fitting networks to sparse labels within a time budget: one, or the members of an ensemble one after another."""

import copy
import logging

import torch
from torch import nn

from voxloop_shared.nets.architectures import build_network
from voxloop_shared.nets.inputs import normalisation_of
from voxloop_shared.nets.unet import UnetArchitecture
from voxloop_shared.nets.weights import read_weights
from voxloop_train.averaging import AveragedNetwork
from voxloop_train.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from voxloop_train.conclusion import architecture_of, conclude
from voxloop_train.inheritance import Parent, inherit, match_classes, shrink_and_perturb
from voxloop_train.interruption import Interruption
from voxloop_train.learners.learner import Learned, Lesson, Report
from voxloop_train.learners.unet import UnetSettings, planes_of
from voxloop_train.material import Material, prepare_material
from voxloop_train.outcome import Trained
from voxloop_train.points import points_of
from voxloop_train.run import Run
from voxloop_train.schedule import Clock

log = logging.getLogger(__name__)


def fit(lesson: Lesson, settings: UnetSettings) -> Learned:
    """Train U-Nets on a snapshot's labels; the budget counts from here, and what an interrupted attempt used counts, too."""
    stored = read_checkpoint(lesson.checkpoint) if lesson.resumes else None
    clock = Clock(lesson.budget_s, used_s=stored.values["used_s"] if stored else 0.0)
    if stored is None:
        lesson.report("reading labels", 0.0, eta_s=lesson.budget_s, step=0)
    points = points_of(lesson, settings.seed)
    architecture = UnetArchitecture(classes=len(lesson.classes), **settings.model_dump(include={"in_channels", "width", "depth"}))
    material = prepare_material(lesson, settings, architecture, points)
    trained = Course(lesson, settings, architecture, material, clock, stored).train()
    return Learned(
        architecture=architecture_of(architecture, len(trained)).model_dump(),
        normalisation=normalisation_of(lesson.volume.intensity),
        planes=planes_of(settings, lesson.volume),
        **conclude(trained, architecture, material),
        hardware=material.device.description,
        train_s=round(clock.elapsed_s, 3),
    )


class Course:
    """The runs of a training, each with an equal share of the time that is left, and the checkpoint of all."""

    def __init__(
        self,
        lesson: Lesson,
        settings: UnetSettings,
        architecture: UnetArchitecture,
        material: Material,
        clock: Clock,
        stored: Checkpoint | None,
    ) -> None:
        self._lesson = lesson
        self._settings = settings
        self._architecture = architecture
        self._material = material
        self._clock = clock
        self._parent = _parent_of(lesson)
        self._stored_run = stored.part("run") if stored else None
        self._trained = _trained_in(stored) if stored else []

    def train(self) -> list[Trained]:
        """Train the members that are not trained yet."""
        with Interruption() as interruption:
            while len(self._trained) < self._settings.members:
                run = self._begin(len(self._trained))
                self._trained.append(run.train(interruption, self._keep))
        return self._trained

    def _begin(self, number: int) -> Run:
        """Start a member, or go on with the one that was interrupted."""
        settings, stored, self._stored_run = self._settings, self._stored_run, None
        seed = settings.seed + number
        torch.manual_seed(seed)
        network, average = self._networks(number)
        if stored is None:
            budget_s = max(0.0, self._clock.budget_s - self._clock.elapsed_s) / (settings.members - number)
            clock = Clock(budget_s, settings.steps)
        else:
            clock = Clock(stored.values["budget_s"], settings.steps, stored.values["used_s"])
        rate = settings.learning_rate * (settings.warm_rate if self._parent else 1.0)
        run = Run(network, average, self._material, settings, clock, self._reporting(number, clock.budget_s), seed=seed, rate=rate)
        if stored is not None:
            run.restore(stored)
            log.info("going on after %.1f s", clock.elapsed_s)
        return run

    def _networks(self, number: int) -> tuple[nn.Module, AveragedNetwork]:
        """Build a network and the average of its weights, which begins with the parent's own: they are good already."""
        settings, network = self._settings, build_network(self._architecture.model_dump())
        if self._parent is None:
            network = self._material.device.place(network)
            return network, AveragedNetwork(network, settings.averaging)
        fresh = copy.deepcopy(network)
        inherit(network, self._parent.member(number), self._parent.channels)
        network = self._material.device.place(network)
        average = AveragedNetwork(network, settings.averaging, is_trained=True)
        if settings.shrink < 1 or settings.perturb > 0:
            shrink_and_perturb(network, fresh, settings.shrink, settings.perturb)
        return network, average

    def _keep(self, run: Checkpoint) -> None:
        found = Checkpoint(values={"used_s": self._clock.elapsed_s, "trained": len(self._trained)})
        for number, trained in enumerate(self._trained):
            found.add(f"trained{number}", trained.checkpoint())
        found.add("run", run)
        write_checkpoint(self._lesson.checkpoint, found)

    def _reporting(self, number: int, budget_s: float) -> Report:
        """Give a way to report a member's progress as that of the whole."""
        members, report = self._settings.members, self._lesson.report

        def tell(message: str, progress: float, eta_s: float | None, **metrics: object) -> None:
            told = message if members == 1 else f"member {number + 1} of {members}, {message}"
            later_s = (members - number - 1) * budget_s
            report(told, round((number + progress) / members, 4), eta_s if eta_s is None else round(eta_s + later_s, 1), **metrics)

        return tell


def _parent_of(lesson: Lesson) -> Parent | None:
    if lesson.parent is None or lesson.parent_weights is None:
        return None
    manifest = lesson.parent.manifest
    return Parent(manifest, read_weights(lesson.parent_weights), match_classes(lesson.classes, manifest, lesson.volume.digest))


def _trained_in(stored: Checkpoint) -> list[Trained]:
    parts = [stored.part(f"trained{number}") for number in range(stored.values["trained"])]
    return [Trained.of(part) for part in parts if part is not None]
