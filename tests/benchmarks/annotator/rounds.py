"""Rounds: learn, see what is proposed, correct it, learn again; after each the score on slices that nobody has seen."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.annotator.corrections import Canvas, correct, paint_first
from tests.benchmarks.learners.cases import Case
from tests.benchmarks.learners.lessons import School, school
from tests.benchmarks.learners.score import dice_of, mean_dice
from voxloop_infer.model import Model
from voxloop_infer.reading import Image
from voxloop_infer.review.candidates import Candidates, survey
from voxloop_infer.review.embedding import embed
from voxloop_infer.review.orders import default_side
from voxloop_infer.review.planes import Plane
from voxloop_infer.review.proposing import Wish, propose
from voxloop_infer.voting import vote
from voxloop_shared.nets.devices import choose_device
from voxloop_shared.review import Acquisition
from voxloop_shared.schemas import Box
from voxloop_train.learners.learner import Learned

_LEARNER = "instant"
_KEPT_OFF = 3
"""Slices so near to a judged one are not proposed."""
_PLANES = 8
"""Slices that are predicted in a round, to be chosen from."""
_COMMITTEE = 3
"""Models of the same strokes with other seeds whose disagreement leads, as in query by committee (Seung et al. 1992)."""


@dataclass(frozen=True)
class Plan:
    """Who is led by what: `places` in each of some rounds, after first strokes on `painted` slices."""

    case: Case
    acquisition: Acquisition
    seed: int
    rounds: int = 6
    places: int = 4
    painted: int = 1
    per_class: int = 2


def play(plan: Plan) -> Iterator[dict[str, Any]]:
    """Play the rounds and give what came of each; the first is that of the first strokes."""
    case, rng = plan.case, np.random.default_rng(plan.seed)
    canvas, seen = Canvas(np.zeros(case.truth.shape, np.uint8)), list[Box]()
    paint_first(canvas, case.truth, case.painted[: plan.painted], rng, plan.per_class)
    with school(case) as place:
        for number in range(plan.rounds + 1):
            start = time.perf_counter()
            person = _Round(place, canvas, plan)
            figures = {"round": number, "mean_dice": person.score(), "voxels": canvas.voxels, "minutes": round(canvas.seconds / 60, 3)}
            if number < plan.rounds:
                person.review(number, seen, rng)
            yield figures | {"seconds": round(time.perf_counter() - start, 2)}


class _Round:
    """What is learned from the strokes on a canvas, and what a person does about it."""

    def __init__(self, place: School, canvas: Canvas, plan: Plan) -> None:
        self._case, self._canvas, self._plan = plan.case, canvas, plan
        self._volume = place.volume
        self._image = Image(plan.case.image.__getitem__, place.volume.shape, flat=0)
        snapshot = place.paint(canvas.strokes)
        seeds = range(plan.seed, plan.seed + 100 * (_COMMITTEE if plan.acquisition == "disagreement" else 1), 100)
        self._model, *self._others = [self._learn(place, snapshot, seed) for seed in seeds]

    @staticmethod
    def _learn(place: School, snapshot: str, seed: int) -> Model:
        learned: Learned
        learned, _ = place.learn(_LEARNER, {"seed": seed}, snapshot, 60)
        return Model(place.manifest(_LEARNER, learned), learned.weights, choose_device())

    def score(self) -> float:
        """Give the mean Dice on the judged slices."""
        scored = list(self._case.scored)
        found = np.concatenate([self._predict(z)[0][None] for z in scored])
        return round(mean_dice(dice_of(self._case.truth[scored], found)), 4)

    def review(self, number: int, seen: list[Box], rng: np.random.Generator) -> None:
        """Have places proposed on slices of this round, and correct what is wrong there."""
        plan = self._plan
        predicted = {z: self._predict(z) for z in self._slices(number)}
        side = default_side(self._volume, ["z"])
        planes = (Plane("z", z, found[0].shape, (1, 1), *found, self._disagreement(z)) for z, found in predicted.items())
        candidates = survey(planes, side, range(1, self._case.classes + 1))
        wish = Wish(
            plan.acquisition, plan.places, side, self._volume.voxel_size, plan.seed * 100 + number, tuple(self._canvas.boxes), tuple(seen)
        )
        for chosen, _ in propose(candidates, wish, self._embed):
            box = candidates.box(chosen)
            (z, _), rows, columns = box
            correct(self._canvas, self._case.truth, predicted[z][0][slice(*rows), slice(*columns)], box, rng)
            seen.append(box)

    def _embed(self, candidates: Candidates) -> NDArray[np.float32]:
        return embed(self._model, self._image, candidates)

    def _slices(self, number: int) -> list[int]:
        """Choose the slices of a round, the same whatever leads: spread over those that are not judged."""
        free = [z for z in range(len(self._case.image)) if all(abs(z - other) > _KEPT_OFF for other in self._case.scored)]
        return [int(part[np.random.default_rng((self._plan.seed, number)).integers(len(part))]) for part in np.array_split(free, _PLANES)]

    def _predict(self, z: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Give class and confidence (rows, columns) of a slice."""
        answer = vote([self._model], self._image, self._region(z), "z")
        return answer.numbers[0], answer.confidence[0]

    def _disagreement(self, z: int) -> NDArray[np.uint8] | None:
        """Give how far the committee's members contradict each other on a slice (rows, columns); None where there is no committee."""
        if not self._others:
            return None
        uncertainty = vote([self._model, *self._others], self._image, self._region(z), "z").uncertainty
        return None if uncertainty is None else uncertainty[0]

    def _region(self, z: int) -> tuple[slice, slice, slice]:
        _, rows, columns = self._case.image.shape
        return slice(z, z + 1), slice(0, rows), slice(0, columns)
