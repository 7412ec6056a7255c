"""Judging a network on held-out strokes."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from voxloop_shared.nets.devices import Device
from voxloop_shared.nets.inputs import PLANE_AXES
from voxloop_train.answers import Answers, Score
from voxloop_train.crops import CropSource, Place, PlaneLabels, start_of
from voxloop_train.holdout import units_of
from voxloop_train.losses import IGNORED
from voxloop_train.points import LabelPoints

_MOST_CROPS = 48
_MOST_ANSWERS = 1 << 24
"""Logits of held-out voxels that are kept at once, 64 MB: of dense labels with many classes a part is judged."""


class Validator:
    """Crops that cover the held-out voxels, cut once."""

    def __init__(self, held: LabelPoints, classes: list[int], source: CropSource, axis: str, seed: int) -> None:
        labels = PlaneLabels(held, classes, axis)
        places = [place for index in labels.slices() for place in _cover(labels, int(index), source, axis)]
        random = np.random.default_rng(seed)
        if len(places) > _MOST_CROPS:
            places = [places[i] for i in sorted(random.choice(len(places), _MOST_CROPS, replace=False))]
        self._classes = len(classes)
        self._images = [torch.from_numpy(source.image(place)) for place in places]
        self._targets = [torch.from_numpy(labels.target(place, source.size)) for place in places]
        _count_once(places, self._targets)
        _thin(self._targets, _MOST_ANSWERS // self._classes, random)
        positions = [_positions(place, target, held.shape) for place, target in zip(places, self._targets, strict=True)]
        unit = units_of(held)[np.searchsorted(held.position, np.concatenate([np.empty(0, np.int64), *positions]))]
        self._unit = torch.from_numpy(unit.astype(np.int64))
        self.voxels = len(unit)

    def __len__(self) -> int:
        return len(self._images)

    def score(self, network: nn.Module, device: Device, batch: int) -> Score:
        """Judge a network, which must be in evaluation mode."""
        return self.answers(network, device, batch).score()

    @torch.inference_mode()
    def answers(self, network: nn.Module, device: Device, batch: int) -> Answers:
        """Ask a network, which must be in evaluation mode, about the held-out voxels."""
        logits, truth = [torch.empty(0, self._classes)], [torch.empty(0, dtype=torch.long)]
        for i in range(0, len(self), batch):
            with device.autocast():
                given = network(device.send(torch.stack(self._images[i : i + batch])))
            target = torch.stack(self._targets[i : i + batch])
            labelled = target != IGNORED
            logits.append(given.movedim(1, -1)[labelled.to(given.device)].float().cpu())
            truth.append(target[labelled].long())
        return Answers(torch.cat(logits), torch.cat(truth), self._unit)


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


def _thin(targets: list[Tensor], most: int, random: np.random.Generator) -> None:
    """Forget labels at random until about `most` are left."""
    count = sum(int((target != IGNORED).sum()) for target in targets)
    if count > most:
        for target in targets:
            target[torch.from_numpy(random.random(tuple(target.shape)) > most / count)] = IGNORED


def _positions(place: Place, target: Tensor, shape: tuple[int, int, int]) -> NDArray[np.int64]:
    """Give the places in the flattened volume of a crop's labels, in the order of its rows."""
    row, column = (index.numpy() for index in torch.nonzero(target != IGNORED, as_tuple=True))
    index = np.full(len(row), place.index)
    coordinates = [np.empty(0, np.int64)] * 3
    for axis, values in zip(PLANE_AXES[place.axis], (index, row + place.row, column + place.column), strict=True):
        coordinates[axis] = values
    return np.ravel_multi_index(coordinates, shape).astype(np.int64)
