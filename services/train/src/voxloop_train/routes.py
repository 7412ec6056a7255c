"""The train service's own routes."""

from typing import Any

from fastapi import APIRouter

from voxloop_shared.jobs.job import Job
from voxloop_shared.jobs.queue import JobQueue
from voxloop_shared.server import CallerDep
from voxloop_train.learners.catalog import LEARNERS
from voxloop_train.orders import TrainSpec, freeze
from voxloop_train.settings import TrainSettings


def train_router(settings: TrainSettings, queue: JobQueue) -> APIRouter:
    """Make the routes over a queue."""
    router = APIRouter()

    @router.post("/jobs", status_code=201)
    def train(spec: TrainSpec, caller: CallerDep) -> Job:
        """Queue a training; whatever can be refused at once is refused here."""
        order = freeze(spec, settings)
        title = f"Train {order.learner} on {order.volume}"
        return queue.submit(kind="train", title=title, volume=order.volume, spec=order.model_dump(mode="json"), author=caller.user)

    @router.get("/learners")
    def list_learners() -> list[dict[str, Any]]:
        """List the learners with the JSON schema of their settings."""
        return [
            {"name": learner.name, "title": learner.title, "help": learner.help, "settings": learner.settings.model_json_schema()}
            for learner in LEARNERS.values()
        ]

    return router
