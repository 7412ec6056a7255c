"""Loss over labelled voxels only: an unlabelled voxel has no effect on it, nor on its gradient."""

import torch
from torch import Tensor

IGNORED = 255
"""Target of voxels that are unlabelled, uncertain, held out, or outside the volume."""

_SMOOTHING = 0.05
_KNOWN = 0.5
_LEAST = 1e-4


def masked_loss(logits: Tensor, target: Tensor, class_weight: Tensor | None = None, dice: float = 0.0) -> Tensor:
    """Add cross-entropy, weighted by class if asked for, and `dice` times the soft Dice loss, over the labelled voxels.

    `logits` is (n, classes, rows, columns), `target` (n, rows, columns) with channel numbers or IGNORED. Masked by products, not by
    picking voxels: to know how many there are a GPU would have to stop at each step.
    """
    surety = logits.float().log_softmax(dim=1)
    labelled = (target != IGNORED).unsqueeze(1)
    truth = torch.where(labelled, target.unsqueeze(1), 0).long()
    loss = _cross_entropy(surety, truth, labelled, class_weight)
    return loss + dice * _dice_loss(surety.exp(), truth, labelled) if dice else loss


def guided_loss(logits: Tensor, target: Tensor, guide: Tensor) -> Tensor:
    """Give the cross-entropy of what a guide says of voxels without a label, as far as it is surer than a guess.

    `logits` and `guide` (probabilities, all 0 where nothing is known) are (n, classes, rows, columns), `target` (n, rows, columns).
    """
    classes = guide.shape[1]
    is_told = (guide.sum(dim=1) > _KNOWN) & (target == IGNORED)
    weight = is_told * ((guide.amax(dim=1) * classes - 1) / (classes - 1)).clamp(min=0)
    surprise = -(guide * logits.float().log_softmax(dim=1)).sum(dim=1)
    return (surprise * weight).sum() / weight.sum().clamp(min=_LEAST)


def _cross_entropy(surety: Tensor, truth: Tensor, labelled: Tensor, class_weight: Tensor | None) -> Tensor:
    """Give that of log-probabilities (n, classes, …), channels (n, 1, …), smoothed labels (Szegedy et al. 2015, arXiv 1512.00567)."""
    classes = surety.shape[1]
    weight = torch.ones(classes, device=surety.device) if class_weight is None else class_weight
    weight_of_voxel = weight[truth] * labelled
    right = (surety.gather(1, truth) * weight_of_voxel).sum()
    all_alike = (surety * weight.view(1, classes, 1, 1) * labelled).sum() / classes
    return -((1 - _SMOOTHING) * right + _SMOOTHING * all_alike) / weight_of_voxel.sum().clamp(min=_LEAST)


def _dice_loss(probability: Tensor, truth: Tensor, labelled: Tensor) -> Tensor:
    """Give 1 - mean soft Dice over the classes present (Milletari et al. 2016, arXiv 1606.04797)."""
    probability = probability * labelled
    one_hot = torch.zeros_like(probability).scatter_(1, truth, 1.0) * labelled
    overlap, found, there = ((values).sum(dim=(0, 2, 3)) for values in (probability * one_hot, probability, one_hot))
    present = there > 0
    scores = torch.where(present, 2 * overlap / (found + there).clamp(min=_LEAST), 0.0)
    return (1 - scores.sum() / present.sum().clamp(min=1)) * present.any()


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
