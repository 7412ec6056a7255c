"""Acquisition functions: which candidates, in which order. Each gives numbers of candidates with their scores, best first.

All are deterministic for a seed, and keep the distance that `spacing` asks for.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle

import numpy as np

from voxloop_infer.review.candidates import Candidates, Numbers
from voxloop_infer.review.spacing import Spacing
from voxloop_shared.review import Acquisition

Picks = Iterator[tuple[int, float]]
_TINY = 1e-9
_FOREGROUND_SHARE = 2 / 3
_LEAST_SHARE = 0.01
"""A class that fills less of a square is not what one goes there for."""
_SHARPEST = 100.0


@dataclass(frozen=True)
class Field:
    """What is chosen from; `fresh` (n) says what each candidate counts, `rounds` how often places were proposed and looked at before."""

    candidates: Candidates
    spacing: Spacing
    fresh: Numbers
    rng: np.random.Generator
    rounds: float = 0.0


def entropy(field: Field) -> Picks:
    """Choose where the mean predictive entropy is highest (uncertainty sampling: Lewis and Gale 1994; Settles 2009, section 3.1)."""
    return _best_first(field, field.candidates.entropy * field.fresh)


def disagreement(field: Field) -> Picks:
    """Choose where the voices contradict each other most: mutual information (BALD: Houlsby et al. 2011, arXiv 1112.5745)."""
    return _best_first(field, field.candidates.uncertainty * field.fresh)


def balanced(field: Field) -> Picks:
    """Choose what has most of the classes that are rare or unsure.

    A class weighs as the inverse root of its share of the volume (the milder of the usual weights against imbalance: Cui et al.
    2019, arXiv 1901.05555), times how unsure the model is of it on average.
    """
    share, unsure = field.candidates.class_share, field.candidates.class_entropy
    volume_share = share.mean(axis=0)
    doubt = unsure.sum(axis=0) / np.maximum(share.sum(axis=0), _TINY)
    weight = np.where(volume_share > 0, doubt / np.sqrt(np.maximum(volume_share, _TINY)), 0)
    return _best_first(field, (share @ weight) * field.fresh)


def combined(field: Field) -> Picks:
    """Choose by entropy, of each class in turn, with noise that ebbs away from round to round.

    Class-stratified, scheduled power entropy (Lüth et al. 2026, arXiv 2601.13677; the noise: Kirsch et al. 2023, arXiv 2106.12059):
    the log of the score plus Gumbel noise over a sharpness that grows tenfold every two rounds. Strata are all classes together and
    then each that is predicted anywhere, the least sure first.
    """
    unsure, share = field.candidates.class_entropy, field.candidates.class_share
    doubt = unsure.sum(axis=0) / np.maximum(share.sum(axis=0), _TINY)
    present = [k for k in np.argsort(-doubt, kind="stable") if share[:, k].any()]
    strata = [field.candidates.entropy, *(np.where(share[:, k] >= _LEAST_SHARE, unsure[:, k], 0) for k in present)]
    sharpness = min(_SHARPEST, 10 ** (field.rounds / 2))
    for scores in cycle(strata):
        score = scores * field.fresh
        if not field.spacing.free.any():
            return
        noisy = np.log(score + _TINY) + field.rng.gumbel(size=len(score)) / sharpness
        number = _take(field, noisy)
        yield number, float(score[number])


def random(field: Field) -> Picks:
    """Choose at random, but two of three places so that a class other than the commonest is there, each class alike.

    Foreground-aware random, the control that few methods beat in 3D (nnActive, Lüth et al. 2025, arXiv 2511.19183). Without a
    prediction the foreground is the half of the squares with more contrast.
    """
    groups = _foreground(field.candidates)
    while field.spacing.free.any():
        wanted = field.fresh * field.spacing.free
        if groups and field.rng.random() < _FOREGROUND_SHARE:
            inside = wanted * groups[field.rng.integers(len(groups))]
            wanted = inside if inside.any() else wanted
        number = int(field.rng.choice(len(wanted), p=wanted / wanted.sum()))
        field.spacing.take(number)
        yield number, float(wanted[number])


FUNCTIONS: dict[Acquisition, Callable[[Field], Picks]] = {
    "combined": combined,
    "entropy": entropy,
    "disagreement": disagreement,
    "balanced": balanced,
    "random": random,
}
"""By name; `coreset` needs the network, see coreset.py."""


def _best_first(field: Field, score: Numbers) -> Picks:
    while field.spacing.free.any():
        number = _take(field, score)
        yield number, float(score[number])


def _take(field: Field, score: Numbers) -> int:
    number = int(np.argmax(np.where(field.spacing.free, score, -np.inf)))
    field.spacing.take(number)
    return number


def _foreground(candidates: Candidates) -> list[Numbers]:
    """Give masks (n) of the candidates that hold one of the classes that are not the commonest."""
    volume_share = candidates.class_share.mean(axis=0)
    if not volume_share.any():
        return [(candidates.contrast >= np.median(candidates.contrast)).astype(float)]
    held = candidates.class_share >= _LEAST_SHARE
    return [held[:, k].astype(float) for k in range(len(volume_share)) if k != volume_share.argmax() and held[:, k].any()]
