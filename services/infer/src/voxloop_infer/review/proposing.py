"""Proposing: from a prediction to the places that are worth a look, best first."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from voxloop_infer.review.acquisition import FUNCTIONS, Field, Picks
from voxloop_infer.review.candidates import Candidates
from voxloop_infer.review.coreset import Embed, coreset
from voxloop_infer.review.spacing import Spacing, freshness
from voxloop_shared.review import Acquisition
from voxloop_shared.schemas import Box


@dataclass(frozen=True)
class Wish:
    """What is wanted: `count` places of `side` voxels by a function; places near `seen` ones are out, painted ones count less."""

    acquisition: Acquisition
    count: int
    side: int
    voxel_size: tuple[float, float, float]
    seed: int = 0
    labelled: Sequence[Box] = ()
    seen: Sequence[Box] = ()


def propose(candidates: Candidates, wish: Wish, embed: Embed | None = None) -> list[tuple[int, float]]:
    """Give numbers of candidates and their scores, best first; fewer than wanted where there is no room for more.

    `coreset` asks `embed` for the network's features.
    """
    field = Field(
        candidates,
        Spacing(candidates, wish.side, wish.voxel_size, wish.seen),
        freshness(candidates, wish.side, wish.labelled),
        np.random.default_rng(wish.seed),
        len(wish.seen) / wish.count,
    )
    return list(islice(_picks(field, wish.acquisition, embed), wish.count))


def _picks(field: Field, acquisition: Acquisition, embed: Embed | None) -> Picks:
    if acquisition != "coreset":
        return FUNCTIONS[acquisition](field)
    assert embed is not None
    return coreset(field, embed)
