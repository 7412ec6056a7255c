"""Jobs as seen from a terminal: found in whichever service has them, followed to their end."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

from voxloop_compose.console import Report
from voxloop_compose.target import Target
from voxloop_shared.errors import JobNotFound, ServiceTimeout, ServiceUnavailable
from voxloop_shared.jobs.job import Job, State

T = TypeVar("T")

JOB_SERVICES = ("train", "infer")
_STREAMS = ("stdout", "stderr")
_POLL_S = 0.3
_PATIENCE_S = 20.0
"""A service that was killed is back within seconds; its job then says what became of it."""


def find_job(target: Target, job_id: str) -> Job:
    """Read a job from the service that has it; raises JobNotFound."""
    silent: ServiceUnavailable | None = None
    for service in JOB_SERVICES:
        try:
            return Job.model_validate(target.get(service, f"/jobs/{job_id}"))
        except JobNotFound:
            continue
        except ServiceUnavailable as error:
            silent = error
    raise silent or JobNotFound(f"no job {job_id!r}: `voxloop jobs` lists them")


def list_jobs(target: Target) -> list[Job]:
    """List the jobs of all services, newest first."""
    found = [Job.model_validate(entry) for service in JOB_SERVICES for entry in target.get(service, "/jobs")]
    return sorted(found, key=lambda job: job.created, reverse=True)


def wait_for_job(target: Target, job: Job, report: Report) -> Job:
    """Follow a job to its end; a service that is being restarted meanwhile is waited for."""
    while not job.state.is_final:
        report(job.progress, job.message or str(job.state), job.eta_s)
        time.sleep(_POLL_S)
        job = _patiently(partial(find_job, target, job.id))
    return job


def follow_log(target: Target, job: Job) -> Iterator[str]:
    """Give what a job has logged, and what it goes on to log until it ends."""
    offsets = dict.fromkeys(_STREAMS, 0)
    while True:
        is_last = job.state.is_final  # asked before reading, so that the last lines are not missed
        for stream in _STREAMS:
            text, offsets[stream] = _patiently(partial(_read_log, target, job, stream, offsets[stream]))
            if text:
                yield text
        if is_last:
            return
        time.sleep(_POLL_S)
        job = _patiently(partial(find_job, target, job.id))


def read_log(target: Target, job: Job) -> Iterator[str]:
    """Give what a job has logged so far."""
    for stream in _STREAMS:
        text, _ = _read_log(target, job, stream, 0)
        if text:
            yield text


def outcome(job: Job) -> dict[str, Any]:
    """Sum a job up: its id and state, and its result or error; a model is named as the commands take it."""
    found: dict[str, Any] = {"job": job.id, "state": str(job.state)} | (job.result or {})
    if isinstance(found.get("model"), dict):
        found["model"] = f"{found['model']['name']}:{found['model']['version']}"
    return found | ({"error": job.error} if job.error else {})


def explain_end(job: Job) -> str:
    """Say in a line why a job gave no result."""
    said = job.error.get("message") if job.error else None
    return f"job {job.id} was {job.state}" if job.state is State.CANCELLED else f"job {job.id} {job.state}: {said or 'see its log'}"


def _read_log(target: Target, job: Job, stream: str, after: int) -> tuple[str, int]:
    answer = target.get(job.service, f"/jobs/{job.id}/log", stream=stream, after=after)
    return answer["text"], answer["next"]


def _patiently(call: Callable[[], T]) -> T:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return call()
        except (ServiceUnavailable, ServiceTimeout):
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL_S)
