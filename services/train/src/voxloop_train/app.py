"""The train service's application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from voxloop_shared.health import health_router
from voxloop_shared.jobs.queue import JobQueue
from voxloop_shared.jobs.routes import job_router
from voxloop_shared.jobs.runner import ProcessRunner
from voxloop_shared.nets.hardware import device_names
from voxloop_shared.server import create_api
from voxloop_shared.workspace import Workspace
from voxloop_train import __version__
from voxloop_train.live.desk import LiveDesk
from voxloop_train.live.routes import live_router
from voxloop_train.routes import train_router
from voxloop_train.settings import TrainSettings


def create_app(settings: TrainSettings) -> FastAPI:
    """Make the application; its jobs start with its lifespan."""
    workspace = Workspace(settings.workspace)
    runner = ProcessRunner("voxloop_train.worker", settings.environment())
    queue = JobQueue(workspace.jobs, "train", runner)
    live = LiveDesk(settings, lambda: queue.length > 0)

    @asynccontextmanager
    async def lifespan(_api: FastAPI) -> AsyncIterator[None]:
        queue.start()
        if settings.keeps_ready:
            runner.keep_ready()
        live.open()
        yield
        live.close()
        queue.close()
        runner.close()

    api = create_api("voxloop train", __version__, lifespan=lifespan)
    api.include_router(health_router("train", __version__, workspace.jobs / "train", device_names, lambda: queue.length, settings))
    api.include_router(train_router(settings, queue))
    api.include_router(live_router(live))
    api.include_router(job_router(queue))
    return api
