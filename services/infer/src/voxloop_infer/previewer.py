"""The service's end of the preview process: starts it, asks it, and starts it again when it has died."""

import logging
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from voxloop_infer.orders import PreviewOrder
from voxloop_infer.preview import answer_preview, open_desk
from voxloop_infer.settings import InferSettings
from voxloop_shared.errors import ServiceUnavailable, from_json

log = logging.getLogger(__name__)


class Previewer:
    """One child process that answers previews; started by the first."""

    def __init__(self, settings: InferSettings) -> None:
        self._settings = settings.model_dump_json()
        self._changing = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def preview(self, order: PreviewOrder) -> bytes:
        """Give class and confidence; raises what the child raised, ServiceUnavailable when it dies twice over one order."""
        for attempt in (1, 2):
            pool = self._running()
            try:
                answer = pool.submit(answer_preview, order.model_dump_json()).result()
            except BrokenProcessPool:
                log.warning("the preview process died (attempt %d)", attempt)
                self._forget(pool)
                continue
            if isinstance(answer, dict):
                raise from_json(answer, 500)
            return answer
        raise ServiceUnavailable("the preview process died (out of memory?): ask for a smaller region")

    def close(self) -> None:
        """End the child."""
        with self._changing:
            if self._pool is not None:
                self._pool.shutdown(wait=True, cancel_futures=True)
                self._pool = None

    def _running(self) -> ProcessPoolExecutor:
        with self._changing:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=open_desk, initargs=(self._settings,))
            return self._pool

    def _forget(self, broken: ProcessPoolExecutor) -> None:
        with self._changing:
            if self._pool is broken:
                self._pool = None
        broken.shutdown(wait=False)
