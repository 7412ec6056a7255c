"""Labels: read a plane, paint, undo, redo, classes, history, and a whole label image at once."""

import asyncio
import queue
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from numpy.typing import NDArray
from pydantic import StringConstraints

from voxloop_annotate.annotations import LabelState, describe_change, describe_classes, describe_history
from voxloop_annotate.routes.volumes import plane_response
from voxloop_annotate.studio import Studio
from voxloop_shared.errors import InvalidInput, ShapeMismatch
from voxloop_shared.schemas import UNCERTAIN, UNLABELLED, Axis, LabelClass, Schema, Stroke
from voxloop_shared.server import CallerDep

_SLAB_DEPTH = 32
_WAITING_SLABS = 2


class ClassList(Schema):
    """All classes of a volume."""

    classes: list[LabelClass]


RequestId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
SnapshotId = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Repeatable(Schema):
    """A change that may be sent again when its answer was lost; the id says that it is the same."""

    id: RequestId | None = None


class Jump(Repeatable):
    """The stroke that is to be the newest that stands; none: all are undone."""

    snapshot: SnapshotId | None


class Restore(Repeatable):
    """The version that the labels are to equal."""

    snapshot: SnapshotId


def label_router(studio: Studio) -> APIRouter:
    """Make the routes; whoever changes labels here tells all open pages."""
    router = APIRouter(prefix="/api/volumes/{volume_id}")
    annotations, hub = studio.annotations, studio.hub

    def tell(volume_id: str, state: LabelState, stroke_id: str | None = None) -> LabelState:
        hub.publish(volume_id, "stroke", describe_change(state, stroke_id))
        return state

    def tell_classes(volume_id: str) -> dict[str, Any]:
        described = describe_classes(annotations.of(volume_id))
        hub.publish(volume_id, "classes", described)
        return described

    def tell_all(volume_id: str, change: Callable[[], LabelState], request_id: str | None) -> LabelState:
        """Make a change that may alter the classes too, and tell the pages what it altered."""
        labels = annotations.of(volume_id)
        before = labels.classes()
        state = change()
        if labels.classes() != before:
            tell_classes(volume_id)
        return tell(volume_id, state, request_id)

    @router.get("/labels")
    def read_labels(volume_id: str, axis: Axis, index: Annotated[int, Query(ge=0)]) -> Response:
        """Read a plane of the newest labels."""
        plane, snapshot = annotations.slice(volume_id, axis, index)
        return plane_response(plane, **{"X-Snapshot": snapshot})

    @router.put("/labels", max_body_size=sys.maxsize)  # it is read and written piece by piece
    async def merge_labels(volume_id: str, request: Request, who: CallerDep) -> LabelState:
        """Lay a label image (raw uint8 in C order, header X-Shape: z,y,x) over the labels; zeros change nothing."""
        shape = _shape(request.headers.get("x-shape", ""))
        slabs = _SlabQueue(shape)
        merging = asyncio.create_task(asyncio.to_thread(annotations.merge, volume_id, iter(slabs), who.user))
        await slabs.fill(request.stream(), merging)
        state = tell(volume_id, await merging)
        await asyncio.to_thread(tell_classes, volume_id)
        return state

    @router.post("/strokes", status_code=201)
    def paint(volume_id: str, stroke: Stroke, who: CallerDep) -> LabelState:
        """Commit a stroke; sending the same id again gives the same answer."""
        return tell(volume_id, annotations.paint(volume_id, stroke, who.user), stroke.id)

    @router.post("/undo")
    def undo(volume_id: str, who: CallerDep, body: Repeatable | None = None) -> LabelState:
        """Take the caller's newest stroke back."""
        request_id = body.id if body else None
        return tell_all(volume_id, lambda: annotations.undo(volume_id, who.user, request_id), request_id)

    @router.post("/redo")
    def redo(volume_id: str, who: CallerDep, body: Repeatable | None = None) -> LabelState:
        """Do again what the caller undid."""
        request_id = body.id if body else None
        return tell_all(volume_id, lambda: annotations.redo(volume_id, who.user, request_id), request_id)

    @router.post("/jump")
    def jump(volume_id: str, who: CallerDep, body: Jump) -> LabelState:
        """Undo or redo the caller's strokes until the one of a snapshot is the newest that stands (null: until none stands)."""
        return tell_all(volume_id, lambda: annotations.jump(volume_id, body.snapshot, who.user, body.id), body.id)

    @router.post("/restore")
    def restore(volume_id: str, who: CallerDep, body: Restore) -> LabelState:
        """Make the labels those of an earlier snapshot, as a change that can be undone."""
        return tell_all(volume_id, lambda: annotations.restore(volume_id, body.snapshot, who.user, body.id), body.id)

    @router.get("/history")
    def read_history(
        volume_id: str, who: CallerDep, limit: Annotated[int, Query(ge=1, le=10_000)] = 50, before: SnapshotId | None = None
    ) -> Response:
        """List strokes, undos and redos, newest first: those older than the snapshot `before`, or the newest."""
        # plain JSON already: FastAPI would walk through it once more, which costs as much as all the rest
        return JSONResponse(describe_history(annotations.of(volume_id), who.user, limit, before))

    @router.get("/classes")
    def read_classes(volume_id: str) -> dict[str, Any]:
        """List the classes, how many voxels carry each, and the number for a new one."""
        return describe_classes(annotations.of(volume_id))

    @router.put("/classes")
    def put_classes(volume_id: str, body: ClassList, who: CallerDep) -> dict[str, Any]:
        """Replace the classes: add, rename, recolour, reorder, or take away one that has no voxels."""
        annotations.put_classes(volume_id, body.classes, who.user)
        return tell_classes(volume_id)

    @router.delete("/classes/{class_id}")
    def delete_class(
        volume_id: str,
        class_id: int,
        who: CallerDep,
        into: Annotated[int, Query(ge=0, le=UNCERTAIN)] = UNLABELLED,
        id: RequestId | None = None,
    ) -> LabelState:
        """Take a class away; its voxels become `into` (0: unlabelled). Undo brings both back."""
        return tell_all(volume_id, lambda: annotations.delete_class(volume_id, class_id, into, who.user, id), id)

    return router


