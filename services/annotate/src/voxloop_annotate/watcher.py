"""Watches jobs and services on behalf of the open pages, and starts what waits for a job."""

import asyncio
import logging

from voxloop_annotate.hub import Hub
from voxloop_annotate.loop import Light, Loop
from voxloop_shared.errors import VoxloopError
from voxloop_shared.jobs.job import Job, State

log = logging.getLogger(__name__)

_PERIOD_S = 0.5
_LIGHTS_EVERY = 4
_WATCHED = ("train", "infer")


class Watcher:
    """Asks only while a page is open or a prediction waits for its training; remembers the newest state for new pages."""

    def __init__(self, loop: Loop, hub: Hub) -> None:
        self._loop = loop
        self._hub = hub
        self._jobs: dict[tuple[str, str], Job | None] = {}
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
        jobs = [self._loop.newest_job(service, volume) for service in _WATCHED if volume]
        told = [("job", job.model_dump(mode="json")) for job in jobs if job is not None]
        return [("services", [light.model_dump() for light in lights]), *told]

    def _look(self, turn: int) -> None:
        self._loop.run_follow_ups()
        watched = self._hub.watched
        for volume in watched - {""}:
            for service in _WATCHED:
                self._look_at(service, volume)
        if watched and turn % _LIGHTS_EVERY == 0:
            lights = self._loop.lights()
            if lights != self._lights:
                self._hub.publish(None, "services", [light.model_dump() for light in lights])
            self._lights = lights

    def _look_at(self, service: str, volume: str) -> None:
        job = self._loop.newest_job(service, volume)
        known = self._jobs.get((service, volume))
        if job is None or job == known:
            return
        self._jobs[service, volume] = job
        self._hub.publish(volume, "job", job.model_dump(mode="json"))
        if service == "infer" and _has_to_show(job) != (_has_to_show(known) if known is not None and known.id == job.id else None):
            self._hub.publish(volume, "predictions", {"newest": (job.result or {}).get("prediction")})


def _has_to_show(job: Job) -> str | None:
    """Say what of its prediction a job has to show: nothing, a part, or all."""
    if job.state is State.SUCCEEDED:
        return "all"
    return "part" if job.message.startswith("block") and job.state is not State.CANCELLED else None
