"""What each ingredient of a learner is worth: settings varied one by one, everything else alike.

    python -m tests.benchmarks.ablation --case nerve tumour --seeds 0 1 2 --steps 400
        --vary no-context '{"in_channels": 1}' --vary z-only '{"planes": "z"}'

Each variation is trained on each case with each seed for the same number of steps, not seconds: what else runs on the machine does not
count. Prints one JSON object per run and a markdown table; the first row is the learner as it is (`as is`), and the last column
says by how much a variation differs from it on the same case and seed (paired).
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from tests.benchmarks.learners.cases import case_of
from tests.benchmarks.learners.table import spread
from tests.benchmarks.report import print_figures
from voxloop_shared.nets.hardware import let_idle_threads_sleep

AS_IS = "as is"
_LONGEST_S = 3600.0
Run = dict[str, Any]


def main() -> None:
    """Run the variations and print the table."""
    options = _options()
    let_idle_threads_sleep()  # before anything loads torch
    runs = []
    for one in _runs(options):
        print_figures("ablation", {key: one[key] for key in ("variation", "case", "seed", "mean_dice", "dice", "train_s")})
        runs.append(one)
    print(table_of(runs))


def _runs(options: argparse.Namespace) -> Iterator[Run]:
    from tests.benchmarks.learners.contestants import Bout, OurLearner
    from tests.benchmarks.learners.runs import run

    shared = json.loads(options.config) | ({"steps": options.steps} if options.steps else {})
    variations = {AS_IS: {}} | {name: json.loads(config) for name, config in options.vary}
    for case, seed, (name, config) in product(map(case_of, options.case), options.seeds, variations.items()):
        bout = Bout(case, seed, options.budget or _LONGEST_S)
        for figures in run(OurLearner(options.learner, shared | config), bout):
            yield figures | {"variation": name}


def table_of(runs: Sequence[Run]) -> str:
    """Give a row per variation: Dice on each case (mean ± spread over seeds), and the mean difference from the learner as it is."""
    cases = list(dict.fromkeys(one["case"] for one in runs))
    lines = [f"| variation | {' | '.join(cases)} | difference |", f"| {' | '.join(['---'] * (len(cases) + 2))} |"]
    for name in dict.fromkeys(one["variation"] for one in runs):
        cells = [spread([one["mean_dice"] for one in runs if (one["variation"], one["case"]) == (name, case)]) for case in cases]
        lines.append(f"| {name} | {' | '.join(cells)} | {_difference(runs, name)} |")
    return "\n".join(lines)


def _difference(runs: Sequence[Run], name: str) -> str:
    """Compare run by run, and give the standard error of the mean difference."""
    reference = {(one["case"], one["seed"]): one["mean_dice"] for one in runs if one["variation"] == AS_IS}
    gains = [one["mean_dice"] - reference[one["case"], one["seed"]] for one in runs if one["variation"] == name]
    error = f" ± {np.std(gains, ddof=1) / np.sqrt(len(gains)):.3f}" if len(gains) > 1 else ""
    return f"{np.mean(gains):+.3f}{error}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", nargs="+", default=["nerve"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--learner", default="unet")
    parser.add_argument("--config", default="{}", help="settings that all variations have, as JSON")
    parser.add_argument(
        "--vary", nargs=2, action="append", default=[], metavar=("NAME", "CONFIG"), help="a variation: its settings as JSON"
    )
    parser.add_argument("--steps", type=int, default=400, help="of each training; 0 for learners that know none")
    parser.add_argument("--budget", type=float, help="seconds, where they are to end it after all")
    parser.add_argument("--append", action="store_true", help="add lines to RESULTS.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
