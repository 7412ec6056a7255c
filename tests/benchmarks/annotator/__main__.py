"""A simulated annotator plays rounds of predict, be led, correct, train again: does it pay to be led?

    python -m tests.benchmarks.annotator                                                  all functions, 5 seeds, nerve and tissue
    python -m tests.benchmarks.annotator --case nerve_simulated --acquisition entropy random --seeds 0 1 --rounds 3
    python -m tests.benchmarks.annotator --chart chart.svg                                what was played so far, drawn

The person first paints two strokes of each class on one slice. In each round `instant` learns from all strokes (two or three seconds; for
`disagreement` three of them with other seeds, of which the first one predicts), eight slices are predicted, and four places on them
proposed; in each place the person paints a stroke into the largest wrong piece of each class. A place costs 5 s to look at, a stroke 3 s.
Judged is the mean Dice on slices that are never shown. Runs that are in the file already are not played again, so the benchmark can be
stopped and gone on with.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any, get_args

_CASES = ("nerve_simulated", "tissue")


def main() -> None:
    """Play what is not played yet, then sum up."""
    options = _options()
    if not options.summary:
        from voxloop_shared.nets.hardware import let_idle_threads_sleep

        let_idle_threads_sleep()  # before anything loads torch
        _play_all(options)
    from tests.benchmarks.annotator.chart import draw_chart
    from tests.benchmarks.annotator.summary import read_runs, summarise
    from tests.benchmarks.report import print_figures

    runs = read_runs(options.out)
    for line in summarise(runs):
        print_figures(f"annotator --case {line['case']} --acquisition {line['acquisition']}", line)
    if options.chart:
        options.chart.write_text(draw_chart(runs))


def _play_all(options: argparse.Namespace) -> None:
    import torch

    from tests.benchmarks.annotator.rounds import Plan
    from tests.benchmarks.learners.cases import case_of

    torch.set_num_threads(options.threads)
    for seed in options.seeds:
        for name in options.case:
            case = case_of(name)
            for acquisition in options.acquisition:
                _play_one(Plan(case, acquisition, seed, options.rounds), options.out)


def _play_one(plan: Any, out: Path) -> None:
    """Play a run and write it down, whole, unless it is there."""
    from tests.benchmarks.annotator.rounds import play

    about = {"case": plan.case.name, "acquisition": plan.acquisition, "seed": plan.seed, "places": plan.places}
    if any(about.items() <= run.items() and len(run["rounds"]) > plan.rounds for run in _lines(out)):
        return
    run = about | {"rounds": list(play(plan))}
    with out.open("a") as stream:
        stream.write(json.dumps(run) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    last = run["rounds"][-1]
    print(json.dumps(about | last | {"played_s": round(sum(each["seconds"] for each in run["rounds"]), 1)}), flush=True)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _options() -> argparse.Namespace:
    from voxloop_shared.review import Acquisition

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", nargs="+", default=list(_CASES))
    parser.add_argument("--acquisition", nargs="+", default=list(get_args(Acquisition)), choices=get_args(Acquisition))
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(5)))
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("annotator.jsonl"), help="the file of runs, which is gone on with")
    parser.add_argument("--summary", action="store_true", help="play nothing, only sum up")
    parser.add_argument("--append", action="store_true", help="add the summary to RESULTS.md")
    parser.add_argument("--chart", type=Path, help="draw the curves into an SVG file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
