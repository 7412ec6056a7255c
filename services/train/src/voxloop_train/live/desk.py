"""All live sessions of the service: each is for one client, and ends when that has been away."""

import logging
import secrets
import threading
import time
from collections.abc import Callable

from voxloop_shared.errors import Conflict, NotFound
from voxloop_shared.live import LiveState
from voxloop_shared.schemas import ModelVersion
from voxloop_train.live.orders import LiveSpec, freeze_live
from voxloop_train.live.session import LiveSession
from voxloop_train.settings import TrainSettings

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.5


class LiveDesk:
    """Starts, finds and ends sessions; `is_busy` says whether training jobs run, which go before."""

    def __init__(self, settings: TrainSettings, is_busy: Callable[[], bool]) -> None:
        self._settings = settings
        self._is_busy = is_busy
        self._sessions: dict[str, LiveSession] = {}
        self._changing = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="live-desk")

    def open(self) -> None:
        """Begin to look after the sessions."""
        self._thread.start()

    def close(self) -> None:
        """End all sessions."""
        self._closing.set()
        self._thread.join()
        for session_id in list(self._sessions):
            self.stop(session_id)

    def start(self, spec: LiveSpec, author: str) -> LiveState:
        """Start a session in place of the client's earlier one; raises Conflict where too many run, and what is wrong with the request."""
        order = freeze_live(spec, self._settings, author)
        for earlier in [found for found, session in self._sessions.items() if session.client == spec.client]:
            self.stop(earlier)
        session_id = secrets.token_hex(6)
        session = LiveSession(session_id, spec.client, order, self._settings)
        with self._changing:
            if len(self._sessions) >= self._settings.live_sessions:
                raise Conflict(f"{len(self._sessions)} live sessions run already, and each needs its share of the cores: stop one first")
            self._sessions[session_id] = session
            session.start()
        log.info("live session %s follows %s with %s for %s", session_id, order.volume, order.learner, author)
        return session.state()

    def stay(self, session_id: str) -> LiveState:
        """Hear of the client, and give the state; raises NotFound for a session that has ended."""
        session = self._find(session_id)
        session.seen_s = time.monotonic()
        return session.state()

    def state(self, session_id: str, after: int, wait_s: float) -> LiveState:
        """Give the state, as soon as its revision is above `after`, at the latest after `wait_s`; raises NotFound."""
        found = self._find(session_id).state(after, wait_s)
        self._find(session_id)
        return found

    def keep(self, session_id: str, name: str | None) -> ModelVersion:
        """Publish the newest model, by default under the volume's name; raises NotFound."""
        session = self._find(session_id)
        return session.keep(name or session.order.volume)

    def stop(self, session_id: str) -> None:
        """End a session; raises NotFound."""
        with self._changing:
            session = self._sessions.pop(session_id, None)
        if session is None:
            raise _gone(session_id)
        session.close()
        log.info("live session %s has ended", session_id)

    def _find(self, session_id: str) -> LiveSession:
        session = self._sessions.get(session_id)
        if session is None:
            raise _gone(session_id)
        return session

    def _watch(self) -> None:
        while not self._closing.wait(_LOOK_EVERY_S):
            is_busy = self._is_busy()
            for session_id, session in list(self._sessions.items()):
                session.pause(is_busy)
                if time.monotonic() - session.seen_s > self._settings.live_away_s:
                    log.info("nobody looks at live session %s any more", session_id)
                    self._end(session_id)

    def _end(self, session_id: str) -> None:
        try:
            self.stop(session_id)
        except NotFound:
            log.debug("live session %s was ended meanwhile", session_id)


def _gone(session_id: str) -> NotFound:
    return NotFound(f"no live session {session_id[:40]!r}: it may have ended because nobody looked at it")
