"""A prediction job: a whole volume, block by block, into a draft that becomes a prediction when it is whole."""

import errno
import logging
import math
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from queue import SimpleQueue
from threading import Event
from typing import Any

import numpy as np
import zarr

from voxloop_infer.conveyor import overlapped
from voxloop_infer.engines import Engine, load_engines
from voxloop_infer.heap import give_back_unused
from voxloop_infer.ledger import Ledger
from voxloop_infer.orders import PredictOrder
from voxloop_infer.plan import block_size, plan_blocks, sketch_region
from voxloop_infer.reading import Held, Image, Read, Shape, reader_of
from voxloop_infer.settings import InferSettings
from voxloop_infer.tally import Answer
from voxloop_infer.voting import count_voices, halo_of, piece_size, reads_features, vote
from voxloop_shared.data.blocks import Region, grown
from voxloop_shared.data.drafts import Draft, remove_draft
from voxloop_shared.data.predictions import LAYERS, UNCERTAINTY
from voxloop_shared.data.volumes import level_array, open_volume
from voxloop_shared.errors import Conflict
from voxloop_shared.jobs.worker import JobContext
from voxloop_shared.schemas import PredictionInfo, VolumeInfo
from voxloop_shared.workspace import Workspace

log = logging.getLogger(__name__)

_SMALL_BLOCK = 2**22
"""Voxels; a larger one takes a CPU half a minute and is read in a tenth of a second: to hold the next, or all of it, gains nothing."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


def predict_volume(context: JobContext, settings: InferSettings) -> dict[str, Any]:
    """Predict a volume and give the job's result; goes on where an earlier attempt was interrupted."""
    order = PredictOrder.model_validate(context.spec)
    workspace = Workspace(settings.workspace)
    volume, source = open_volume(workspace, order.volume)
    engines = load_engines(order.models, settings)
    try:
        return _predict(context, order, workspace, volume, level_array(source, "0"), engines)
    except OSError as error:
        if error.errno in _FULL:  # what cannot be finished gives its room back, also for the word that it failed
            remove_draft(workspace, volume.id, context.job_id)
        raise


def _predict(
    context: JobContext, order: PredictOrder, workspace: Workspace, volume: VolumeInfo, array: zarr.Array[Any], engines: list[Engine]
) -> dict[str, Any]:
    start = time.monotonic()
    run = BlockRun(engines, reader_of(array, volume.id), volume.shape, order.planes, flips=order.flips)
    draft = Draft.open(workspace, volume, _info(context, order, volume, run.layers, 0), run.layers)
    ledger = _ledger(context, draft, run.block)
    if not ledger:
        region = sketch_region(volume.shape, order.focus)
        draft.write(region, _layers_of(run.sketch(region)))
    _fill(context, run, draft, ledger, plan_blocks(volume.shape, run.block, order.focus))
    _check_unchanged(workspace, volume)
    predict_s = time.monotonic() - start
    draft.keep(_info(context, order, volume, run.layers, predict_s))
    return {
        "prediction": context.job_id,
        "model": order.models[0].ref.model_dump(),
        "models": [model.ref.model_dump() for model in order.models],
        "snapshot": order.models[0].manifest.snapshot,
        "predict_s": round(predict_s, 3),
        "s_per_mvoxel": round(predict_s / (np.prod(volume.shape) / 1e6), 4),
        "voxels": {number: int(count) for number, count in enumerate(ledger.counts) if count},
    }


