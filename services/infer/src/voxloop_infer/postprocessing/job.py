"""A post-processing job: a new prediction from another, block by block, which appears when it is whole."""

import json
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from voxloop_infer.postprocessing.masking import process_volume
from voxloop_infer.postprocessing.orders import PostprocessOrder
from voxloop_infer.postprocessing.plan import plan_chain
from voxloop_infer.settings import InferSettings
from voxloop_shared.chain import Chain
from voxloop_shared.data.blocks import Region
from voxloop_shared.data.derivations import SCRATCH, class_array, finish_derivation, new_derivation
from voxloop_shared.data.predictions import open_prediction, read_prediction
from voxloop_shared.data.volumes import level_array, open_volume
from voxloop_shared.files import write_json
from voxloop_shared.jobs.worker import JobContext
from voxloop_shared.schemas import PredictionInfo
from voxloop_shared.workspace import Workspace

Work = Callable[[JobContext, InferSettings], dict[str, Any]]

_PYRAMID_SHARE = 0.05
"""Of the progress, what building the pyramid counts for."""
_PREDICTED = 0.8
"""Of the progress, what a prediction counts for that is post-processed at once."""


def run_postprocessing(context: JobContext, settings: InferSettings) -> dict[str, Any]:
    """Do a job of kind `postprocess`; the new prediction is named as the job."""
    return postprocess_prediction(context, Workspace(settings.workspace), PostprocessOrder.model_validate(context.spec), context.job_id)


def predict_and_chain(context: JobContext, settings: InferSettings, predict: Work) -> dict[str, Any]:
    """Predict, and where the order says so post-process that; both predictions are kept, so that another chain needs no new one.

    A job that was interrupted after the first goes on with the second.
    """
    chain = context.spec.get("chain")
    if chain is None:
        return predict(context, settings)
    done = context.checkpoint / "predicted.json"
    if not done.exists():
        write_json(done, predict(context.stage(0, _PREDICTED), settings))
    predicted: dict[str, Any] = json.loads(done.read_bytes())
    order = PostprocessOrder(volume=context.spec["volume"], prediction=predicted["prediction"], chain=Chain.model_validate(chain))
    rest = context.stage(_PREDICTED, 1)
    return predicted | postprocess_prediction(rest, Workspace(settings.workspace), order, f"{context.job_id}-chain")


def postprocess_prediction(context: JobContext, workspace: Workspace, order: PostprocessOrder, prediction_id: str) -> dict[str, Any]:
    """Make the prediction and give the job's result; a job that ends early leaves nothing, also when it is told to end.

    Raises what `plan_chain` raises, VolumeNotFound, PredictionNotFound.
    """
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))  # so that what stands aside is taken away
    start = time.monotonic()
    volume, voxels = open_volume(workspace, order.volume)
    source, classes = open_prediction(workspace, order.volume, order.prediction)
    plan = plan_chain(order.chain, source.classes, volume)
    image, numbers = level_array(voxels, "0"), class_array(classes)
    with new_derivation(workspace, volume, source.id, prediction_id) as group:
        target, scratch = class_array(group), group.require_group(SCRATCH)
        counts = process_volume(plan, _reader(numbers), _reader(image), target, scratch, volume, _reporter(context))
        read_prediction(workspace, volume.id, source.id)  # of one that was removed meanwhile we would have read zeros
        context.report("building the pyramid", 1 - _PYRAMID_SHARE)
        finish_derivation(group, volume, _info(context, order, source, prediction_id, time.monotonic() - start))
    return {
        "prediction": prediction_id,
        "source": source.id,
        "model": source.model.model_dump(),
        "snapshot": source.snapshot,
        "postprocess_s": round(time.monotonic() - start, 3),
        "voxels": {number: int(count) for number, count in enumerate(counts) if count},
    }


def _reader(array: zarr.Array[Any]) -> Callable[[Region], NDArray[Any]]:
    return lambda region: np.asarray(array[region])


def _reporter(context: JobContext) -> Callable[[int, int], None]:
    """Report each visit of a block, with the time that the rest will take."""
    start = time.monotonic()

    def report(done: int, visits: int) -> None:
        elapsed = time.monotonic() - start
        eta_s = round(elapsed / done * (visits - done), 1) if done else None
        context.report(f"post-processing, {done / visits:.0%}", round(done / visits * (1 - _PYRAMID_SHARE), 4), eta_s)

    return report


def _info(context: JobContext, order: PostprocessOrder, source: PredictionInfo, prediction_id: str, duration_s: float) -> PredictionInfo:
    """Say what the new prediction is: the source's model, snapshot and planes, and who made it of what."""
    changes = {
        "id": prediction_id,
        "job": context.job_id,
        "author": context.author,
        "created": datetime.now(UTC),
        "duration_s": round(duration_s, 3),
        "source": source.id,
        "chain": order.chain.model_dump(mode="json"),
    }
    return source.model_copy(update=changes)
