"""Loss over labelled voxels only: an unlabelled voxel has no effect on it, nor on its gradient."""

import torch
from torch import Tensor
from torch.nn import functional

IGNORED = 255
"""Target of voxels that are unlabelled, uncertain, held out, or outside the volume."""

_SMOOTHING = 0.05
_KNOWN = 0.5
_SURENESS = 0.3
_LEAST = 1e-4


def masked_loss(logits: Tensor, target: Tensor, class_weight: Tensor | None = None, dice: float = 0.0) -> Tensor:
    """Add cross-entropy, weighted by class if asked for, and `dice` times the soft Dice loss, over the labelled voxels.

    `logits` is (n, classes, rows, columns), `target` (n, rows, columns) with channel numbers or IGNORED.
    """
    labelled = target != IGNORED
    chosen = logits.movedim(1, -1)[labelled].float()
    truth = target[labelled].long()
    if truth.numel() == 0:
        return logits.sum() * 0.0
    loss = functional.cross_entropy(chosen, truth, weight=class_weight, label_smoothing=_SMOOTHING)
    return loss + dice * _dice_loss(chosen.softmax(dim=1), truth) if dice else loss


def guided_loss(logits: Tensor, target: Tensor, guide: Tensor) -> Tensor:
    """Give the cross-entropy of what a guide says of voxels without a label, the more the surer it is.

    `logits` and `guide` (probabilities, all 0 where nothing is known) are (n, classes, rows, columns), `target` (n, rows, columns).
    """
    is_told = (guide.sum(dim=1) > _KNOWN) & (target == IGNORED)
    if not bool(is_told.any()):
        return logits.sum() * 0.0
    chosen = guide.movedim(1, -1)[is_told]
    weight = ((chosen.amax(dim=1) * chosen.shape[1] - 1) / (chosen.shape[1] - 1)).clamp(min=0).pow(_SURENESS)
    surprise = -(chosen * logits.movedim(1, -1)[is_told].float().log_softmax(dim=1)).sum(dim=1)
    return (surprise * weight).sum() / weight.sum().clamp(min=_LEAST)


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
