"""The Jobs page: what ran, what runs, what went wrong."""

from datetime import datetime
from typing import Any

from dash import ALL, Dash, Input, Output, Patch, ctx, dcc, html, no_update

from voxloop_annotate.pages.job_card import eta, outcome
from voxloop_annotate.pages.toasts import toast_of
from voxloop_annotate.pages.worker import change_in_thread, in_thread
from voxloop_annotate.studio import Studio
from voxloop_shared.errors import VoxloopError
from voxloop_shared.jobs.job import Job

_HEADS = ("State", "Job", "Volume", "By", "Started", "Took", "Outcome", "")


def jobs_page() -> html.Main:
    """Lay out the page; the table fills itself."""
    body = [html.H1("Jobs", className="vx-title"), html.Div(id="job-list"), html.Pre(id="job-log", className="vx-log")]
    return html.Main(html.Div(body, className="vx-scroll"), className="vx-main")


def register(page: Dash, studio: Studio) -> None:
    """Connect the page."""

    @page.callback(Output("job-list", "children"), Input("events", "jobs"), Input("job-list", "id"))
    async def list_jobs(_jobs: Any, _id: str) -> Any:
        try:
            found = await in_thread(lambda: [*studio.loop.jobs("train"), *studio.loop.jobs("infer")])
        except VoxloopError as error:
            return html.Div(error.message, className="vx-empty", role="alert")
        if not found:
            return html.Div("No job yet. Paint a few strokes of each class on the Annotate page and press Train.", className="vx-empty")
        rows = [_row(job) for job in sorted(found, key=lambda job: job.created, reverse=True)]
        return html.Table([html.Thead(html.Tr([html.Th(head) for head in _HEADS])), html.Tbody(rows)], className="vx-table")

    @page.callback(
        Output("job-log", "children"),
        Output("toasts", "children", allow_duplicate=True),
        Input({"type": "log", "service": ALL, "job": ALL}, "n_clicks"),
        Input({"type": "resume", "service": ALL, "job": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    async def act(log_clicks: list[int | None], resume_clicks: list[int | None]) -> Any:
        address = ctx.triggered_id
        if not (any(log_clicks) or any(resume_clicks)) or not isinstance(address, dict):
            return no_update, no_update
        try:
            if address["type"] == "log":
                text = await in_thread(lambda: studio.loop.log_of(address["service"], address["job"]))
                return text or "The job has written nothing.", no_update
            await change_in_thread(lambda: studio.loop.resume(address["service"], address["job"]))
        except VoxloopError as error:
            patch = Patch()
            patch.append(toast_of("That did not work", error))
            return no_update, patch
        return no_update, no_update


def _row(job: Job) -> html.Tr:
    plain = job.model_dump(mode="json")
    cells = (
        html.Span(job.state, className="vx-chip", **{"data-state": str(job.state)}),
        job.title,
        job.volume,
        job.author,
        html.Span(f"{job.created:%Y-%m-%d %H:%M}", title=job.created.isoformat()),
        _took(job.started, job.finished) or eta(plain),
        (job.error or {}).get("message") or _outcome(plain) or job.message,
        _buttons(job),
    )
    return html.Tr([html.Td(cell) for cell in cells], **{"data-job": job.id})


def _outcome(job: dict[str, Any]) -> list[str | dcc.Link]:
    """Say what came of a job, with a way to the model in it: its card says who taught it."""
    text, model = outcome(job), (job.get("result") or {}).get("model")
    if not text or not model:
        return [text] if text else []
    name = f"{model['name']}:{model['version']}"
    before, _, after = text.partition(name)
    return [before, dcc.Link(name, href=f"./models/{model['name']}/{model['version']}", className="vx-inline-link"), after]


def _buttons(job: Job) -> html.Div:
    address = {"service": job.service, "job": job.id}
    buttons = [html.Button("Log", id={"type": "log", **address}, className="vx-secondary", type="button")]
    if not job.state.is_final:
        buttons.append(html.Button("Cancel", id={"type": "cancel", **address}, className="vx-secondary", type="button"))
    elif job.state != "succeeded":
        buttons.append(html.Button("Run again", id={"type": "resume", **address}, className="vx-secondary", type="button"))
    return html.Div(buttons, className="vx-row")


def _took(started: datetime | None, finished: datetime | None) -> str:
    if started is None or finished is None:
        return ""
    seconds = (finished - started).total_seconds()
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"
