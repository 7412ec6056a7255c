"""Labels: read a plane, paint, and take a whole label image at once; their history and classes have routers of their own."""

import asyncio
import sys

from fastapi import APIRouter, Request, Response

from voxloop_annotate.annotations import Annotations, LabelState
from voxloop_annotate.announcer import Announcer
from voxloop_annotate.routes.classes import class_router
from voxloop_annotate.routes.history import history_router
from voxloop_annotate.routes.planes import IndexQuery, plane_response
from voxloop_annotate.slabs import SlabQueue
from voxloop_annotate.studio import Studio
from voxloop_shared.errors import InvalidInput
from voxloop_shared.schemas import Axis, Stroke
from voxloop_shared.server import CallerDep


def label_router(studio: Studio) -> APIRouter:
    """Make the routes; whoever changes labels here tells all open pages."""
    announcer = Announcer(studio.annotations, studio.hub)
    router = APIRouter(prefix="/api/volumes/{volume_id}")
    for make_router in (_voxel_router, history_router, class_router):
        router.include_router(make_router(studio.annotations, announcer))
    return router


def _voxel_router(annotations: Annotations, announcer: Announcer) -> APIRouter:
    router = APIRouter()

    @router.get("/labels")
    def read_labels(volume_id: str, axis: Axis, index: IndexQuery) -> Response:
        """Read a plane of the newest labels; an answer without a body: nothing in it is labelled, as in most planes."""
        plane, snapshot = annotations.slice(volume_id, axis, index)
        return plane_response(plane, {"X-Snapshot": snapshot}, is_sparse=True)

    @router.put("/labels", max_body_size=sys.maxsize)  # it is read and written piece by piece
    async def merge_labels(volume_id: str, request: Request, who: CallerDep) -> LabelState:
        """Lay a label image (raw uint8 in C order, header X-Shape: z,y,x) over the labels; zeros change nothing."""
        slabs = SlabQueue(_shape(request.headers.get("x-shape", "")))
        merging = asyncio.create_task(asyncio.to_thread(annotations.merge, volume_id, iter(slabs), who.user))
        await slabs.fill(request.stream(), merging)
        state = announcer.stroke(volume_id, await merging)
        await asyncio.to_thread(announcer.classes, volume_id)
        return state

    @router.post("/strokes", status_code=201)
    def paint(volume_id: str, stroke: Stroke, who: CallerDep) -> LabelState:
        """Commit a stroke; sending the same id again gives the same answer."""
        return announcer.stroke(volume_id, annotations.paint(volume_id, stroke, who.user), stroke.id)

    return router


def _shape(header: str) -> tuple[int, int, int]:
    try:
        z, y, x = (int(part) for part in header.split(","))
    except ValueError as error:
        raise InvalidInput(f"header X-Shape is {header!r}: give three lengths as z,y,x") from error
    if min(z, y, x) < 1:
        raise InvalidInput(f"header X-Shape is {header!r}: lengths are positive")
    return z, y, x
