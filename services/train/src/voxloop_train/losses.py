"""Loss over labelled voxels only: an unlabelled voxel has no effect on it, nor on its gradient."""

import torch
from torch import Tensor
from torch.nn import functional

IGNORED = 255
"""Target of voxels that are unlabelled, uncertain, held out, or outside the volume."""

_SMOOTHING = 0.05


def masked_loss(logits: Tensor, target: Tensor, class_weight: Tensor) -> Tensor:
    """Add class-weighted cross-entropy and soft Dice over the labelled voxels.

    `logits` is (n, classes, rows, columns), `target` (n, rows, columns) with channel numbers or IGNORED.
    """
    labelled = target != IGNORED
    chosen = logits.movedim(1, -1)[labelled].float()
    truth = target[labelled].long()
    if truth.numel() == 0:
        return logits.sum() * 0.0
    return functional.cross_entropy(chosen, truth, weight=class_weight, label_smoothing=_SMOOTHING) + _dice_loss(
        chosen.softmax(dim=1), truth
    )


def _dice_loss(probability: Tensor, truth: Tensor) -> Tensor:
    """Give 1 - mean soft Dice over the classes present (Milletari et al. 2016, arXiv 1606.04797)."""
    one_hot = functional.one_hot(truth, probability.shape[1]).to(probability.dtype)
    overlap = (probability * one_hot).sum(dim=0)
    total = probability.sum(dim=0) + one_hot.sum(dim=0)
    present = one_hot.sum(dim=0) > 0
    return 1 - (2 * overlap[present] / total[present]).mean()


def class_weights(counts: Tensor) -> Tensor:
    """Weigh rare classes more, by the square root of their rarity; the mean is 1."""
    weight = counts.clamp(min=1).float().rsqrt()
    return weight / weight.mean()


def dice_scores(confusion: Tensor) -> list[float]:
    """Give Dice per class of a confusion matrix (truth, prediction)."""
    confusion = confusion.double()
    hits = confusion.diagonal()
    return torch.where(
        confusion.sum(0) + confusion.sum(1) > 0, 2 * hits / (confusion.sum(0) + confusion.sum(1)).clamp(min=1), torch.nan
    ).tolist()
