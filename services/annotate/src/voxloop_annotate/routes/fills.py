"""Fills: what the service computes and paints itself."""

from fastapi import APIRouter, Response

from voxloop_annotate.announcer import Announcer
from voxloop_annotate.fills.filler import Filler
from voxloop_annotate.fills.orders import FillState, Order
from voxloop_annotate.fills.progress import Progress
from voxloop_annotate.studio import Studio
from voxloop_shared.server import CallerDep


def fill_router(studio: Studio) -> APIRouter:
    """Make the routes; a fill that takes long tells the open pages of the volume how far it is."""
    router = APIRouter(prefix="/api/volumes/{volume_id}")
    filler, hub = Filler(studio.library, studio.annotations), studio.hub
    announcer = Announcer(studio.annotations, hub)

    @router.post("/fills", status_code=201)
    def fill(volume_id: str, order: Order, who: CallerDep, response: Response) -> FillState:
        """Fill and commit; sending the same id again gives the same answer, and 200 says that there was nothing to fill."""

        def tell(done: int, total: int) -> None:
            hub.publish(volume_id, "progress", {"id": order.id, "done": done, "total": total})

        state = filler.fill(volume_id, order, who.user, Progress(tell))
        if state.changed:
            announcer.stroke(volume_id, state, order.id)
        else:
            response.status_code = 200
        return state

    return router
