"""The service's end of a live session: its process, started again when it dies, and the newest state for all who wait for it."""

import contextlib
import logging
import threading
import time
from collections import deque
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from voxloop_shared.behalf import working_for
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import NotFound, VoxloopError
from voxloop_shared.live import LiveState
from voxloop_shared.schemas import ModelVersion
from voxloop_train.live.child import run_child
from voxloop_train.live.orders import LiveOrder
from voxloop_train.settings import TrainSettings

log = logging.getLogger(__name__)

_DRAFTS = 3
"""Models whose weights stay in the registry: the newest, and those that somebody may just be asking for."""
_MOST_DEATHS, _WITHIN_S = 3, 60.0


class LiveSession:
    """One order that is carried out until `close`."""

    def __init__(self, session_id: str, client: str, order: LiveOrder, settings: TrainSettings) -> None:
        self.client = client
        self.order = order
        self.seen_s = time.monotonic()
        """When its client was last heard of."""
        self._settings = settings
        self._context = get_context("spawn")
        self._changed = threading.Condition()
        self._state = LiveState(id=session_id, volume=order.volume, learner=order.learner)
        self._drafts: deque[str] = deque()
        self._models = 0
        self._deaths: deque[float] = deque(maxlen=_MOST_DEATHS)
        self._is_closed = False
        self._is_paused = False
        self._thread = threading.Thread(target=self._hold, daemon=True, name=f"live-{session_id}")

    def start(self) -> None:
        """Begin."""
        self._process, self._line = self._spawn()
        self._thread.start()

    def state(self, after: int = -1, wait_s: float = 0.0) -> LiveState:
        """Give the state; wait so long for one whose revision is above `after`."""
        with self._changed:
            self._changed.wait_for(lambda: self._state.revision > after or self._is_closed, wait_s)
            return self._state

    def pause(self, is_wanted: bool) -> None:
        """Ask the process to rest, or to go on."""
        if is_wanted != self._is_paused:
            self._is_paused = is_wanted
            self._send(is_wanted)

    def keep(self, name: str) -> ModelVersion:
        """Publish the newest model as a version; raises NotFound while there is none."""
        model = self.state().model
        if model is None:
            raise NotFound("this session has learned nothing yet: paint a few strokes of at least two classes")
        with working_for(model.manifest.author), ServiceClient(self._settings.socket_of("registry")) as registry:
            body = {"manifest": model.manifest.model_dump(mode="json"), "weights": model.digest}
            version = ModelVersion.model_validate(registry.post(f"/models/{name}/versions", body))
        self._take({"kept": version.ref.model_dump()})
        return version

    def close(self) -> None:
        """End at once; what nobody has kept is taken out of the registry."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._process.kill()
        self._thread.join()
        self._forget_drafts(0)

    @property
    def _is_over(self) -> bool:
        """Say whether the process is to end, or has said that it cannot go on."""
        return self._is_closed or self._state.phase == "failed"

    def _spawn(self) -> tuple[Any, "Connection[Any, Any]"]:
        ours, theirs = self._context.Pipe()
        arguments = (theirs, self._settings.model_dump_json(), self.order.model_dump_json())
        process = self._context.Process(target=run_child, args=arguments, daemon=True)
        process.start()
        theirs.close()  # else its end would never be seen
        return process, ours

    def _hold(self) -> None:
        """Take in what the process tells; when it dies, start another."""
        while True:
            with contextlib.suppress(EOFError, OSError):
                while True:
                    self._take(self._line.recv())
            self._process.join()
            with self._changed:
                if self._is_over:
                    return
                self._note_death(self._process.exitcode)
                if self._is_over:
                    return
                self._process, self._line = self._spawn()
            self._send(self._is_paused)

    def _note_death(self, exit_code: int | None) -> None:
        log.warning("live session %s: its process ended with %s", self._state.id, exit_code)
        now = time.monotonic()
        self._deaths.append(now)
        if len(self._deaths) == _MOST_DEATHS and now - self._deaths[0] < _WITHIN_S:
            error = VoxloopError(f"the live process died {_MOST_DEATHS} times in a minute (out of memory?): see the train service's log")
            self._take({"phase": "failed", "message": error.message, **error.to_json()})
        else:
            self._take({"phase": "starting", "message": "the live process died and is started again"})

    def _take(self, changes: dict[str, Any]) -> None:
        with self._changed:
            before = self._state
            if changes.get("model") is not None:  # counted here: a process that was started again would begin anew
                self._models += 1
                changes["model"]["number"] = self._models
            self._state = LiveState.model_validate(before.model_dump() | changes | {"revision": before.revision + 1})
            if self._state.model is not None and (before.model is None or before.model.digest != self._state.model.digest):
                self._drafts.append(self._state.model.digest)
            self._changed.notify_all()
        self._forget_drafts(_DRAFTS)

    def _forget_drafts(self, kept: int) -> None:
        """Take weights away that were replaced; the registry refuses it for those that a version names."""
        while len(self._drafts) > kept:
            digest = self._drafts.popleft()
            if digest not in self._drafts:
                with contextlib.suppress(VoxloopError), ServiceClient(self._settings.socket_of("registry")) as registry:
                    registry.delete(f"/blobs/{digest}")

    def _send(self, wants_pause: bool) -> None:
        with contextlib.suppress(OSError):
            self._line.send(wants_pause)
