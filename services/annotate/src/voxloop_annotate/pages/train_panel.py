"""The Train section of the panel: start, watch, cancel; and the notices when jobs end."""

from typing import Any

import dash_bootstrap_components as dbc
from dash import ALL, Dash, Input, Output, Patch, State, ctx, html, no_update

from voxloop_annotate.pages.job_card import is_paused, job_card, kind_of, outcome
from voxloop_annotate.pages.toasts import done_toast, error_toast, toast_of
from voxloop_annotate.pages.worker import in_thread
from voxloop_annotate.studio import Studio
from voxloop_shared.errors import VoxloopError
from voxloop_shared.identity import this_process

_BUDGETS = (("30 s", 30), ("60 s", 60), ("3 min", 180), ("10 min", 600))


def train_panel() -> html.Section:
    """Lay out the section."""
    return html.Section(
        className="vx-section",
        children=[
            html.H2("Train", className="vx-section-title"),
            html.Div(
                className="vx-row",
                children=[
                    dbc.Select(id="train-learner", options=[{"label": "unet", "value": "unet"}], value="unet"),
                    dbc.Select(id="train-budget", options=[{"label": text, "value": str(s)} for text, s in _BUDGETS], value="60"),
                ],
            ),
            html.Button("Train", id="train-start", className="vx-primary", type="button", title="Train on the strokes, then predict (T)"),
            html.Div(id="train-job", className="vx-job-slot", **{"aria-live": "polite"}),
        ],
    )


def register(page: Dash, studio: Studio) -> None:
    """Connect the section."""

    @page.callback(Output("train-learner", "options"), Input("train-learner", "id"))
    async def list_learners(_id: str) -> Any:
        try:
            learners = await in_thread(studio.loop.learners)
        except VoxloopError:
            return no_update  # the service's light says it; the default stays
        return [{"label": entry["name"], "value": entry["name"]} for entry in learners]

    @page.callback(
        Output("toasts", "children", allow_duplicate=True),
        Output("train-job", "children", allow_duplicate=True),
        Input("train-start", "n_clicks"),
        State("events", "volume"),
        State("train-learner", "value"),
        State("train-budget", "value"),
        prevent_initial_call=True,
    )
    async def start(_clicks: int | None, volume: str | None, learner: str, budget: str) -> Any:
        if not _clicks or volume is None:
            return no_update, no_update
        author = this_process().user
        try:
            job = await in_thread(lambda: studio.loop.start_training(volume, learner, float(budget), author))
        except VoxloopError as error:
            return _add(toast_of("Cannot train yet", error)), no_update
        return [], job_card(job.model_dump(mode="json"))  # what stood in the way before is settled

    @page.callback(Output("train-job", "children"), Input("events", "jobs"), Input("train-job", "id"))
    async def show_job(jobs: dict[str, Any] | None, _id: str) -> Any:
        return job_card((jobs or {}).get("train"))

    @page.callback(
        Output("toasts", "children", allow_duplicate=True),
        Input({"type": "cancel", "service": ALL, "job": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    async def cancel(clicks: list[int | None]) -> Any:
        if not any(clicks) or not isinstance(ctx.triggered_id, dict):
            return no_update
        service, job = ctx.triggered_id["service"], ctx.triggered_id["job"]
        try:
            await in_thread(lambda: studio.loop.cancel(service, job))
        except VoxloopError as error:
            return _add(toast_of("Cannot cancel", error))
        return no_update

    @page.callback(
        Output("toasts", "children", allow_duplicate=True),
        Output("seen-jobs", "data"),
        Input("events", "jobs"),
        State("seen-jobs", "data"),
        prevent_initial_call=True,
    )
    async def announce(jobs: dict[str, Any] | None, seen: dict[str, str]) -> Any:
        current = {job["id"]: job["state"] for job in (jobs or {}).values() if job}
        ended = [
            job for job in (jobs or {}).values() if job and seen.get(job["id"]) in ("queued", "running") and seen[job["id"]] != job["state"]
        ]
        notices = [notice for job in ended if (notice := _notice(job)) is not None]
        return (_add(*notices) if notices else no_update), current


def _notice(job: dict[str, Any]) -> html.Div | None:
    what = kind_of(job)
    if job["state"] == "succeeded":
        return done_toast(f"{what} done", outcome(job))
    if job["state"] in ("failed", "interrupted") and not is_paused(job):
        error = job.get("error") or {}
        return error_toast(f"{what} {job['state']}", error.get("message", "see the job's log"), error.get("detail"))
    return None


def _add(*toasts: html.Div) -> Patch:
    patch = Patch()
    patch.extend(list(toasts))
    return patch
