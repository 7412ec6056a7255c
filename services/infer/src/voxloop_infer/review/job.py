"""A review job: looks through a sample of a prediction's slices and says where a person should look next."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from voxloop_infer.review.candidates import Candidates, survey
from voxloop_infer.review.coreset import Embed
from voxloop_infer.review.orders import ReviewOrder
from voxloop_infer.review.planes import Plane, choose_slices, opener, read_planes
from voxloop_infer.review.proposing import Wish, propose
from voxloop_infer.review.reasons import reason_of
from voxloop_infer.settings import InferSettings
from voxloop_shared.data.blocks import Region
from voxloop_shared.data.masks import slices_of
from voxloop_shared.data.predictions import UNCERTAINTY, layers_of, open_prediction, read_prediction
from voxloop_shared.data.volumes import level_array, open_volume
from voxloop_shared.jobs.worker import JobContext
from voxloop_shared.review import Place
from voxloop_shared.schemas import LabelClass, PredictionInfo, VolumeInfo
from voxloop_shared.workspace import Workspace

_SURVEY_SHARE = 0.5
"""Of the progress, what looking through the slices counts for where the network is asked as well."""


def run_review(context: JobContext, settings: InferSettings) -> dict[str, Any]:
    """Do a job of kind `review`; its result lists the places, best first. Raises VolumeNotFound, PredictionNotFound."""
    start = time.monotonic()
    order = ReviewOrder.model_validate(context.spec)
    review = _Review(context, settings, order)
    places = review.places()
    if order.spec.prediction is not None:  # of one that was removed meanwhile we would have read zeros
        read_prediction(Workspace(settings.workspace), order.spec.volume, order.spec.prediction)
    return {
        "places": [place.model_dump(mode="json") for place in places],
        "acquisition": order.spec.acquisition,
        "prediction": order.spec.prediction,
        "model": None if review.info is None else review.info.model.model_dump(),
        "side": order.side,
        "review_s": round(time.monotonic() - start, 3),
    }


class _Review:
    """One volume, perhaps with a prediction, and what is asked about them."""

    def __init__(self, context: JobContext, settings: InferSettings, order: ReviewOrder) -> None:
        self._context = context
        self._settings = settings
        self._order = order
        workspace, spec = Workspace(settings.workspace), order.spec
        self._volume: VolumeInfo
        self._volume, self._voxels = open_volume(workspace, spec.volume)
        self.info: PredictionInfo | None = None
        self._prediction: zarr.Group | None = None
        if spec.prediction is not None:
            self.info, self._prediction = open_prediction(workspace, spec.volume, spec.prediction)
        self._classes: list[LabelClass] = [] if self.info is None else self.info.classes

    def places(self) -> list[Place]:
        """Look for places and describe them."""
        order, spec = self._order, self._order.spec
        candidates = survey(self._planes(), order.side, [entry.id for entry in self._classes])
        wish = Wish(
            acquisition=spec.acquisition, count=spec.count, side=order.side, voxel_size=self._volume.voxel_size, seed=spec.seed,
            labelled=spec.labelled, seen=spec.seen,
        )  # fmt: skip
        picked = propose(candidates, wish, self._embedder())
        return [self._place(candidates, number, score) for number, score in picked]

    def _planes(self) -> Iterator[Plane]:
        """Read the slices, and say how far that is."""
        order = self._order
        slices = choose_slices(self._volume.shape, order.axes, order.spec.seed)
        planes = read_planes(slices, self._volume.levels, order.side, self._layers(), opener(self._voxels, self._prediction))
        share = 1.0 if order.model is None else _SURVEY_SHARE
        for done, plane in enumerate(planes):
            self._context.report(f"looking through slice {done + 1} of {len(slices)}", round(share * done / len(slices), 4))
            yield plane

    def _layers(self) -> list[str]:
        if self._prediction is None:
            return ["image"]
        return ["classes", "confidence", *([UNCERTAINTY] if UNCERTAINTY in layers_of(self._prediction) else [])]

    def _embedder(self) -> Embed | None:
        """Give the way to ask the network, where the order wants it."""
        model = self._order.model
        return None if model is None else network_embedder(
            model, self._settings, level_array(self._voxels, "0"), self._volume, self._report_embedded
        )  # fmt: skip

    def _report_embedded(self, done: int, squares: int) -> None:
        progress = _SURVEY_SHARE + (1 - _SURVEY_SHARE) * done / squares
        self._context.report(f"comparing place {done + 1} of {squares}", round(progress, 4))

    def _place(self, candidates: Candidates, number: int, score: float) -> Place:
        acquisition, box = self._order.spec.acquisition, candidates.box(number)
        found = None if self._prediction is None else self._layers_at(slices_of(box))
        return Place(
            axis=candidates.axis(number),
            index=candidates.index(number),
            box=box,
            score=round(score, 6),
            acquisition=acquisition,
            reason=reason_of(acquisition, found, self._classes),
        )

    def _layers_at(self, region: Region) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        assert self._prediction is not None
        numbers, confidence = (np.asarray(level_array(self._prediction, f"{name}/0")[region]) for name in ("class", "confidence"))
        return numbers, confidence


def network_embedder(
    model: Any, settings: InferSettings, array: zarr.Array[Any], volume: VolumeInfo, report: Callable[[int, int], None]
) -> Embed:
    """Give the way to ask a model's network what squares of a volume look like to it; loads torch, and the model when first asked."""

    def ask(candidates: Candidates) -> NDArray[np.float32]:
        from voxloop_infer.model import load_model
        from voxloop_infer.reading import Image, reader_of
        from voxloop_infer.review.embedding import embed

        network, image = load_model(model, settings), Image(reader_of(array, volume.id), volume.shape)
        return embed(network, image, candidates, lambda done: report(done, len(candidates)))

    return ask
