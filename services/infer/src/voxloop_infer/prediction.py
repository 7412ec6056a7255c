"""A prediction job: a whole volume, block by block, into a Zarr that appears when it is whole."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from voxloop_infer.model import Model, load_model
from voxloop_infer.orders import PredictOrder
from voxloop_infer.settings import InferSettings
from voxloop_infer.voting import vote
from voxloop_shared.data.blocks import Region, blocks_of, count_blocks
from voxloop_shared.data.predictions import finish_prediction, new_prediction
from voxloop_shared.data.pyramid import SHARD
from voxloop_shared.data.volumes import level_array, open_volume
from voxloop_shared.jobs.worker import JobContext
from voxloop_shared.schemas import PredictionInfo, VolumeInfo
from voxloop_shared.workspace import Workspace

log = logging.getLogger(__name__)

_PYRAMID_SHARE = 0.03
"""Of the progress, what building the pyramid counts for."""
_DEPTH = {1: 32, 3: 96}
"""Slices of a block per number of orientations: whole shards, and deeper where thin blocks would be mostly halo."""

OnBlock = Callable[[int, int], None]


def predict_volume(context: JobContext, settings: InferSettings) -> dict[str, Any]:
    """Predict a volume and give the job's result; a job that ends early leaves nothing."""
    start = time.monotonic()
    order = PredictOrder.model_validate(context.spec)
    workspace = Workspace(settings.workspace)
    volume, source = open_volume(workspace, order.volume)
    model = load_model(order.model, settings)
    with new_prediction(workspace, volume, context.job_id) as group:
        counts = fill_prediction(model, volume, level_array(source, "0"), group, order.planes, _reporter(context))
        context.report("building the pyramid", 1 - _PYRAMID_SHARE)
        finish_prediction(group, volume, _info(context, order, volume, time.monotonic() - start))
    predict_s = time.monotonic() - start
    return {
        "prediction": context.job_id,
        "model": order.model.ref.model_dump(),
        "snapshot": order.model.manifest.snapshot,
        "predict_s": round(predict_s, 3),
        "s_per_mvoxel": round(predict_s / (np.prod(volume.shape) / 1e6), 4),
        "voxels": {number: int(count) for number, count in enumerate(counts) if count},
    }


def fill_prediction(
    model: Model, volume: VolumeInfo, source: zarr.Array[Any], group: zarr.Group, planes: str, on_block: OnBlock
) -> NDArray[np.int64]:
    """Write class and confidence, block by block; give the voxels per class id."""
    numbers, confidence = level_array(group, "class/0"), level_array(group, "confidence/0")
    size = (_DEPTH[len(planes)], *SHARD[1:])
    blocks, counts = count_blocks(volume.shape, size), np.zeros(256, np.int64)
    for done, region in enumerate(blocks_of(volume.shape, size)):
        on_block(done, blocks)
        found, sureness = vote(model, _reader(source), volume.shape, region, planes)
        _write(numbers, region, found)
        _write(confidence, region, sureness)
        counts += np.bincount(found.ravel(), minlength=256)
    return counts


def _write(array: zarr.Array[Any], region: Region, block: NDArray[np.uint8]) -> None:
    """Write a block shard by shard: zarr would encode all of them side by side, each with its own copies."""
    for part in blocks_of(block.shape, SHARD):
        array[tuple(slice(p.start + r.start, p.stop + r.start) for p, r in zip(part, region, strict=True))] = block[part]


def _reader(source: zarr.Array[Any]) -> Callable[[Any], NDArray[Any]]:
    return lambda region: np.asarray(source[region])


def _reporter(context: JobContext) -> OnBlock:
    """Report each block, with the time that the rest will take."""
    start = time.monotonic()

    def report(done: int, blocks: int) -> None:
        elapsed = time.monotonic() - start
        eta_s = round(elapsed / done * (blocks - done), 1) if done else None
        context.report(f"block {done + 1} of {blocks}", round(done / blocks * (1 - _PYRAMID_SHARE), 4), eta_s, block=done, blocks=blocks)

    return report


def _info(context: JobContext, order: PredictOrder, volume: VolumeInfo, duration_s: float) -> PredictionInfo:
    return PredictionInfo(
        id=context.job_id,
        volume=volume.id,
        model=order.model.ref,
        snapshot=order.model.manifest.snapshot,
        planes=order.planes,
        job=context.job_id,
        classes=order.model.manifest.classes,
        levels=volume.levels,
        author=context.author,
        created=datetime.now(UTC),
        duration_s=round(duration_s, 3),
    )
