"""A job as the panels show it: what it does, how far it is, and ways to pause it, to go on and to give up."""

from typing import Any

from dash import html

_WORDS = {
    "queued": "waiting for its turn",
    "succeeded": "done",
    "failed": "failed",
    "cancelled": "cancelled",
    "interrupted": "interrupted",
}


def job_card(job: dict[str, Any] | None) -> html.Div | None:
    """Draw a job; nothing for none."""
    if job is None:
        return None
    title = html.Span(_headline(job), className="vx-job-title", title=job["id"])
    if job["state"] in ("queued", "running"):
        left = html.Span(eta(job), className="vx-eta")
        parts = [title, left, _actions(job), _bar(job), _note(job.get("message") or "")]
    elif is_paused(job):
        parts = [title, html.Span(), _actions(job), _bar(job), _note(f"{100 * (job.get('progress') or 0):.0f} % is done, and kept")]
    elif job.get("error"):
        parts = [title, _note(job["error"]["message"], "alert")]
    else:
        parts = [title, _note(outcome(job))]
    return html.Div(parts, className="vx-job", **{"data-state": job["state"], "data-job": job["id"]})


def eta(job: dict[str, Any]) -> str:
    """Say how long a job still takes."""
    left = job.get("eta_s")
    if job["state"] != "running" or left is None:
        return ""
    return f"{left:.0f} s left" if left < 90 else f"{left / 60:.0f} min left"


def outcome(job: dict[str, Any]) -> str:
    """Say in a line what came out of a job."""
    result = job.get("result") or {}
    model = result.get("model") or {}
    name = f"{model['name']}:{model['version']}" if model else ""
    if "metrics" in result:
        dice, voxels = result["metrics"].get("mean_dice"), result["metrics"].get("held_out_voxels")
        return f"{name} · Dice {dice:.2f} on {voxels} held-out voxels" if dice is not None else f"{name} · too few strokes to hold any out"
    if "predict_s" in result:
        return f"by {name} in {result['predict_s']:.0f} s"
    if "postprocess_s" in result:
        return f"in {result['postprocess_s']:.0f} s"
    return name


def is_paused(job: dict[str, Any]) -> bool:
    """Say whether a job was interrupted because somebody wished so, not by a mishap."""
    return job["state"] == "interrupted" and not job.get("error")


def kind_of(job: dict[str, Any]) -> str:
    """Name what a job does."""
    return {"train": "Training", "postprocess": "Post-processing"}.get(job["kind"], "Prediction")


def _headline(job: dict[str, Any]) -> str:
    """Say what a job does; that it runs is said by its bar and the time that is left."""
    if job["state"] == "running":
        return kind_of(job)
    return f"{kind_of(job)} {'paused' if is_paused(job) else _WORDS[job['state']]}"


def _bar(job: dict[str, Any]) -> html.Div:
    percent = 100 * (job.get("progress") or 0.0)
    about = {"role": "progressbar", "aria-valuenow": f"{percent:.0f}", "aria-valuemin": "0", "aria-valuemax": "100"}
    state = {"data-state": {"queued": "waiting", "interrupted": "paused"}.get(job["state"], "running")}
    fill = html.Div(className="vx-bar-fill", style={"width": f"{percent:.1f}%"} if job["state"] != "queued" else {})
    return html.Div(fill, className="vx-bar", **about, **state)


def _note(text: str, role: str | None = None) -> html.Div:
    return html.Div(text, className="vx-job-note", title=text, **({"role": role} if role else {}))


def _actions(job: dict[str, Any]) -> html.Span:
    """Give the buttons that the job's state allows."""
    names = {"queued": ("Cancel",), "running": ("Pause", "Cancel"), "interrupted": ("Resume", "Cancel")}[job["state"]]
    return html.Span([_button(job, name) for name in names], className="vx-job-actions")


def _button(job: dict[str, Any], name: str) -> html.Button:
    address = {"type": _ADDRESSES[name], "service": job["service"], "job": job["id"]}
    return html.Button(
        name, id=address, className="vx-cancel vx-secondary", title=name, type="button", **{"aria-label": f"{name} this job"}
    )


_ADDRESSES = {"Cancel": "cancel", "Pause": "pause", "Resume": "go-on"}
"""What the buttons' ids say; "resume" belongs to the Jobs page, whose callback writes there."""
