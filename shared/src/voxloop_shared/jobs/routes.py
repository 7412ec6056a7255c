"""The job routes that train and infer have in common."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from voxloop_shared.jobs.job import Job
from voxloop_shared.jobs.queue import JobQueue

_POLL_S = 0.25


def job_router(queue: JobQueue) -> APIRouter:
    """Make the routes over a queue; submitting is the service's own."""
    router = APIRouter(prefix="/jobs")

    @router.get("")
    def list_jobs(volume: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[Job]:
        """List jobs, newest first."""
        return [job for job in queue.list() if volume in (None, job.volume)][:limit]

    @router.get("/{job_id}")
    def read_job(job_id: str) -> Job:
        """Read one job."""
        return queue.read(job_id)

    @router.post("/{job_id}/cancel")
    def cancel_job(job_id: str) -> Job:
        """Cancel a job that waits or runs."""
        return queue.cancel(job_id)

    @router.post("/{job_id}/pause")
    def pause_job(job_id: str) -> Job:
        """Interrupt a running job; `resume` goes on with it."""
        return queue.pause(job_id)

    @router.post("/{job_id}/resume")
    def resume_job(job_id: str) -> Job:
        """Queue a job again that ended without success."""
        return queue.resume(job_id)

    @router.get("/{job_id}/metrics")
    def read_metrics(
        job_id: str, since: Annotated[int, Query(ge=0)] = 0, max_points: Annotated[int, Query(ge=2, le=10_000)] = 2000
    ) -> list[dict[str, Any]]:
        """Read the lines that the job reported."""
        queue.read(job_id)
        return queue.folder(job_id).read_metrics(since, max_points)

    @router.get("/{job_id}/log")
    def read_log(job_id: str, stream: str = "stderr", after: Annotated[int, Query(ge=0)] = 0, q: str = "") -> dict[str, Any]:
        """Read a log from a byte offset on."""
        queue.read(job_id)
        text, offset = queue.folder(job_id).read_log(stream, after, q)
        return {"text": text, "next": offset}

    @router.get("/{job_id}/events")
    async def stream_events(job_id: str) -> StreamingResponse:
        """Push the job whenever it changes, until it has ended."""
        await asyncio.to_thread(queue.read, job_id)
        return StreamingResponse(_events(queue, job_id), media_type="text/event-stream")

    return router


async def _events(queue: JobQueue, job_id: str) -> AsyncIterator[str]:
    last: Job | None = None
    while last is None or not last.state.is_final:
        job = await asyncio.to_thread(queue.read, job_id)
        if job != last:
            yield f"event: job\ndata: {job.model_dump_json()}\n\n"
        last = job
        await asyncio.sleep(_POLL_S)
