"""Reviews: a person is led to the places of a volume where a look helps most, and what they did there is kept."""

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np

from voxloop_annotate.annotations import Annotations
from voxloop_annotate.catalogue import Catalogue
from voxloop_annotate.library import Library
from voxloop_annotate.proposals import Proposals
from voxloop_annotate.reviewbook import Entry, Outcome, ReviewBook
from voxloop_shared.client import ServiceClient
from voxloop_shared.data.labels import Labels
from voxloop_shared.data.masks import slices_of
from voxloop_shared.errors import NotFound, ServiceTimeout, ServiceUnavailable, VoxloopError
from voxloop_shared.jobs.job import Job, State
from voxloop_shared.review import MOST_BOXES, Place, ReviewSpec
from voxloop_shared.schemas import UNLABELLED, Box, Schema

log = logging.getLogger(__name__)


class ReviewState(Schema):
    """The queue of a volume: the places of the newest proposal, best first, and how many of them have been dealt with."""

    places: list[Entry]
    reviewed: int
    waiting: str | None


@dataclass(frozen=True)
class Reviews:
    """Asks infer for places, and keeps what becomes of them."""

    infer: ServiceClient
    catalogue: Catalogue
    library: Library
    annotations: Annotations

    @property
    def book(self) -> ReviewBook:
        """Give the book of what was proposed."""
        return ReviewBook(self.catalogue)

    def propose(self, volume_id: str, author: str, **wish: Any) -> Job:
        """Have places proposed; `wish` are fields of ReviewSpec. Raises VolumeNotFound and what infer raises."""
        labels, entries = self.annotations.of(volume_id), self.book.entries(volume_id)
        seen = [entry.place.box for entry in entries if entry.shown is not None][-MOST_BOXES:]
        spec = ReviewSpec(volume=volume_id, seed=len(entries), labelled=painted_boxes(labels), seen=seen, **wish)
        job = Job.model_validate(self.infer.post("/jobs/review", spec.model_dump(mode="json")))
        self.book.await_job(job.id, volume_id, author)
        self.catalogue.note(author, "review", volume_id, f"{job.id} {spec.acquisition}")
        return job

    def collect(self) -> list[str]:
        """Take in the places of jobs that have ended; give the volumes whose queue is another now."""
        return [volume for job, volume in self.book.awaited() if self._take_in(job, volume)]

    def state(self, volume_id: str) -> ReviewState:
        """Give the queue; raises VolumeNotFound."""
        self.collect()
        entries = self.entries(volume_id)
        queue = [entry for entry in entries if entry.job == entries[-1].job]
        waiting = next((job for job, volume in self.book.awaited() if volume == volume_id), None)
        return ReviewState(places=queue, reviewed=sum(entry.outcome is not None for entry in queue), waiting=waiting)

    def entries(self, volume_id: str) -> list[Entry]:
        """List all places that were ever proposed, as they stand; raises VolumeNotFound."""
        labels = self.annotations.of(volume_id)
        return [_as_it_stands(entry, labels) for entry in self.book.entries(volume_id)]

    def show(self, volume_id: str, number: int) -> None:
        """Note that a person looks at a place; raises VolumeNotFound, NotFound."""
        labels = self.annotations.of(volume_id)
        self.book.entry(volume_id, number)
        self.book.note_shown(number, labels.head)

    def decide(self, volume_id: str, number: int, outcome: Outcome | None, author: str, acceptance: str | None = None) -> Entry:
        """Note what became of a place; raises VolumeNotFound, NotFound, SnapshotNotFound.

        `acceptance` is the snapshot that accepting the prediction there made: once that is undone, the place is open again.
        """
        labels, entry = self.annotations.of(volume_id), self.book.entry(volume_id, number)
        if acceptance is not None:
            labels.history.find(acceptance)
        painted, corrected = self._count(volume_id, labels, entry)
        self.book.note_outcome(number, outcome, author, acceptance, painted, corrected)
        return self.book.entry(volume_id, number)

    def _take_in(self, job_id: str, volume_id: str) -> bool:
        try:
            job = Job.model_validate(self.infer.get(f"/jobs/{job_id}"))
            if job.state is State.SUCCEEDED and job.result is not None:
                model = job.result["model"]
                name = None if model is None else f"{model['name']}:{model['version']}"
                snapshot = self.annotations.of(volume_id).head
                places = [Place.model_validate(place) for place in job.result["places"]]
                return self.book.take_in(job_id, volume_id, places, job.result["prediction"], name, snapshot)
        except (ServiceUnavailable, ServiceTimeout):
            return False  # it comes back: try again then
        except NotFound:
            log.warning("review job %s, or its volume, is gone", job_id)
        else:
            if not job.state.is_final:
                return False
        self.book.drop_job(job_id)
        return True

    def _count(self, volume_id: str, labels: Labels, entry: Entry) -> tuple[int, int | None]:
        """Count the voxels of a place that were painted since it was shown, and those of them that contradict the prediction."""
        region = slices_of(entry.place.box)
        now, origin = np.asarray(labels.array()[region]), labels.origin()
        try:
            changed = now != np.asarray(labels.array(entry.snapshot)[region])
        except NotFound:
            return 0, None
        painted = int(changed.sum())
        if entry.prediction is None:
            return painted, None
        by_hand = changed & (now != UNLABELLED)
        if origin is not None:
            by_hand &= np.asarray(origin[region]) == 0
        try:
            predicted = Proposals(self.library).of(volume_id, entry.prediction, labels).read(region)
        except VoxloopError:  # the prediction, or a class of it, is gone
            return painted, None
        return painted, int((by_hand & (now != predicted)).sum())


def painted_boxes(labels: Labels) -> list[Box]:
    """Give where strokes of people stand, the newest of them."""
    commits = [
        commit
        for commit in labels.history.since(0)
        if commit.is_stroke and commit.box is not None and commit.axis is not None and commit.by == "hand" and commit.value != UNLABELLED
    ]
    return [commit.box for commit in commits[-MOST_BOXES:] if commit.box is not None and not labels.history.is_undone(commit)]


def _as_it_stands(entry: Entry, labels: Labels) -> Entry:
    """Open a place again whose acceptance was undone."""
    if entry.acceptance is None or not labels.history.is_undone(labels.history.find(entry.acceptance)):
        return entry
    return entry.model_copy(update=dict.fromkeys(("outcome", "acceptance", "author", "time", "painted", "corrected")))
