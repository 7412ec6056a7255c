"""What is left of predictions that nobody will finish."""

from voxloop_shared.data.drafts import remove_draft
from voxloop_shared.data.predictions import draft_path
from voxloop_shared.files import remove_leftovers
from voxloop_shared.jobs.job import Job, State
from voxloop_shared.workspace import Workspace

_GIVEN_UP = (State.CANCELLED, State.SUCCEEDED)


def forget_given_up(workspace: Workspace, job: Job) -> None:
    """Delete the draft of a job that was cancelled; an interrupted or failed one may be resumed, and goes on with it."""
    if job.state is State.CANCELLED:
        remove_draft(workspace, job.volume, job.id)


def remove_half_predictions(workspace: Workspace, jobs: list[Job]) -> None:
    """Delete what earlier processes have left half written, except the drafts of jobs that can go on."""
    kept = {draft_path(workspace, job.volume, job.id) for job in jobs if job.state not in _GIVEN_UP}
    for folder in workspace.predictions.glob("*/"):
        remove_leftovers(folder, kept)
