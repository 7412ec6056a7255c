"""The infer service's own routes."""

from fastapi import APIRouter, Response

from voxloop_infer.orders import PredictSpec, PreviewSpec, freeze, freeze_preview
from voxloop_infer.previewer import Previewer
from voxloop_infer.settings import InferSettings
from voxloop_shared.jobs.job import Job
from voxloop_shared.jobs.queue import JobQueue
from voxloop_shared.server import CallerDep


def infer_router(settings: InferSettings, queue: JobQueue, previewer: Previewer) -> APIRouter:
    """Make the routes over a queue and a preview process."""
    router = APIRouter()

    @router.post("/jobs", status_code=201)
    def predict(spec: PredictSpec, caller: CallerDep) -> Job:
        """Queue a prediction; whatever can be refused at once is refused here."""
        order = freeze(spec, settings)
        names = " + ".join(f"{model.name}:{model.version}" for model in order.models)
        title = f"Predict {order.volume} with {names}"
        return queue.submit(kind="predict", title=title, volume=order.volume, spec=order.model_dump(mode="json"), author=caller.user)

    @router.post("/preview")
    def preview(spec: PreviewSpec) -> Response:
        """Predict a region of one slice: class, then confidence, as raw bytes (rows × columns each, see X-Shape).

        X-Level says which level of the image was looked at, X-Exact whether the whole prediction would answer the same.
        """
        order = freeze_preview(spec, settings)
        content, headers = previewer.preview(order, spec.client)
        return Response(content, media_type="application/octet-stream", headers=headers | {"X-Model": order.model.digest})

    return router
