"""The second round: after strokes on three more slices, how soon is a warm start as good as the first round was?

The first round learns for 60 s from the strokes of three slices. Then strokes on three more slices are added, and the learner starts
again, once from the first round's model and once from nothing, with 5, 10, 15 and 30 s. Judged on slices without any strokes. The
warm start is to reach the first round's Dice within 15 s.
"""

import argparse
from typing import TYPE_CHECKING, Any

from tests.benchmarks.learners.cases import Case, case_of
from tests.benchmarks.learners.score import dice_of, mean_dice
from tests.benchmarks.learners.strokes import simulate_strokes
from tests.benchmarks.report import print_figures
from voxloop_shared.nets.hardware import let_idle_threads_sleep

if TYPE_CHECKING:
    from tests.benchmarks.learners.lessons import School
    from voxloop_train.learners.learner import Learned


def main() -> dict[str, Any]:
    """Measure and print."""
    options = _options()
    let_idle_threads_sleep()  # before anything loads torch
    from tests.benchmarks.learners.lessons import school

    case = case_of(options.case)
    with school(case) as place:
        figures = measure(place, options.seed, options.first, options.budgets)
    name = f"second_round --case {options.case} --seed {options.seed} --first {options.first:g}"
    return print_figures(name, figures, goal="warm_15s_dice >= first_dice")


def measure(place: "School", seed: int, first_s: float, budgets: list[float], settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """Give Dice of the first round, and of warm and fresh starts by the seconds they had."""
    settings = (settings or {}) | {"seed": seed}
    case = place.case
    snapshot = place.paint(case.strokes(seed))
    first, train_s = place.learn("unet", settings, snapshot, first_s)
    figures = {"first_s": round(train_s, 1), "first_dice": _judge(place, first)}
    snapshot = place.paint(simulate_strokes(case.truth, more_slices(case), seed + 1))
    for budget_s in budgets:
        for name, parent in (("warm", first), ("fresh", None)):
            learned, _ = place.learn("unet", settings, snapshot, budget_s, parent)
            figures[f"{name}_{budget_s:g}s_dice"] = _judge(place, learned)
    return figures


def more_slices(case: Case) -> tuple[int, ...]:
    """Choose three slices that are neither painted nor judged, as far from both as can be."""
    taken, chosen = {*case.painted, *case.scored}, []
    for _ in range(3):
        free = [z for z in range(len(case.image)) if z not in taken and len(set(case.truth[z].ravel().tolist())) >= case.classes]
        if free:
            chosen.append(max(free, key=lambda z: min(abs(z - other) for other in taken)))
            taken.add(chosen[-1])
    return tuple(chosen)


def _judge(place: "School", learned: "Learned") -> float:
    found, _ = place.predict("unet", learned, learned.planes, [slice(z, z + 1) for z in place.case.scored])
    return round(mean_dice(dice_of(place.case.truth[list(place.case.scored)], found)), 4)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", default="nerve")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=float, default=60.0, help="seconds of the first round")
    parser.add_argument("--budgets", type=float, nargs="+", default=[5.0, 10.0, 15.0, 30.0], help="seconds of the second")
    parser.add_argument("--append", action="store_true", help="add a line to RESULTS.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
