"""What the runs say: per case and acquisition the last Dice, the mean along the way, and both against random by the same seeds."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Run = dict[str, Any]
CONTROL = "random"


def read_runs(path: Path) -> list[Run]:
    """Read the runs that were written down whole."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def summarise(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Give a line per case and acquisition, and one per acquisition over all cases, the best first.

    `along` is the mean of Dice over the simulated minutes, from the first strokes to the shortest run's end; `against_random` the mean
    of its differences to random, seed by seed, with the standard error.
    """
    end = {case: min(run["rounds"][-1]["minutes"] for run in runs if run["case"] == case) for case in _names(runs, "case")}
    lines = [_line(case, name, runs, end) for case in end for name in _names(runs, "acquisition")]
    every = [_line("all", name, runs, end) for name in _names(runs, "acquisition")]
    return [line for line in lines if line["runs"]] + sorted(every, key=lambda line: -line["against_random"][0])


def curve(run: Run, key: str, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give a run's Dice at amounts of `key` (minutes or voxels), between the rounds by straight lines."""
    return np.interp(at, [each[key] for each in run["rounds"]], [each["mean_dice"] for each in run["rounds"]])


def _line(case: str, name: str, runs: Sequence[Run], end: dict[str, float]) -> dict[str, Any]:
    own = [run for run in runs if run["acquisition"] == name and case in ("all", run["case"])]
    control = {(run["case"], run["seed"]): run for run in runs if run["acquisition"] == CONTROL}
    pairs = [(run, control[run["case"], run["seed"]]) for run in own if (run["case"], run["seed"]) in control]
    return {
        "case": case,
        "acquisition": name,
        "runs": len(own),
        "last_dice": _spread([run["rounds"][-1]["mean_dice"] for run in own]),
        "along": _spread([_along(run, end) for run in own]),
        "against_random": _error([_along(run, end) - _along(other, end) for run, other in pairs]),
        "voxels": round(float(np.mean([run["rounds"][-1]["voxels"] for run in own]))) if own else 0,
    }


def _along(run: Run, end: dict[str, float]) -> float:
    minutes = np.linspace(run["rounds"][0]["minutes"], end[run["case"]], 100)
    return float(curve(run, "minutes", minutes).mean())


def _spread(values: Sequence[float]) -> list[float]:
    """Give mean and standard deviation."""
    return [round(float(np.mean(values)), 4), round(float(np.std(values, ddof=1)), 4) if len(values) > 1 else 0.0] if values else []


def _error(values: Sequence[float]) -> list[float]:
    """Give mean and standard error."""
    if not values:
        return [0.0, 0.0]
    return [round(float(np.mean(values)), 4), round(float(np.std(values, ddof=1) / len(values) ** 0.5), 4) if len(values) > 1 else 0.0]


def _names(runs: Sequence[Run], key: str) -> list[str]:
    return list(dict.fromkeys(run[key] for run in runs))
