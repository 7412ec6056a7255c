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
from voxloop_shared.nets.inputs import normalisation_of, rounded_up
from voxloop_shared.nets.unet import UnetArchitecture
from voxloop_train.crops import CropSource
from voxloop_train.guide import Guide, guide_architecture, make_guide
from voxloop_train.holdout import Split, hold_out
from voxloop_train.learners.learner import Lesson
from voxloop_train.learners.unet import UnetSettings, planes_of
from voxloop_train.losses import class_weights
from voxloop_train.points import LabelPoints, uncertain_voxels
from voxloop_train.pupils import feature_source
from voxloop_train.sampling import Sampler
from voxloop_train.validation import Validator

log = logging.getLogger(__name__)

_CACHE_BYTES = 192 << 20
_GUIDE_SHARE = 0.1
"""Share of the budget for the guide, at most, but for the last of its blocks."""
_SHORTEST_GUIDED_S = 20.0


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
    follows_proportions: bool

    def sampler(self, seed: int, *, with_held_out: bool) -> Sampler:
        """Draw from the labels to learn from, or from all of them once nothing is judged any more."""
        split = hold_out(self.points, 0.0, seed) if with_held_out else self.split
        return Sampler(split, self.classes, self.source, self.planes, seed, self.guide)


def prepare_material(lesson: Lesson, settings: UnetSettings, architecture: UnetArchitecture, points: LabelPoints) -> Material:
    """Part a lesson's labels, and find the images around them."""
    device = choose_device()
    if settings.steps:
        torch.set_num_threads(1)  # from the guide on: sums, and so weights, depend on the number of threads
    classes = [entry.id for entry in lesson.classes]
    split = hold_out(points, settings.held_out, settings.seed)
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
        guide=_guide(lesson, settings, split.train, classes),
    )


def _guide(lesson: Lesson, settings: UnetSettings, points: LabelPoints, classes: list[int]) -> Guide | None:
    """Ask a forest, unless there is no time for it or the parent has learned from one already."""
    if settings.guide == 0 or lesson.budget_s < _SHORTEST_GUIDED_S or lesson.parent is not None:
        return None
    lesson.report("asking a forest about the volume", 0.0, eta_s=lesson.budget_s, step=0)
    architecture = guide_architecture(len(classes), is_3d=len(planes_of(settings, lesson.volume)) > 1)
    allowed_s = math.inf if settings.steps else _GUIDE_SHARE * lesson.budget_s  # so many steps are to be the same every time
    return make_guide(feature_source(lesson, architecture), points, uncertain_voxels(lesson), classes, settings.seed, allowed_s)


def _crop_source(lesson: Lesson, settings: UnetSettings, architecture: UnetArchitecture) -> CropSource:
    _, group = open_volume(lesson.workspace, lesson.volume.id)
    array = CachedArray(level_array(group, "0"), ChunkCache(_CACHE_BYTES), lesson.volume.id)
    size = rounded_up(settings.crop, architecture.stride)
    return CropSource(array, normalisation_of(lesson.volume.intensity), architecture.context, size)
