"""What a training works with: the labels, parted into those to learn from and those to judge by, and the images around them."""

import logging
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from voxloop_shared.data.chunks import CachedArray, ChunkCache
from voxloop_shared.data.volumes import level_array, open_volume
from voxloop_shared.nets.devices import Device, choose_device
from voxloop_shared.nets.hardware import thread_count
from voxloop_shared.nets.inputs import normalisation_of, rounded_up
from voxloop_shared.nets.unet import UnetArchitecture
from voxloop_train.checkpoint import GUIDE, read_checkpoint, write_checkpoint
from voxloop_train.crops import CropSource
from voxloop_train.guide import Guide, guide_architecture, make_guide
from voxloop_train.holdout import Split, hold_out
from voxloop_train.learners.learner import Lesson
from voxloop_train.learners.unet import UnetSettings, planes_of
from voxloop_train.losses import class_weights
from voxloop_train.points import LabelPoints, Uncertain, learned_by_parent, uncertain_voxels
from voxloop_train.prefetch import Prefetch
from voxloop_train.pupils import feature_source
from voxloop_train.sampling import Sampler
from voxloop_train.validation import Validator

log = logging.getLogger(__name__)

_CACHE_BYTES = 192 << 20
_GUIDE_SHARE = 0.1
"""Share of the budget for the guide, at most, but for the last of its blocks."""
_LEAST_GUIDE_S = 3.0
_SHORTEST_GUIDED_S = 20.0
_SHORTEST_GUIDED_WARM_S = 10.0
"""A network that starts from a parent soon forgets what a guide has taught it, unless there is one."""
_CUTTERS = 8
"""Threads that cut crops for a GPU."""


@dataclass(frozen=True, slots=True)
class Material:
    """The same for all members of an ensemble: all are judged by the same held-out strokes. `class_weight` is on the device."""

    device: Device
    classes: list[int]
    points: LabelPoints
    split: Split
    source: CropSource
    planes: str
    validator: Validator
    class_weight: Tensor | None
    guide: Guide | None
    uncertain: Uncertain
    follows_proportions: bool

    def sampler(self, seed: int, *, with_held_out: bool) -> Sampler | Prefetch:
        """Draw from the labels to learn from, or from all of them once nothing is judged any more."""
        split = hold_out(self.points, 0.0, seed) if with_held_out else self.split
        sampler = Sampler(split, self.classes, self.source, self.planes, seed, self.guide)
        # on a CPU the steps need all cores
        return Prefetch(sampler, max(1, min(_CUTTERS, thread_count() - 1)), pins=True) if self.device.is_cuda else sampler


def prepare_material(lesson: Lesson, settings: UnetSettings, architecture: UnetArchitecture, points: LabelPoints) -> Material:
    """Part a lesson's labels, and find the images around them."""
    choose_device()
    if settings.steps:
        torch.set_num_threads(1)  # from the guide on: sums, and so weights, depend on the number of threads
    torch.backends.cudnn.benchmark = settings.steps is None  # crops are all of one size: the fastest way is worth finding
    torch.backends.cudnn.deterministic = settings.steps is not None
    split = hold_out(points, settings.held_out, settings.seed, learned_by_parent(lesson))
    return material_of(lesson, settings, architecture, points, split, _kept_guide(lesson, settings, split.train))


def material_of(
    lesson: Lesson, settings: UnetSettings, architecture: UnetArchitecture, points: LabelPoints, split: Split, guide: Guide | None
) -> Material:
    """Find the images around labels that are parted already."""
    device = choose_device()
    classes = [entry.id for entry in lesson.classes]
    source = _crop_source(lesson, settings, architecture)
    counts = torch.bincount(torch.from_numpy(np.searchsorted(classes, split.train.number)), minlength=len(classes))
    log.info("%d labelled voxels, %d held out (%s), on %s", len(split.train), len(split.held), split.note, device.description)
    return Material(
        device=device,
        classes=classes,
        points=points,
        split=split,
        source=source,
        planes=planes_of(settings, lesson.volume),
        validator=Validator(split.held, classes, source, "z", settings.seed),
        class_weight=class_weights(counts).to(device.torch) if settings.class_weights else None,
        follows_proportions=settings.proportions,
        uncertain=uncertain_voxels(lesson),
        guide=guide,
    )


def _kept_guide(lesson: Lesson, settings: UnetSettings, points: LabelPoints) -> Guide | None:
    """Give the guide that an interrupted attempt has left; else ask for one, and keep it."""
    if kept := read_checkpoint(lesson.checkpoint, GUIDE) if lesson.resumes else None:
        return Guide.of(kept)
    guide = ask_guide(lesson, settings, points)
    if guide is not None:
        write_checkpoint(lesson.checkpoint, guide.checkpoint(), GUIDE)
    return guide


def ask_guide(lesson: Lesson, settings: UnetSettings, points: LabelPoints) -> Guide | None:
    """Ask a forest, unless there is no time for it."""
    shortest_s = _SHORTEST_GUIDED_S if lesson.parent is None else _SHORTEST_GUIDED_WARM_S
    if settings.guide == 0 or lesson.budget_s < shortest_s:
        return None
    lesson.report("asking a forest about the volume", 0.0, eta_s=lesson.budget_s, step=0)
    classes = [entry.id for entry in lesson.classes]
    architecture = guide_architecture(len(classes), is_3d=len(planes_of(settings, lesson.volume)) > 1)
    # so many steps are to be the same every time
    allowed_s = math.inf if settings.steps else max(_GUIDE_SHARE * lesson.budget_s, _LEAST_GUIDE_S)
    return make_guide(feature_source(lesson, architecture), points, uncertain_voxels(lesson), classes, settings.seed, allowed_s)


def _crop_source(lesson: Lesson, settings: UnetSettings, architecture: UnetArchitecture) -> CropSource:
    _, group = open_volume(lesson.workspace, lesson.volume.id)
    array = CachedArray(level_array(group, "0"), ChunkCache(_CACHE_BYTES), lesson.volume.id)
    size = rounded_up(settings.crop, architecture.stride)
    return CropSource(array, normalisation_of(lesson.volume.intensity), architecture.context, size)
