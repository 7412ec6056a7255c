"""Coreset: the places that look least like all that was seen, to the network itself."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from voxloop_infer.review.acquisition import Field, Picks
from voxloop_infer.review.candidates import Candidates, Numbers

Embed = Callable[[Candidates], NDArray[np.float32]]
"""Gives the network's features (n, channels) of squares."""

_POOL = 96
_KNOWN = 24
_LABELLED = 0.75
"""Below this freshness (see spacing.py) a square has been painted on: it counts as seen."""


def coreset(field: Field, embed: Embed) -> Picks:
    """Choose by k-center greedy: each time the candidate farthest from all that were chosen or seen (Sener and Savarese 2018,
    arXiv 1708.00489), in features that are scaled to unit variance, among at most 96 candidates drawn evenly."""
    pool, known = _draw(field)
    features = embed(field.candidates.take(np.concatenate([pool, known])))
    features = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-6)
    fresh, seen = features[: len(pool)], features[len(pool) :]
    nearest = _distances(fresh, seen).min(axis=1) if len(seen) else _distances(fresh, fresh.mean(axis=0, keepdims=True))[:, 0]
    if not len(seen):
        nearest = nearest.max() - nearest  # nothing is known yet: the most usual place goes first
    while True:
        free = field.spacing.free[pool]
        if not free.any():
            return
        best = int(np.argmax(np.where(free, nearest, -np.inf)))
        field.spacing.take(int(pool[best]))
        yield int(pool[best]), float(nearest[best])
        to_best = _distances(fresh, fresh[best : best + 1])[:, 0]
        nearest = np.minimum(nearest, to_best) if len(seen) else to_best
        seen = fresh[best : best + 1]


def _draw(field: Field) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw what may be chosen, and some of what has been seen."""
    is_known = (field.fresh < _LABELLED) | ~field.spacing.free
    pool, known = (
        np.sort(field.rng.permutation(np.flatnonzero(mask))[:most]) for mask, most in ((field.spacing.free, _POOL), (is_known, _KNOWN))
    )
    return pool, known


def _distances(one: NDArray[np.float32], other: NDArray[np.float32]) -> Numbers:
    return np.asarray(np.sqrt(((one[:, None].astype(np.float64) - other[None]) ** 2).mean(axis=2)))
