"""Judging a network on held-out strokes."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from voxloop_shared.nets.devices import Device
from voxloop_shared.nets.inputs import PLANE_AXES
from voxloop_train.crops import CropSource, Place, PlaneLabels, start_of
from voxloop_train.losses import IGNORED, dice_scores
from voxloop_train.points import LabelPoints

_MOST_CROPS = 48


@dataclass(frozen=True, slots=True)
class Score:
    """Dice per class on held-out voxels (NaN where a class has none), and their mean."""

    dice: list[float]

    @property
    def mean(self) -> float:
        """Give the mean over the classes that could be judged; NaN when none could."""
        known = [value for value in self.dice if not math.isnan(value)]
        return sum(known) / len(known) if known else math.nan


class Validator:
    """Crops that cover the held-out voxels, cut once."""

    def __init__(self, held: LabelPoints, classes: list[int], source: CropSource, axis: str, seed: int) -> None:
        labels = PlaneLabels(held, classes, axis)
        places = [place for index in labels.slices() for place in _cover(labels, int(index), source, axis)]
        if len(places) > _MOST_CROPS:
            chosen = np.random.default_rng(seed).choice(len(places), _MOST_CROPS, replace=False)
            places = [places[i] for i in sorted(chosen)]
        self._classes = len(classes)
        self._images = [torch.from_numpy(source.image(place)) for place in places]
        self._targets = [torch.from_numpy(labels.target(place, source.size)) for place in places]
        _count_once(places, self._targets)

    def __len__(self) -> int:
        return len(self._images)

    @property
    def voxels(self) -> int:
        """Count the held-out voxels that are judged."""
        return sum(int((target != IGNORED).sum()) for target in self._targets)

    @torch.inference_mode()
    def score(self, network: nn.Module, device: Device, batch: int) -> Score:
        """Judge a network, which must be in evaluation mode."""
        confusion = torch.zeros(self._classes**2, dtype=torch.long)
        for i in range(0, len(self), batch):
            with device.autocast():
                logits = network(device.send(torch.stack(self._images[i : i + batch])))
            target = torch.stack(self._targets[i : i + batch])
            guess = logits.argmax(dim=1).cpu()
            confusion += _confusion(guess, target, self._classes)
        square = confusion.view(self._classes, self._classes)
        judged = square.sum(dim=1) > 0
        return Score([value if is_judged else math.nan for value, is_judged in zip(dice_scores(square), judged.tolist(), strict=True)])


def _cover(labels: PlaneLabels, index: int, source: CropSource, axis: str) -> list[Place]:
    """Lay a grid of squares over a slice and keep those with labels."""
    rows, columns, _ = labels.of_slice(index)
    _, height, width = (source.shape[a] for a in PLANE_AXES[axis])
    size = source.size
    cells = sorted(set(zip((rows // size).tolist(), (columns // size).tolist(), strict=True)))
    return [Place(axis, index, start_of(r * size + size // 2, size, height), start_of(c * size + size // 2, size, width)) for r, c in cells]


def _count_once(places: list[Place], targets: list[Tensor]) -> None:
    """Forget labels that an earlier, overlapping crop has already: at the volume's edge squares are pushed inwards."""
    for i, place in enumerate(places):
        size = targets[i].shape[0]
        for earlier in places[:i]:
            if (earlier.axis, earlier.index) == (place.axis, place.index):
                top, left = earlier.row - place.row, earlier.column - place.column
                if abs(top) < size and abs(left) < size:
                    targets[i][max(top, 0) : min(size, top + size), max(left, 0) : min(size, left + size)] = IGNORED


def _confusion(guess: Tensor, target: Tensor, classes: int) -> Tensor:
    labelled = target != IGNORED
    pairs = target[labelled].long() * classes + guess[labelled]
    return torch.bincount(pairs, minlength=classes * classes)
