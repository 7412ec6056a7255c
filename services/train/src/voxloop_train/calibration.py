"""Confidence that means what it says: a temperature per network, found on held-out strokes (Guo et al. 2017, arXiv 1706.04599).

It is folded into the last layer, so that whatever runs the network knows nothing of it. No answer changes, only how sure it is.
"""

import math

import torch
from scipy.optimize import minimize_scalar
from torch import Tensor, nn

from voxloop_shared.nets.architectures import heads_of

_BOUNDS = (0.2, 8.0)
_BINS = 15


def fit_temperature(logits: Tensor, truth: Tensor, evidence: float | None = None) -> float:
    """Give what logits (voxels, classes) must be divided by for the least cross-entropy; 1 where there are no voxels.

    From few voxels no certainty follows, even if all answers are right: the truth counts (n + 1) / (n + 2), as in Platt's scaling
    (Platt 1999), where n is `evidence`, by default the number of voxels. To count strokes instead, for the voxels of one are no
    independent evidence, makes predictions of whole slices far too unsure (tests/benchmarks/calibration.py).
    """
    if not len(truth):
        return 1.0
    evidence = len(truth) if evidence is None else evidence
    trust = (evidence + 1) / (evidence + 2)
    right = logits.double().gather(1, truth.unsqueeze(1)).squeeze(1)
    others = (logits.double().sum(dim=1) - right) / max(1, logits.shape[1] - 1)
    wanted = (trust * right + (1 - trust) * others).mean()

    def cost(log_temperature: float) -> float:
        temperature = math.exp(log_temperature)
        return float((logits.double() / temperature).logsumexp(dim=1).mean() - wanted / temperature)

    low, high = _BOUNDS
    found = minimize_scalar(cost, bounds=(math.log(low), math.log(high)), method="bounded")
    return math.exp(float(found.x))


def calibration_error(logits: Tensor, truth: Tensor) -> float:
    """Give the expected calibration error: how far confidence and the share of right answers lie apart, in 15 bins of confidence."""
    if not len(truth):
        return math.nan
    confidence, guess = logits.softmax(dim=1).max(dim=1)
    place = (confidence * _BINS).long().clamp(max=_BINS - 1)
    gap = (confidence - (guess == truth).float()).double()
    sums = torch.zeros(_BINS, dtype=torch.double).index_add_(0, place, gap)
    return float(sums.abs().sum() / len(truth))


@torch.no_grad()
def fold_temperatures(network: nn.Module, temperatures: list[float]) -> None:
    """Divide a network's logits, or those of each member, by a temperature of its own."""
    for head, temperature in zip(heads_of(network), temperatures, strict=True):
        head.weight.div_(temperature)
        if head.bias is not None:
            head.bias.div_(temperature)
