"""The routes of post-processing."""

from functools import partial

from fastapi import APIRouter, Response

from voxloop_infer.postprocessing.orders import ChainPreviewSpec, PostprocessOrder, check_order
from voxloop_infer.postprocessing.preview import preview_chain
from voxloop_infer.settings import InferSettings
from voxloop_infer.turns import Turns
from voxloop_shared.jobs.job import Job
from voxloop_shared.jobs.queue import JobQueue
from voxloop_shared.server import CallerDep


def postprocessing_router(settings: InferSettings, queue: JobQueue) -> APIRouter:
    """Make the routes over a queue."""
    router = APIRouter()
    turns = Turns()  # one preview at a time: each takes memory and all cores

    @router.post("/jobs/postprocess", status_code=201)
    def postprocess(spec: PostprocessOrder, caller: CallerDep) -> Job:
        """Queue the making of a new prediction from another; whatever can be refused at once is refused here."""
        order = check_order(spec, settings)
        title = f"Post-process prediction {order.prediction} of {order.volume}"
        return queue.submit(kind="postprocess", title=title, volume=order.volume, spec=order.model_dump(mode="json"), author=caller.user)

    @router.post("/postprocess/preview")
    def preview(spec: ChainPreviewSpec) -> Response:
        """Post-process a region of one slice: classes as raw bytes, row by row; X-Exact says whether a job would give the same."""
        with turns.take(spec.client) as number:
            found = preview_chain(spec, settings, partial(turns.check, number))
        rows, columns = found.numbers.shape
        headers = {
            "X-Shape": f"{rows},{columns}",
            "X-Exact": "yes" if found.is_exact else "no",
            "X-Box": ",".join(f"{part.start}:{part.stop}" for part in found.box),
        }
        return Response(found.numbers.tobytes(), media_type="application/octet-stream", headers=headers)

    return router
