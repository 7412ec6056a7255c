"""Runs: a contestant at a case with a seed, judged."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.benchmarks.learners.contestants import Bout, Contestant, Outcome
from tests.benchmarks.learners.score import dice_of, mean_dice

_SHORTEST_S = 1.0


def run(contestant: Contestant, bout: Bout) -> Iterator[dict[str, Any]]:
    """Have a contestant compete and give its figures, one dictionary per plane set."""
    for outcome in contestant.compete(bout):
        yield figures_of(contestant.name, bout, outcome)


def run_at_equal_time(contestant: Contestant, rival: Contestant, bout: Bout) -> Iterator[dict[str, Any]]:
    """Give the rival's figures, then the contestant's when training and prediction of the whole volume take no longer than the rival's.

    What the contestant's prediction takes is found out by a short training first. One that keeps to no budget may take longer all the
    same: `rival_total_s` beside its `total_s` tells.
    """
    whole = Bout(bout.case, bout.seed, bout.budget_s, whole=True, planes=bout.planes[:1], strokes=bout.strokes)
    best = next(rival.compete(whole))
    yield figures_of(rival.name, whole, best)
    trial = next(contestant.compete(_with_budget(whole, _SHORTEST_S)))
    left = best.train_s + best.predict_s - trial.predict_s
    outcome = next(contestant.compete(_with_budget(whole, left))) if left > _SHORTEST_S else trial
    figures = figures_of(contestant.name, _with_budget(whole, max(left, _SHORTEST_S)), outcome)
    yield figures | {"rival": rival.name, "rival_total_s": round(best.train_s + best.predict_s, 2)}


def figures_of(name: str, bout: Bout, outcome: Outcome) -> dict[str, Any]:
    """Judge an outcome."""
    case = bout.case
    dice = dice_of(case.truth[list(case.scored)], outcome.found)
    names = case.names or tuple(str(n) for n in range(1, len(dice) + 1))
    return {
        "case": case.name,
        "contestant": name,
        "seed": bout.seed,
        "mean_dice": round(mean_dice(dice), 4),
        "dice": {key: round(value, 4) for key, value in zip(names, np.asarray(dice).tolist(), strict=False)},
        "budget_s": round(bout.budget_s, 2),
        "train_s": round(outcome.train_s, 2),
        "predict_s": round(outcome.predict_s, 2),
        "predict_s_per_mvoxel": round(outcome.predict_s / (outcome.voxels / 1e6), 3),
        "total_s": round(outcome.train_s + outcome.predict_s, 2),
        **{key: value for key, value in outcome.told.items() if value is not None},
    }


def _with_budget(bout: Bout, budget_s: float) -> Bout:
    return Bout(bout.case, bout.seed, budget_s, bout.whole, bout.planes, bout.strokes)
