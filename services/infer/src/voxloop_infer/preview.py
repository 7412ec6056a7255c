"""The preview process: models kept warm, chunks kept decoded. Runs as the child of the infer service."""

import os
import threading
from multiprocessing import parent_process
from typing import Any

from cachetools import LRUCache

from voxloop_infer.orders import PreviewOrder
from voxloop_infer.settings import InferSettings
from voxloop_shared.data.blocks import Region
from voxloop_shared.data.chunks import CachedArray, ChunkCache
from voxloop_shared.data.volumes import level_array, open_volume
from voxloop_shared.errors import VoxloopError, from_os_error
from voxloop_shared.nets.hardware import let_idle_threads_sleep
from voxloop_shared.nets.inputs import box_of
from voxloop_shared.workspace import Workspace

_WARM_MODELS = 4
_CACHE_BYTES = 256 << 20


class PreviewDesk:
    """Answers previews in one process, one after the other."""

    def __init__(self, settings: InferSettings) -> None:
        self._settings = settings
        self._models: LRUCache[str, Any] = LRUCache(_WARM_MODELS)
        self._chunks = ChunkCache(_CACHE_BYTES)

    def answer(self, order: PreviewOrder) -> bytes:
        """Give class, then confidence, of the region, row by row."""
        from voxloop_infer.voting import vote  # torch loads in the child only

        model = self._model(order)
        volume, group = open_volume(Workspace(self._settings.workspace), order.volume)
        array = CachedArray(level_array(group, "0"), self._chunks, volume.digest)
        region = _region_of(order)
        planes = order.axis if order.axis in model.manifest.planes else "z"
        numbers, confidence = vote(model, array.read, volume.shape, region, planes)
        return numbers.tobytes() + confidence.tobytes()

    def _model(self, order: PreviewOrder) -> Any:
        from voxloop_infer.model import load_model

        model = self._models.get(order.model.digest)
        if model is None:
            model = self._models[order.model.digest] = load_model(order.model, self._settings)
        return model


def _region_of(order: PreviewOrder) -> Region:
    """Give the voxels of the region; one slice thick, so that in C order they are its rows."""
    rows, columns = order.region
    box = box_of(order.axis, (order.index, order.index + 1), rows, columns)
    z, y, x = (slice(*span) for span in box)
    return z, y, x


_desk: PreviewDesk
"""The one state of the child process, made before its first call."""


def open_desk(settings: str) -> None:
    """Prepare the child process; it ends when its parent does, however that died."""
    global _desk
    let_idle_threads_sleep()
    threading.Thread(target=_die_with_parent, daemon=True, name="parent-watch").start()
    _desk = PreviewDesk(InferSettings.model_validate_json(settings))


def answer_preview(order: str) -> bytes | dict[str, Any]:
    """Answer in the child; errors travel as JSON, for an exception's own arguments may not survive the way."""
    try:
        return _desk.answer(PreviewOrder.model_validate_json(order))
    except VoxloopError as error:
        return error.to_json()
    except OSError as error:
        return from_os_error(error).to_json()


def _die_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(os.EX_TEMPFAIL)
