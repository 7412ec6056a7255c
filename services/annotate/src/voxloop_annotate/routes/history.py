"""History: list what was done to labels, undo it, do it again, go back."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from voxloop_annotate.annotations import Annotations, LabelState, describe_history
from voxloop_annotate.announcer import Announcer
from voxloop_annotate.routes.bodies import Repeatable, SnapshotId
from voxloop_shared.server import CallerDep


class Jump(Repeatable):
    """The stroke that is to be the newest that stands; none: all are undone."""

    snapshot: SnapshotId | None


class Restore(Repeatable):
    """The version that the labels are to equal."""

    snapshot: SnapshotId


def history_router(annotations: Annotations, announcer: Announcer) -> APIRouter:
    """Make the routes."""
    router = APIRouter()

    @router.get("/history")
    def read_history(
        volume_id: str, who: CallerDep, limit: Annotated[int, Query(ge=1, le=10_000)] = 50, before: SnapshotId | None = None
    ) -> JSONResponse:
        """List strokes, undos and redos, newest first: those older than the snapshot `before`, or the newest."""
        # plain JSON already: FastAPI would walk through it once more, which costs as much as all the rest
        return JSONResponse(describe_history(annotations.of(volume_id), who.user, limit, before))

    @router.post("/undo")
    def undo(volume_id: str, who: CallerDep, body: Repeatable | None = None) -> LabelState:
        """Take the caller's newest stroke back."""
        request_id = body.id if body else None
        return announcer.change(volume_id, lambda: annotations.undo(volume_id, who.user, request_id), request_id)

    @router.post("/redo")
    def redo(volume_id: str, who: CallerDep, body: Repeatable | None = None) -> LabelState:
        """Do again what the caller undid."""
        request_id = body.id if body else None
        return announcer.change(volume_id, lambda: annotations.redo(volume_id, who.user, request_id), request_id)

    @router.post("/jump")
    def jump(volume_id: str, who: CallerDep, body: Jump) -> LabelState:
        """Undo or redo the caller's strokes until the one of a snapshot is the newest that stands (null: until none stands)."""
        return announcer.change(volume_id, lambda: annotations.jump(volume_id, body.snapshot, who.user, body.id), body.id)

    @router.post("/restore")
    def restore(volume_id: str, who: CallerDep, body: Restore) -> LabelState:
        """Make the labels those of an earlier snapshot, as a change that can be undone."""
        return announcer.change(volume_id, lambda: annotations.restore(volume_id, body.snapshot, who.user, body.id), body.id)

    return router
