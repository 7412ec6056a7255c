"""Rounds: how the labels grew from training to training, and what that brought."""

from fastapi import APIRouter

from voxloop_annotate.rounds import Rounds, list_rounds
from voxloop_annotate.studio import Studio

_MOST_JOBS = 1000


def round_router(studio: Studio) -> APIRouter:
    """Make the route."""
    router = APIRouter(prefix="/api/volumes/{volume_id}")

    @router.get("/rounds")
    def read_rounds(volume_id: str) -> Rounds:
        """List the rounds of a volume, oldest first, and the work since the last one."""
        return list_rounds(studio.annotations.of(volume_id), studio.loop.jobs("train", volume_id, _MOST_JOBS))

    return router
