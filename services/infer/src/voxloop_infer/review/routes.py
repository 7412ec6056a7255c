"""The routes of reviews."""

from fastapi import APIRouter

from voxloop_infer.review.orders import freeze_review
from voxloop_infer.settings import InferSettings
from voxloop_shared.jobs.job import Job
from voxloop_shared.jobs.queue import JobQueue
from voxloop_shared.review import ReviewSpec
from voxloop_shared.server import CallerDep

_PRIORITY = 1
"""Somebody waits for it, and it takes seconds: before predictions that wait."""


def review_router(settings: InferSettings, queue: JobQueue) -> APIRouter:
    """Make the routes over a queue."""
    router = APIRouter()

    @router.post("/jobs/review", status_code=201)
    def review(spec: ReviewSpec, caller: CallerDep) -> Job:
        """Queue the search for places to look at; whatever can be refused at once is refused here."""
        order = freeze_review(spec, settings)
        title = f"Propose {spec.count} places of {spec.volume}: {spec.acquisition}"
        body = order.model_dump(mode="json")
        return queue.submit(kind="review", title=title, volume=spec.volume, spec=body, author=caller.user, priority=_PRIORITY)

    return router