class _SlabQueue:
    """Hands a request's body, cut into slabs, from the event loop to the thread that merges them."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self._shape = shape
        self._slabs: queue.Queue[bytes | InvalidInput | None] = queue.Queue(_WAITING_SLABS)

    async def fill(self, body: AsyncIterator[bytes], merging: asyncio.Task[Any]) -> None:
        """Pass the body on until it ends or the merge has failed; raises ShapeMismatch when it is too short or too long."""
        plane = self._shape[1] * self._shape[2]
        left, waiting = self._shape[0] * plane, bytearray()
        async for piece in body:
            waiting += piece
            left -= len(piece)
            while len(waiting) >= _SLAB_DEPTH * plane and not merging.done():
                await self._put(bytes(waiting[: _SLAB_DEPTH * plane]), merging)
                del waiting[: _SLAB_DEPTH * plane]
            if merging.done() or left < 0:
                break
        if left:
            await self._put(ShapeMismatch(f"the body does not hold {self._shape} voxels of one byte"), merging)
        else:
            if waiting:
                await self._put(bytes(waiting), merging)
            await self._put(None, merging)

    async def _put(self, item: bytes | InvalidInput | None, merging: asyncio.Task[Any]) -> None:
        while not merging.done():
            try:
                await asyncio.to_thread(self._slabs.put, item, timeout=0.2)
            except queue.Full:
                continue
            return

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        while (item := self._slabs.get()) is not None:
            if isinstance(item, InvalidInput):
                raise item
            yield np.frombuffer(item, np.uint8).reshape(-1, *self._shape[1:])


def _shape(header: str) -> tuple[int, int, int]:
    try:
        z, y, x = (int(part) for part in header.split(","))
    except ValueError as error:
        raise InvalidInput(f"header X-Shape is {header!r}: give three lengths as z,y,x") from error
    if min(z, y, x) < 1:
        raise InvalidInput(f"header X-Shape is {header!r}: lengths are positive")
    return z, y, x