class BlockRun:
    """Engines at work on a volume: blocks are read ahead, decided on every device at once, and given in order."""

    def __init__(self, engines: Sequence[Engine], read: Read, shape: Shape, planes: str, *, flips: bool = False) -> None:
        self._engines = engines
        self._read = read
        self._shape = shape
        self._planes = planes
        self._flips = flips
        self._idle: SimpleQueue[Engine] = SimpleQueue()
        for engine in engines:
            self._idle.put(engine)
        self._is_over = Event()
        models = engines[0]
        self.is_fast = any(model.device.torch.type != "cpu" for engine in engines for model in engine)
        self._halo = halo_of(models, planes)
        piece = piece_size(models, planes, flips=flips)
        looks_far = any(map(reads_features, models))
        self.block = block_size(piece, is_flat=planes == "z", reads_features=looks_far)
        self._reads_ahead = self.is_fast or math.prod(self.block) <= _SMALL_BLOCK
        self._holds = self._reads_ahead or looks_far
        self.layers = LAYERS if count_voices(models, planes, flips=flips) == 1 else (*LAYERS, UNCERTAINTY)

    def answers(self, blocks: Iterable[Region]) -> Generator[tuple[Region, Answer]]:
        """Decide blocks; the caller's thread reads one ahead for each engine, while they work, unless that is not worth the memory."""
        things, step = (map(self._fetch, blocks), self._decide) if self._reads_ahead else (blocks, self._fetch_and_decide)
        with ThreadPoolExecutor(len(self._engines), "engine") as workers:
            try:
                yield from overlapped(workers, step, things, len(self._engines))  # type: ignore[arg-type]
            finally:
                self._is_over.set()

    def _check(self) -> None:
        if self._is_over.is_set():
            raise CancelledError

    def sketch(self, region: Region) -> Answer:
        """Decide a few voxels by one model along z, to have something to see."""
        return vote(self._engines[0][:1], Image(self._read, self._shape), region, "z")

    def _fetch(self, block: Region) -> tuple[Region, Read]:
        """Read what lies in and around a block; where slices are run for long, a few of them are read at a time instead."""
        if not self._holds:
            return block, self._read
        wide = grown(block, self._halo, self._shape)
        return block, Held(wide, self._read(wide), self._read).read

    def _fetch_and_decide(self, block: Region) -> tuple[Region, Answer]:
        return self._decide(self._fetch(block))

    def _decide(self, thing: tuple[Region, Read]) -> tuple[Region, Answer]:
        block, read = thing
        engine, image = self._idle.get(), Image(read, self._shape, self._check, tidy=give_back_unused)
        try:
            return block, vote(engine, image, block, self._planes, flips=self._flips)
        finally:
            self._idle.put(engine)


def put_away(run: BlockRun, draft: Draft, blocks: Iterable[Region], note: Callable[[Region, Answer], None]) -> Generator[None]:
    """Decide blocks and write each into a draft while the next is decided; `note` is told what has been written."""

    def write(thing: tuple[Region, Answer]) -> None:
        block, answer = thing
        draft.write(block, _layers_of(answer))
        note(block, answer)

    with ThreadPoolExecutor(1, "writer") as writer, closing(run.answers(blocks)) as answers:
        # a GPU must not wait for the disk; where a CPU decides there is time to write one block before the next is asked for
        yield from overlapped(writer, write, answers, 1 if run.is_fast else 0)


def _fill(context: JobContext, run: BlockRun, draft: Draft, ledger: Ledger, blocks: list[Region]) -> None:
    """Write all blocks that are not written yet."""
    left = [block for block in blocks if block not in ledger]
    start, before = time.monotonic(), len(ledger)
    _report(context, before, len(blocks), None)
    written = put_away(run, draft, left, lambda block, answer: ledger.add(block, answer.numbers))
    with closing(written):
        for done, _ in enumerate(written, start=before + 1):
            _report(context, done, len(blocks), (time.monotonic() - start) / (done - before) * (len(blocks) - done))


def _report(context: JobContext, done: int, blocks: int, eta_s: float | None) -> None:
    message = f"block {min(done + 1, blocks)} of {blocks}"
    context.report(message, round(done / blocks, 4), None if eta_s is None else round(eta_s, 1), block=done, blocks=blocks)


def _layers_of(answer: Answer) -> dict[str, np.ndarray[Any, np.dtype[np.uint8]]]:
    """Name the layers of an answer; one voice alone disagrees with none."""
    uncertainty = np.zeros_like(answer.numbers) if answer.uncertainty is None else answer.uncertainty
    return {"class": answer.numbers, "confidence": answer.confidence, UNCERTAINTY: uncertainty}


def _ledger(context: JobContext, draft: Draft, size: Shape) -> Ledger:
    """Open the list of finished blocks; what it says of a draft that is gone does not count."""
    context.checkpoint.mkdir(exist_ok=True)
    path = context.checkpoint / "blocks.jsonl"
    if draft.is_new:
        path.unlink(missing_ok=True)
    return Ledger(path, size)


def _check_unchanged(workspace: Workspace, volume: VolumeInfo) -> None:
    """Refuse to keep what was predicted of a volume that is another by now; raises VolumeNotFound when it is gone."""
    if open_volume(workspace, volume.id)[0].digest != volume.digest:
        raise Conflict(f"volume {volume.id!r} was replaced while it was being predicted: predict it again")


def _info(context: JobContext, order: PredictOrder, volume: VolumeInfo, layers: Sequence[str], duration_s: float) -> PredictionInfo:
    first = order.models[0]
    return PredictionInfo(
        id=context.job_id,
        volume=volume.id,
        model=first.ref,
        models=[model.ref for model in order.models] if len(order.models) > 1 else [],
        snapshot=first.manifest.snapshot,
        planes=order.planes,
        flips=order.flips,
        layers=list(layers),
        job=context.job_id,
        classes=first.manifest.classes,
        levels=volume.levels,
        author=context.author,
        created=datetime.now(UTC),
        duration_s=round(duration_s, 3),
    )
