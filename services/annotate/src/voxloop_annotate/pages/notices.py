"""Notices when a job of the open volume ends, whatever page is open and whoever has started it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from dash import Dash, Input, Output, Patch, State, html, no_update

from voxloop_annotate.pages.job_card import is_paused, kind_of, outcome
from voxloop_annotate.pages.toasts import done_toast, error_toast
from voxloop_annotate.studio import Studio

_FRESH = timedelta(seconds=5)
"""A job that ended longer ago, and was not seen to run, is an old story."""


def register(page: Dash, _studio: Studio) -> None:
    """Connect the notices."""

    @page.callback(
        Output("toasts", "children", allow_duplicate=True),
        Output("seen-jobs", "data"),
        Input("events", "jobs"),
        State("seen-jobs", "data"),
        prevent_initial_call=True,
    )
    async def announce(jobs: dict[str, Any] | None, seen: dict[str, str]) -> Any:
        current = [job for job in (jobs or {}).values() if job]
        notices = [notice for job in current if has_just_ended(job, seen.get(job["id"])) and (notice := notice_of(job)) is not None]
        known = seen | {job["id"]: job["state"] for job in current}
        patch = Patch()
        patch.extend(notices)
        return (patch if notices else no_update), known if known != seen else no_update


def has_just_ended(job: dict[str, Any], known: str | None) -> bool:
    """Say whether a job came to an end since its state was last seen (None: never; a short one is over when it is first heard of)."""
    if job["state"] in ("queued", "running") or known == job["state"]:
        return False
    if known is not None:
        return known in ("queued", "running")
    return job["finished"] is not None and datetime.now(UTC) - datetime.fromisoformat(job["finished"]) < _FRESH


def notice_of(job: dict[str, Any]) -> html.Div | None:
    """Draw the notice of a job's end; None where nobody waits for one."""
    what = kind_of(job)
    if job["state"] == "succeeded":
        return done_toast(f"{what} done", outcome(job), _link_of(job))
    if job["state"] in ("failed", "interrupted") and not is_paused(job):
        error = job.get("error") or {}
        return error_toast(f"{what} {job['state']}", error.get("message", "see the job's log"), error.get("detail"))
    return None


def _link_of(job: dict[str, Any]) -> tuple[str, str]:
    """Give a text and an address: a training's result stands among the jobs, all others are to be seen."""
    return ("See the job", f"./jobs?volume={job['volume']}") if job["kind"] == "train" else ("Look at it", f"./?volume={job['volume']}")
