"""A table of runs: a row per contestant and case, mean and spread over the seeds of the strokes."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import numpy as np

Run = dict[str, Any]
_COLUMNS = {"mean_dice": "mean Dice", "train_s": "train s", "predict_s_per_mvoxel": "predict s/Mvoxel"}


def markdown_table(runs: Sequence[Run], rows: Sequence[str] = ("case", "contestant")) -> str:
    """Give the table as markdown; runs that agree in `rows` make one row."""

    def key(run: Run) -> tuple[str, ...]:
        return tuple(str(run[name]) for name in rows)

    lines = [_line([*rows, "runs", *_COLUMNS.values()]), _line(["---"] * (len(rows) + 1 + len(_COLUMNS)))]
    for names, group in groupby(sorted(runs, key=key), key):
        found = list(group)
        lines.append(_line([*names, str(len(found)), *(spread([run[name] for run in found], name) for name in _COLUMNS)]))
    return "\n".join(lines)


def spread(values: Sequence[float], name: str = "mean_dice") -> str:
    """Give mean ± standard deviation (of a sample); of one value just that."""
    digits = 3 if "dice" in name else 2
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{np.mean(values):.{digits}f} ± {np.std(values, ddof=1):.{digits}f}"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
