"""How common classes are in the volume, found from voxels without labels.

Strokes give a rare class as much room as a common one, so a network that learns from them finds rare things everywhere. The
share of each class is estimated by expectation maximisation over unlabelled voxels (Saerens et al. 2002, doi
10.1162/089976602753284446) and moves doubtful voxels to the commoner class, as far as held-out strokes allow: of all ways to
decide that agree with these equally well, it is the one that fits the volume best.
"""

import numpy as np
import torch
from torch import Tensor, nn

from voxloop_shared.nets.architectures import heads_of
from voxloop_shared.nets.devices import Device
from voxloop_shared.nets.inputs import PLANE_AXES
from voxloop_train.crops import CropSource, Place, start_of

_ROUNDS = 2
"""Of expectation maximisation: to the end it would take every doubtful class away."""
_STRENGTHS = (0.5, 0.25)
_LEAST = 1e-3
_CROPS = 32
_VOXELS = 50_000


def estimate_priors(probability: Tensor) -> Tensor:
    """Give the share of each class, of probabilities (voxels, classes) of a network that was taught all classes alike."""
    priors = torch.full((probability.shape[1],), 1 / probability.shape[1], dtype=torch.double)
    for _ in range(_ROUNDS):
        weighted = probability.double() * priors
        priors = (weighted / weighted.sum(dim=1, keepdim=True)).mean(dim=0)
    return priors.clamp(min=_LEAST).float()


def choose_strength(logits: Tensor, truth: Tensor, priors: Tensor) -> float:
    """Give how far logits (voxels, classes) may follow the priors without a loss for any class of the held-out voxels; 0 without any."""
    if not len(truth):
        return 0.0
    before = _recall(logits, truth)
    for strength in _STRENGTHS:
        after = _recall(logits + shift_of(priors, strength), truth)
        if bool((after >= before - 1e-6).all()):
            return strength
    return 0.0


def shift_of(priors: Tensor, strength: float) -> Tensor:
    """Give what is added to the logits of each class."""
    return strength * (priors * len(priors)).log()


@torch.no_grad()
def fold_shifts(network: nn.Module, shifts: list[Tensor]) -> None:
    """Add a shift to a network's logits, or to those of each member its own."""
    for head, shift in zip(heads_of(network), shifts, strict=True):
        assert head.bias is not None
        head.bias.add_(shift.to(head.bias.device))


@torch.inference_mode()
def unlabelled_logits(network: nn.Module, device: Device, source: CropSource, planes: str, seed: int) -> Tensor:
    """Give a network's logits (voxels, classes) at voxels from all over the volume."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(_CROPS):
        with device.autocast():
            logits = network(device.send(torch.from_numpy(source.image(_anywhere(source, planes[number % len(planes)], random)))[None]))
        flat = logits[0].float().flatten(1).T.cpu()
        found.append(flat[torch.from_numpy(random.integers(len(flat), size=_VOXELS // _CROPS))])
    return torch.cat(found)


def _anywhere(source: CropSource, axis: str, random: np.random.Generator) -> Place:
    depth, rows, columns = (source.shape[a] for a in PLANE_AXES[axis])
    row, column = (start_of(int(random.integers(length)), source.size, length) for length in (rows, columns))
    return Place(axis, int(random.integers(depth)), row, column)


def _recall(logits: Tensor, truth: Tensor) -> Tensor:
    """Give the share of each class's voxels that are found; 1 where it has none."""
    right = (logits.argmax(dim=1) == truth).double()
    total = torch.bincount(truth, minlength=logits.shape[1]).double()
    hits = torch.zeros_like(total).index_add_(0, truth, right)
    return torch.where(total > 0, hits / total.clamp(min=1), 1.0)
