"""The infer service's application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from voxloop_infer import __version__
from voxloop_infer.exchange.exporter import Exporter
from voxloop_infer.exchange.routes import exchange_router
from voxloop_infer.leftovers import forget_given_up, remove_half_predictions
from voxloop_infer.postprocessing.routes import postprocessing_router
from voxloop_infer.previewer import Previewer
from voxloop_infer.review.routes import review_router
from voxloop_infer.routes import infer_router
from voxloop_infer.settings import InferSettings
from voxloop_shared.health import health_router
from voxloop_shared.jobs.queue import JobQueue
from voxloop_shared.jobs.routes import job_router
from voxloop_shared.jobs.runner import ProcessRunner
from voxloop_shared.nets.hardware import device_names
from voxloop_shared.server import create_api
from voxloop_shared.workspace import Workspace

JOB_ENVIRONMENT = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": str(8 << 20), "MALLOC_TRIM_THRESHOLD_": str(16 << 20)}
"""For jobs: zarr decodes in many threads, and a heap for each would keep what was once used; large blocks go back at once."""


def create_app(settings: InferSettings) -> FastAPI:
    """Make the application; its jobs and its preview process live as long as its lifespan."""
    workspace = Workspace(settings.workspace)
    runner = ProcessRunner("voxloop_infer.worker", settings.environment() | JOB_ENVIRONMENT)
    queue = JobQueue(workspace.jobs, "infer", runner, on_end=partial(forget_given_up, workspace))
    previewer = Previewer(settings)
    exporter = Exporter(settings)

    @asynccontextmanager
    async def lifespan(_api: FastAPI) -> AsyncIterator[None]:
        remove_half_predictions(workspace, queue.list())
        exporter.open()
        queue.start()
        if settings.keeps_ready:
            runner.keep_ready()
        yield
        previewer.close()
        exporter.close()
        queue.close()
        runner.close()

    api = create_api("voxloop infer", __version__, lifespan=lifespan)
    api.include_router(health_router("infer", __version__, workspace.jobs / "infer", device_names, lambda: queue.length, settings))
    api.include_router(infer_router(settings, queue, previewer))
    api.include_router(postprocessing_router(settings, queue))
    api.include_router(review_router(settings, queue))
    api.include_router(exchange_router(settings, exporter))
    api.include_router(job_router(queue))
    return api
