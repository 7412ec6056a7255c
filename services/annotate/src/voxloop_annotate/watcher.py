"""Watches jobs and services on behalf of the open pages, and starts what waits for a job."""

import asyncio
import logging

from voxloop_annotate.hub import Hub
from voxloop_annotate.loop import Light, Loop
from voxloop_annotate.reviews import Reviews
from voxloop_shared.errors import VoxloopError
from voxloop_shared.jobs.job import Job, State

log = logging.getLogger(__name__)

_PERIOD_S = 0.5
_LIGHTS_EVERY = 4
_WATCHED = (("train", False), ("infer", False), ("infer", True))
"""Services whose newest job pages are told of; reviews beside the others, for they would hide a prediction that goes on."""


class Watcher:
    """Asks only while a page is open or a prediction waits for its training; remembers the newest state for new pages."""

    def __init__(self, loop: Loop, reviews: Reviews, hub: Hub) -> None:
        self._loop = loop
        self._reviews = reviews
        self._hub = hub
        self._jobs: dict[tuple[str, str, bool], Job | None] = {}
        self._lights: list[Light] = []

    async def run(self) -> None:
        """Watch until cancelled."""
        turn = 0
        while True:
            try:
                await asyncio.to_thread(self._look, turn)
            except (VoxloopError, OSError):
                log.exception("cannot watch the jobs")
            turn += 1
            await asyncio.sleep(_PERIOD_S)

    def snapshot(self, volume: str) -> list[tuple[str, object]]:
        """Give what a page that opens now must know."""
        lights = self._lights or self._loop.lights()
        jobs = [self._loop.newest_job(service, volume, of_reviews=of_reviews) for service, of_reviews in _WATCHED if volume]
        told = [("job", job.model_dump(mode="json")) for job in jobs if job is not None]
        return [("services", [light.model_dump() for light in lights]), *told]

    def _look(self, turn: int) -> None:
        self._loop.run_follow_ups()
        for volume in self._reviews.collect():
            self._hub.publish(volume, "review", {})
        watched = self._hub.watched
        for volume in watched - {""}:
            for service, of_reviews in _WATCHED:
                self._look_at(service, volume, of_reviews)
        if watched and turn % _LIGHTS_EVERY == 0:
            lights = self._loop.lights()
            if lights != self._lights:
                self._hub.publish(None, "services", [light.model_dump() for light in lights])
            self._lights = lights

    def _look_at(self, service: str, volume: str, of_reviews: bool) -> None:
        job = self._loop.newest_job(service, volume, of_reviews=of_reviews)
        known = self._jobs.get((service, volume, of_reviews))
        if job is None or job == known:
            return
        self._jobs[service, volume, of_reviews] = job
        self._hub.publish(volume, "job", job.model_dump(mode="json"))
        if (
            service == "infer"
            and not of_reviews
            and _has_to_show(job) != (_has_to_show(known) if known is not None and known.id == job.id else None)
        ):
            self._hub.publish(volume, "predictions", {"newest": (job.result or {}).get("prediction")})


def _has_to_show(job: Job) -> str | None:
    """Say what of its prediction a job has to show: nothing, a part, or all."""
    if job.state is State.SUCCEEDED:
        return "all"
    return "part" if job.message.startswith("block") and job.state is not State.CANCELLED else None
