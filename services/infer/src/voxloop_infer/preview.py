"""The preview process: models kept warm, chunks kept decoded. Runs as the child of the infer service."""

import os
import threading
from multiprocessing import parent_process
from multiprocessing.sharedctypes import Synchronized
from typing import Any

from cachetools import LRUCache

from voxloop_infer.orders import PLANE_OF, PreviewOrder
from voxloop_infer.settings import InferSettings
from voxloop_shared.data.chunks import CachedArray, ChunkCache
from voxloop_shared.data.volumes import level_array, open_volume
from voxloop_shared.errors import Superseded, VoxloopError, from_os_error
from voxloop_shared.nets.hardware import let_idle_threads_sleep
from voxloop_shared.workspace import Workspace

_MODEL_BYTES = 512 << 20
_CACHE_BYTES = 256 << 20
_FEATURE_BYTES = 256 << 20
"""For a few screens: while one paints, a retrained model looks again and again at the same place."""


class PreviewDesk:
    """Answers previews in one process, one after the other; `stop` holds the number of an order that nobody waits for any more."""

    def __init__(self, settings: InferSettings, stop: "Synchronized[int]") -> None:
        self._settings = settings
        self._stop = stop
        self._models: LRUCache[str, Any] = LRUCache(_MODEL_BYTES, getsizeof=lambda model: model.nbytes)
        self._chunks = ChunkCache(_CACHE_BYTES)
        self._features: LRUCache[Any, Any] = LRUCache(_FEATURE_BYTES, getsizeof=lambda features: features.nbytes)

    def answer(self, number: int, order: PreviewOrder) -> tuple[bytes, dict[str, str]]:
        """Give class, then confidence, of the region, row by row, and how it was found; raises Superseded."""
        from voxloop_infer.looking import look, plan_look  # torch loads in the child only
        from voxloop_infer.reading import Image, Shelf

        def check() -> None:
            if self._stop.value == number:
                raise Superseded("a newer preview was asked for")

        model = self._model(order)
        volume, group = open_volume(Workspace(self._settings.workspace), order.volume)
        plan = plan_look(order, volume, model)
        shelf = Shelf(self._features, (volume.digest, plan.level))
        array = CachedArray(level_array(group, str(plan.level)), self._chunks, (volume.digest, plan.level))
        numbers, confidence = look(
            model, Image(array.read, volume.levels[plan.level].shape, check, shelf, PLANE_OF[order.axis][0]), order, volume, plan
        )
        headers = {"X-Level": str(plan.level), "X-Exact": str(int(plan.is_exact)), "X-Shape": f"{numbers.shape[0]},{numbers.shape[1]}"}
        return numbers.tobytes() + confidence.tobytes(), headers

    def _model(self, order: PreviewOrder) -> Any:
        from voxloop_infer.model import load_model

        model = self._models.get(order.model.digest)
        if model is None:
            model = load_model(order.model, self._settings)
            if model.nbytes <= self._models.maxsize:
                self._models[order.model.digest] = model
        return model


_desk: PreviewDesk
"""The one state of the child process, made before its first call."""


def open_desk(settings: str, stop: "Synchronized[int]") -> None:
    """Prepare the child process; it ends when its parent does, however that died."""
    global _desk
    let_idle_threads_sleep()
    threading.Thread(target=_die_with_parent, daemon=True, name="parent-watch").start()
    _desk = PreviewDesk(InferSettings.model_validate_json(settings), stop)


def answer_preview(number: int, order: str) -> tuple[bytes, dict[str, str]] | dict[str, Any]:
    """Answer in the child; errors travel as JSON, for an exception's own arguments may not survive the way."""
    try:
        return _desk.answer(number, PreviewOrder.model_validate_json(order))
    except VoxloopError as error:
        return error.to_json()
    except OSError as error:
        return from_os_error(error).to_json()


def _die_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(os.EX_TEMPFAIL)
