"""Does confidence mean what it says, where nobody has painted?

Each learner learns from the strokes of a case. Its confidence is judged against the dense truth of slices without strokes, as the
expected calibration error in 15 bins, for several rules of how far the truth of held-out strokes is trusted: wholly ("plain", Guo et
al. 2017), or (n + 1) / (n + 2), where n counts all strokes, or so many voxels each ("voxels_100"). `best` is what the truth would choose.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.benchmarks.learners.cases import case_of
from tests.benchmarks.report import print_figures
from voxloop_shared.nets.hardware import let_idle_threads_sleep

if TYPE_CHECKING:
    from torch import Tensor

    from tests.benchmarks.learners.lessons import School
    from voxloop_train.learners.learner import Learned

_VOXELS = (1, 10, 100)
_BINS = 15
_ENDLESS = 1e12
_TRIED = (0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0, 1.2, 1.4, 1.7, 2.0, 2.5, 3.0, 4.0)
Told = list[tuple["Tensor", "Tensor"]]


def main() -> None:
    """Measure and print."""
    options = _options()
    let_idle_threads_sleep()  # before anything loads torch
    from tests.benchmarks.learners.lessons import school

    for case in options.case:
        with school(case_of(case)) as place:
            snapshot = place.paint(place.case.strokes(options.seed))
            for learner in options.learners:
                with asked_for_a_temperature() as told:
                    learned, _ = place.learn(learner, {"seed": options.seed}, snapshot, options.budget)
                command = f"calibration {learner} --case {case} --seed {options.seed} --budget {options.budget:g}"
                print_figures(command, measure(place, learner, learned, told))


@contextmanager
def asked_for_a_temperature() -> Iterator[Told]:
    """Leave confidence as it is, and note from what (logits, truth) a temperature was to be found."""
    from voxloop_train import conclusion, instant_fitting

    told: Told = []

    def note(logits: "Tensor", truth: "Tensor", _evidence: float | None = None) -> float:
        told.append((logits, truth))
        return 1.0

    before = [(module, module.fit_temperature) for module in (conclusion, instant_fitting)]
    for module, _ in before:
        module.fit_temperature = note
    try:
        yield told
    finally:
        for module, function in before:
            module.fit_temperature = function


def measure(place: "School", learner: str, learned: "Learned", told: Told) -> dict[str, Any]:
    """Give temperature and calibration error by rule, on the judged slices."""
    ((logits, truth),) = told
    strokes = learned.metrics["strokes"]
    counted = {"plain": _ENDLESS, "strokes": strokes, **{f"voxels_{size}": len(truth) / size for size in _VOXELS}}
    figures: dict[str, Any] = {"strokes": strokes, "held_out_voxels": len(truth), "none_ece": error_at(place, learner, learned, 1.0)}
    for rule, evidence in counted.items():
        temperature = temperature_of(logits, truth, evidence)
        figures |= {f"{rule}_t": round(temperature, 2), f"{rule}_ece": error_at(place, learner, learned, temperature)}
    best = min((error_at(place, learner, learned, temperature), temperature) for temperature in _TRIED)
    return figures | {"best_t": best[1], "best_ece": best[0]}


def temperature_of(logits: "Tensor", truth: "Tensor", evidence: float) -> float:
    """Give the temperature that so many pieces of evidence allow."""
    from voxloop_train.calibration import fit_temperature

    return fit_temperature(logits, truth, evidence)


def error_at(place: "School", learner: str, learned: "Learned", temperature: float) -> float:
    """Give the expected calibration error of a whole prediction, as users see it, of a model with this temperature."""
    from voxloop_infer.model import Model
    from voxloop_infer.reading import Image
    from voxloop_infer.voting import vote
    from voxloop_shared.nets.architectures import build_network
    from voxloop_shared.nets.devices import choose_device
    from voxloop_shared.nets.weights import copy_state, put_weights
    from voxloop_train.calibration import fold_temperatures

    network = build_network(learned.architecture)
    put_weights(network, learned.weights)
    fold_temperatures(network, [temperature])
    model = Model(place.manifest(learner, replace(learned, weights=copy_state(network))), copy_state(network), choose_device())
    image, case = place.case.image, place.case
    whole = tuple(slice(0, n) for n in image.shape[1:])
    found = [vote([model], Image(image.__getitem__, image.shape), (slice(z, z + 1), *whole), learned.planes) for z in case.scored]
    number, confidence = (np.concatenate([getattr(answer, name) for answer in found]) for name in ("numbers", "confidence"))
    return round(_expected_error(number, confidence / 255, case.truth[list(case.scored)]), 4)


def _expected_error(number: np.ndarray, confidence: np.ndarray, truth: np.ndarray) -> float:
    known = truth > 0
    sure, is_right = confidence[known], (number == truth)[known]
    place = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    return float(np.abs(np.bincount(place, sure - is_right, _BINS)).sum() / known.sum())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("learners", nargs="*", default=["unet", "instant"])
    parser.add_argument("--case", nargs="+", default=["nerve", "tissue", "tumour"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--budget", type=float, default=40.0)
    parser.add_argument("--append", action="store_true", help="add lines to RESULTS.md")
    return parser.parse_args(sys.argv[1:])


if __name__ == "__main__":
    main()
