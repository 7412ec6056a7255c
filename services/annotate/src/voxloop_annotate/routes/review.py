"""Review: places worth a look, and what became of them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from voxloop_annotate.reviewbook import Entry, Outcome
from voxloop_annotate.reviewtable import entries_csv, yields_of
from voxloop_annotate.studio import Studio
from voxloop_shared.jobs.job import Job
from voxloop_shared.review import ACQUISITIONS, MOST_PLACES, Acquisition
from voxloop_shared.schemas import Axis, Schema
from voxloop_shared.server import CallerDep


class ProposeRequest(Schema):
    """Propose places by a prediction, or at random without one; a place is a square of `side` voxels across one of `axes`."""

    acquisition: Acquisition = ACQUISITIONS[0].name
    prediction: str | None = Field(default=None, max_length=80)
    count: int = Field(default=20, ge=1, le=MOST_PLACES)
    side: int | None = Field(default=None, ge=8, le=1024)
    axes: list[Axis] | None = Field(default=None, min_length=1, max_length=3)


class Decision(Schema):
    """What became of a place (null: it is open again); `acceptance` is the snapshot that accepting the prediction there made."""

    outcome: Outcome | None
    acceptance: str | None = Field(default=None, max_length=64)


def review_router(studio: Studio) -> APIRouter:
    """Make the routes; all open pages of the volume are told of every change."""
    router = APIRouter(prefix="/api/volumes/{volume_id}/review")
    reviews = studio.reviews

    @router.get("")
    def read_review(volume_id: str) -> dict[str, Any]:
        """Read the queue: the places of the newest proposal, best first, and the ways to choose places."""
        state = reviews.state(volume_id).model_dump(mode="json")
        return state | {"acquisitions": [entry.model_dump() for entry in ACQUISITIONS]}

    @router.get("/records", response_model=None)
    def read_records(volume_id: str, kind: Annotated[Literal["json", "csv"], Query(alias="format")] = "json") -> object:
        """Read all places that were ever proposed and what became of them, and what each way to choose brought; as CSV a download."""
        entries = reviews.entries(volume_id)
        if kind == "csv":
            headers = {"Content-Disposition": f'attachment; filename="{volume_id}-review.csv"'}
            return Response(entries_csv(entries), media_type="text/csv", headers=headers)
        described = [entry.model_dump(mode="json") for entry in entries]
        return {"places": described, "yields": [each.model_dump() for each in yields_of(entries)]}

    @router.post("", status_code=201)
    def propose(volume_id: str, body: ProposeRequest, who: CallerDep) -> Job:
        """Have places proposed; the queue is replaced when they are found."""
        job = reviews.propose(volume_id, who.user, **body.model_dump())
        studio.hub.publish(volume_id, "review", {})
        return job

    @router.post("/{number}/show")
    def show(volume_id: str, number: int) -> dict[str, Any]:
        """Note that a place is being looked at."""
        reviews.show(volume_id, number)
        return {}

    @router.put("/{number}/outcome")
    def decide(volume_id: str, number: int, body: Decision, who: CallerDep) -> Entry:
        """Note what became of a place; the last word counts."""
        entry = reviews.decide(volume_id, number, body.outcome, who.user, body.acceptance)
        studio.hub.publish(volume_id, "review", {})
        return entry

    return router
