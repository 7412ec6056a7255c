"""Routes of live mode."""

from typing import Annotated

from fastapi import APIRouter, Query

from voxloop_shared.live import LiveState
from voxloop_shared.schemas import ModelVersion, Schema
from voxloop_shared.server import CallerDep
from voxloop_train.live.desk import LiveDesk
from voxloop_train.live.orders import LiveSpec
from voxloop_train.orders import checked_name

_LONGEST_WAIT_S = 20.0


class KeepSpec(Schema):
    """Publish what a session has learned, by default under its volume's name."""

    register_as: str | None = None


def live_router(desk: LiveDesk) -> APIRouter:
    """Make the routes over the sessions."""
    router = APIRouter(prefix="/live")

    @router.post("", status_code=201)
    def start(spec: LiveSpec, caller: CallerDep) -> LiveState:
        """Start a session that follows a volume's labels."""
        return desk.start(spec, caller.user)

    @router.get("/{session_id}")
    def read(session_id: str, after: int = -1, wait_s: Annotated[float, Query(ge=0, le=_LONGEST_WAIT_S)] = 0.0) -> LiveState:
        """Read a session's state; with `wait_s` as soon as its revision is above `after`."""
        return desk.state(session_id, after, wait_s)

    @router.post("/{session_id}/stay")
    def stay(session_id: str) -> LiveState:
        """Say that the client is still there: without it for some time, the session ends."""
        return desk.stay(session_id)

    @router.post("/{session_id}/keep", status_code=201)
    def keep(session_id: str, body: KeepSpec | None = None) -> ModelVersion:
        """Publish the session's newest model as a version."""
        name = body.register_as if body else None
        return desk.keep(session_id, checked_name(name) if name else None)

    @router.delete("/{session_id}")
    def stop(session_id: str) -> dict[str, str]:
        """End a session."""
        desk.stop(session_id)
        return {"ended": session_id}

    return router
