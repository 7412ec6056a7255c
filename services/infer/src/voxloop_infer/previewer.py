"""The service's end of the preview process: starts it, asks it one thing at a time, and starts it again when it has died."""

import logging
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from voxloop_infer.orders import PreviewOrder
from voxloop_infer.preview import answer_preview, open_desk
from voxloop_infer.settings import InferSettings
from voxloop_infer.turns import Turns
from voxloop_shared.errors import ServiceUnavailable, from_json

log = logging.getLogger(__name__)

Preview = tuple[bytes, dict[str, str]]


class Previewer:
    """One child process that answers previews, started by the first; of each client only the newest request counts."""

    def __init__(self, settings: InferSettings) -> None:
        self._settings = settings.model_dump_json()
        self._context = get_context("spawn")
        self._stop = self._context.Value("q", 0)
        self._turns = Turns(self._give_up)
        self._changing = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def preview(self, order: PreviewOrder, client: str | None = None) -> Preview:
        """Give class and confidence, and headers that say how they were found.

        Raises what the child raised, Superseded once the client has asked again, ServiceUnavailable when the child dies twice
        over one order.
        """
        with self._turns.take(client) as number:
            return self._ask(number, order)

    def close(self) -> None:
        """End the child."""
        with self._changing:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)

    def _give_up(self, number: int) -> None:
        self._stop.value = number

    def _ask(self, number: int, order: PreviewOrder) -> Preview:
        for attempt in (1, 2):
            pool = self._running_pool()
            try:
                answer = pool.submit(answer_preview, number, order.model_dump_json()).result()
            except BrokenProcessPool:
                log.warning("the preview process died (attempt %d)", attempt)
                self._forget(pool)
                continue
            if isinstance(answer, dict):
                raise from_json(answer, 500)
            return answer
        raise ServiceUnavailable("the preview process died (out of memory?): ask for a smaller region")

    def _running_pool(self) -> ProcessPoolExecutor:
        with self._changing:
            if self._pool is None:
                arguments = (self._settings, self._stop)
                self._pool = ProcessPoolExecutor(1, mp_context=self._context, initializer=open_desk, initargs=arguments)
            return self._pool

    def _forget(self, broken: ProcessPoolExecutor) -> None:
        with self._changing:
            if self._pool is broken:
                self._pool = None
        broken.shutdown(wait=False)
