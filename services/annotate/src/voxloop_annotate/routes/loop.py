"""Jobs, services and events: what the loop is doing."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Literal

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from voxloop_annotate.candidates import Candidate, list_candidates
from voxloop_annotate.loop import After, Light
from voxloop_annotate.studio import Studio
from voxloop_shared.errors import NotFound
from voxloop_shared.jobs.job import Job
from voxloop_shared.schemas import Axis, Schema
from voxloop_shared.server import CallerDep

_PING_S = 15.0


class TrainRequest(Schema):
    """Train on the newest labels of a volume, from scratch or from `parent` ("name:version"); `settings` are the learner's own."""

    learner: str = "unet"
    budget_s: float = Field(default=60, ge=1, le=24 * 3600)
    parent: str | None = None
    settings: dict[str, Any] = Field(default={}, description="those that are not to be the parent's, or without one the defaults")
    after: After = "predict"
    accepted: Literal["use", "ignore"] = Field(default="use", description="whether to learn from what was accepted from predictions, too")


class PredictRequest(Schema):
    """Predict a whole volume by a model, or by several together; around `focus` (z, y, x) first. Without `planes`: as suits the model."""

    model: str | None = None
    models: list[str] = Field(default=[])
    planes: Literal["z", "zyx", "nine"] | None = None
    flips: bool = False
    focus: tuple[int, int, int] | None = None


class PreviewRequest(Schema):
    """Predict a part of a slice at once; of one `client` only the newest request is answered, the others get 409."""

    model: str
    axis: Axis = "z"
    index: int
    region: tuple[tuple[int, int], tuple[int, int]] | None = None
    level: int = 0
    client: str | None = None


def loop_router(studio: Studio) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/api")

    router.include_router(_model_router(studio))

    @router.post("/jobs/{service}/{job_id}/cancel")
    def cancel(service: str, job_id: str) -> Job:
        """Cancel a job."""
        return studio.loop.cancel(service, job_id)

    @router.post("/jobs/{service}/{job_id}/pause")
    def pause(service: str, job_id: str) -> Job:
        """Interrupt a running job, to be resumed."""
        return studio.loop.pause(service, job_id)

    @router.post("/jobs/{service}/{job_id}/resume")
    def resume(service: str, job_id: str) -> Job:
        """Go on with a job that ended without success."""
        return studio.loop.resume(service, job_id)

    @router.get("/status")
    def read_status() -> list[Light]:
        """Say how the four services are."""
        return studio.loop.lights()

    @router.get("/events")
    async def stream_events(volume: str = "") -> StreamingResponse:
        """Push strokes, classes, jobs, services and predictions of a volume as they happen; without one, services only."""
        if volume:
            await asyncio.to_thread(studio.library.volume, volume)
        return StreamingResponse(_events(studio, volume), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    @router.api_route("/{path:path}", methods=["GET", "POST", "PUT", "DELETE"], include_in_schema=False)
    def unknown(path: str) -> None:
        """Refuse what no route knows; the page would otherwise answer it with 200."""
        raise NotFound(f"no route api/{path}")

    return router


def _model_router(studio: Studio) -> APIRouter:
    """Make the routes that make models and use them."""
    router = APIRouter()

    @router.post("/volumes/{volume_id}/train", status_code=201)
    def train(volume_id: str, body: TrainRequest, who: CallerDep) -> Job:
        """Start training."""
        order = body.model_dump(exclude={"settings", "after"}) | {"config": body.settings}
        return studio.loop.start_training(volume_id, who.user, body.after, **order)

    @router.get("/learners")
    def list_learners() -> list[dict[str, Any]]:
        """List the ways to train, with the JSON schema of their settings."""
        return studio.loop.learners()

    @router.get("/volumes/{volume_id}/models")
    def list_models(volume_id: str) -> list[Candidate]:
        """List the models that there are, as seen from a volume: those that learnt from it first, newest first."""
        return list_candidates(studio.library.volume(volume_id), studio.annotations.of(volume_id), studio.loop)

    @router.post("/volumes/{volume_id}/predict", status_code=201)
    def predict(volume_id: str, body: PredictRequest, who: CallerDep) -> Job:
        """Start a prediction."""
        return studio.loop.start_prediction(volume_id, author=who.user, **body.model_dump())

    @router.post("/volumes/{volume_id}/preview")
    def preview(volume_id: str, body: PreviewRequest) -> Response:
        """Predict a part of a slice: class, then confidence, as raw bytes (rows × columns each, see X-Shape)."""
        content, headers = studio.loop.preview(volume_id, body.model_dump())
        return Response(content, media_type="application/octet-stream", headers=headers | {"Cache-Control": "no-store"})

    return router


async def _events(studio: Studio, volume: str) -> AsyncIterator[str]:
    yield "retry: 1000\n\n"
    for event, data in await asyncio.to_thread(studio.watcher.snapshot, volume):
        yield _frame(event, json.dumps(data))
    messages = studio.hub.listen(volume)
    waiting: asyncio.Task[Any] | None = None
    try:
        while True:
            waiting = waiting or asyncio.ensure_future(anext(messages))
            done, _ = await asyncio.wait({waiting}, timeout=_PING_S)
            if done:
                yield _frame(*waiting.result())
                waiting = None
            else:
                yield ": still here\n\n"
    finally:
        if waiting is not None:
            waiting.cancel()


def _frame(event: str, data: str) -> str:
    return f"event: {event}\ndata: {data}\n\n"
