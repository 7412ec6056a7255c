"""How well learners and their peers do on a few strokes, held to two cores.

    python -m tests.benchmarks.learners                                             unet for 60 s, instant and a forest, on the nerve
    python -m tests.benchmarks.learners unet --case nerve_simulated --seeds 0 1 2   mean and spread over three sets of strokes
    python -m tests.benchmarks.learners unet instant forest --case nerve tissue tumour --table
    python -m tests.benchmarks.learners unet --planes z zyx --whole                 one training, predicted twice, all slices
    python -m tests.benchmarks.learners instant unet --equal-time                   as much time in all as the forest takes
    python -m tests.benchmarks.learners unet --image FILE --labels FILE [--strokes FILE]
    python -m tests.benchmarks.learners dlsia monai --python ENVIRONMENT/bin/python

Each run prints one JSON object; `--table` prints a table of mean ± spread in the end, `--append` adds lines to RESULTS.md. Strokes
are simulated on three slices, and judged are slices without any; only those are predicted unless `--whole` is given (`--whole` alone
gives honest seconds per Mvoxel: a slice by itself has much margin). The peers dlsia and monai want an environment of their own:
`python -m venv ENVIRONMENT`, and in it `pip install dlsia qlty` and `pip install monai ./shared[data,nets] ./services/train`.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_CORES = 2
_DEFAULT = ("unet", "instant", "forest")


def main() -> None:
    """Run the benchmark as the command line says."""
    options = _options()
    _hold_to_cores(options.cores)
    from tests.benchmarks.learners.table import markdown_table  # loads torch, which looks at once how many cores it has
    from tests.benchmarks.report import print_figures

    runs = []
    for figures in _runs(options):
        runs.append(figures)
        print_figures(_command(options, figures), figures)
    if options.table:
        print(markdown_table(runs))


def _hold_to_cores(cores: int) -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    from voxloop_shared.nets.hardware import let_idle_threads_sleep

    let_idle_threads_sleep()


def _runs(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    from tests.benchmarks.learners.contestants import Bout, PeerMissing, contestant_of
    from tests.benchmarks.learners.runs import run, run_at_equal_time

    rival = contestant_of("forest", {}, sys.executable)
    for case in _cases(options):
        for seed in options.seeds:
            for name in options.contestants:
                contestant = contestant_of(name, json.loads(options.config), options.python)
                bout = Bout(case, seed, options.budget, options.whole, tuple(options.planes))
                try:
                    yield from run_at_equal_time(contestant, rival, bout) if options.equal_time else run(contestant, bout)
                except PeerMissing as missing:
                    print(json.dumps({"case": case.name, "contestant": name, "skipped": str(missing)}), flush=True)


def _cases(options: argparse.Namespace) -> Iterator[Any]:
    from tests.benchmarks.learners.cases import case_from_files, case_of

    if options.image:
        yield case_from_files(options.image, options.labels, options.strokes)
        return
    for name in options.case:
        try:
            yield case_of(name)
        except FileNotFoundError as missing:
            print(json.dumps({"case": name, "skipped": str(missing)}), flush=True)


def _command(options: argparse.Namespace, figures: dict[str, Any]) -> str:
    where = f"--image {options.image.name} --labels {options.labels.name}" if options.image else f"--case {figures['case']}"
    rest = [f"--budget {options.budget:g}", *(["--whole"] if options.whole else []), *(["--equal-time"] if options.equal_time else [])]
    config = [] if options.config == "{}" else [f"--config '{options.config}'"]
    return " ".join(["learners", figures["contestant"], where, f"--seeds {figures['seed']}", *rest, *config])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("contestants", nargs="*", default=list(_DEFAULT), help="unet, instant, forest, dlsia, monai")
    parser.add_argument("--case", nargs="+", default=["nerve"], help="nerve, nerve_simulated, tissue, tumour, nuclei, beads")
    parser.add_argument("--image", type=Path, help="any image that voxloop opens, instead of a case")
    parser.add_argument("--labels", type=Path, help="its dense labels, each value a class")
    parser.add_argument("--strokes", type=Path, help="strokes to learn from, 0 unlabelled; else they are simulated")
    parser.add_argument("--seeds", "--seed", type=int, nargs="+", default=[0], help="of strokes and learners")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds of training")
    parser.add_argument("--config", default="{}", help="settings of voxloop's learners as JSON")
    parser.add_argument("--planes", nargs="*", default=[], help="plane sets to predict with; else what the model says")
    parser.add_argument("--whole", action="store_true", help="predict all slices, not just the judged ones")
    parser.add_argument("--equal-time", action="store_true", help="as much time in all as the forest takes")
    parser.add_argument("--python", default=sys.executable, help="what runs the peers")
    parser.add_argument("--cores", type=int, default=_CORES)
    parser.add_argument("--table", action="store_true", help="print a table in the end")
    parser.add_argument("--append", action="store_true", help="add lines to RESULTS.md")
    found = parser.parse_args()
    if (found.image is None) != (found.labels is None):
        parser.error("--image and --labels go together")
    return found


if __name__ == "__main__":
    main()
