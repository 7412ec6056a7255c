"""Errors of a trained network near the borders of blocks and inside, ours and those of MONAI's sliding windows.

`python -m tests.benchmarks.block_errors [--python PATH] [--append]`; `--python` names another environment's Python that has MONAI,
which then runs the same network on the same image.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.learners.cases import case_of
from tests.benchmarks.learners.lessons import school
from tests.benchmarks.prediction import UNET, classes_of, near_borders, run_monai
from tests.benchmarks.report import print_figures
from voxloop_infer.model import Model
from voxloop_shared.nets.devices import choose_device

_MOSAIC = (640, 1280)
_STEPS = 300
_SHIFT = 41
_RIM = 64
"""Rows and columns at the mosaic's own edges that are not judged: what lies beyond is told to the networks in other ways."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, help="a Python with MONAI")
    parser.add_argument("--append", action="store_true", help="add a line to RESULTS.md")
    print_figures("block_errors", *measure(parser.parse_args().python))


def measure(python: Path | None) -> tuple[dict[str, Any], str]:
    """Train on a nerve, predict a mosaic of it by blocks and by MONAI's windows, and count errors of both near the borders of either."""
    case = case_of("nerve_simulated")
    settings = {"planes": "z", "seed": 0, "steps": _STEPS} | {name: UNET[name] for name in ("in_channels", "width", "depth")}
    with school(case) as lessons:
        learned, _ = lessons.learn("unet", settings, lessons.paint(case.strokes(0)), 3600)
        model = Model(lessons.manifest("unet", learned), learned.weights, replace(choose_device(), uses_bf16=False))
    image, truth = (_mosaic(of[list(case.scored)], _MOSAIC) for of in (case.image, case.truth))
    wrong = {"ours": classes_of(model, image) != truth}
    if python:
        wrong["monai"] = run_monai(python, model, learned.weights, image)[1] + 1 != truth
    near = {"near_blocks": near_borders(_MOSAIC, (256, 512)), "near_windows": near_borders(_MOSAIC, (192, 192))}  # windows overlap by 64
    parts = near | {"inside": ~(near["near_blocks"] | near["near_windows"])}
    inner = (slice(_RIM, -_RIM), slice(_RIM, -_RIM))
    figures = {
        f"{name}_{place}": round(float(of[:, *inner][:, part[inner]].mean()), 5)
        for name, of in wrong.items()
        for place, part in parts.items()
    }
    return figures, "near_blocks: ours <= monai's"


def _mosaic(slices: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Lay slices side by side as they are and mirrored by turns, until they fill rows and columns; their edges are no borders of blocks."""
    short = [(0, 0), *((_SHIFT, max(0, n - m)) for n, m in zip(shape, slices.shape[1:], strict=True))]
    return np.pad(slices, short, mode="symmetric")[:, : shape[0], : shape[1]]


if __name__ == "__main__":
    main()
