"""Jobs, services and events: what the loop is doing."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import Field

from voxloop_annotate.loop import Light
from voxloop_annotate.studio import Studio
from voxloop_shared.errors import NotFound
from voxloop_shared.jobs.job import Job
from voxloop_shared.schemas import Schema
from voxloop_shared.server import CallerDep

_PING_S = 15.0


class TrainRequest(Schema):
    """Train on the newest labels of a volume; `then_predict`: and predict it with what was learned."""

    learner: str = "unet"
    budget_s: float = Field(default=60, ge=1, le=24 * 3600)
    then_predict: bool = True


class PredictRequest(Schema):
    """Predict a whole volume."""

    model: str


def loop_router(studio: Studio) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/api")

    @router.post("/volumes/{volume_id}/train", status_code=201)
    def train(volume_id: str, body: TrainRequest, who: CallerDep) -> Job:
        """Start training."""
        return studio.loop.start_training(volume_id, body.learner, body.budget_s, who.user, body.then_predict)

    @router.post("/volumes/{volume_id}/predict", status_code=201)
    def predict(volume_id: str, body: PredictRequest, who: CallerDep) -> Job:
        """Start a prediction."""
        return studio.loop.start_prediction(volume_id, body.model, who.user)

    @router.post("/jobs/{service}/{job_id}/cancel")
    def cancel(service: str, job_id: str) -> Job:
        """Cancel a job."""
        return studio.loop.cancel(service, job_id)

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
