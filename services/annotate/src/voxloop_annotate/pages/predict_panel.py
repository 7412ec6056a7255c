"""The Predict section of the panel: which model to run, and which prediction to look at."""

from datetime import UTC, datetime
from typing import Any

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, Patch, State, html, no_update

from voxloop_annotate.pages.job_card import job_card
from voxloop_annotate.pages.toasts import error_toast, toast_of
from voxloop_annotate.pages.worker import in_thread
from voxloop_annotate.studio import Studio
from voxloop_shared.errors import VoxloopError
from voxloop_shared.identity import this_process
from voxloop_shared.schemas import PredictionInfo


def predict_panel() -> html.Section:
    """Lay out the section."""
    return html.Section(
        className="vx-section",
        children=[
            html.H2("Predict", className="vx-section-title"),
            dbc.Select(id="predict-model", options=[], placeholder="no model yet: train one"),
            html.Button("Predict", id="predict-start", className="vx-secondary vx-wide", type="button", title="Predict the whole volume"),
            html.Div(id="predict-job", className="vx-job-slot", **{"aria-live": "polite"}),
            html.Label("Shown", htmlFor="prediction", className="vx-field-label"),
            dbc.Select(id="prediction", options=[], placeholder="no prediction yet"),
        ],
    )


def register(page: Dash, studio: Studio) -> None:
    """Connect the section."""

    @page.callback(Output("canvas", "volume"), Input("events", "volume"), Input("canvas", "id"))
    async def show_volume(volume: str | None, _id: str) -> Any:
        return volume

    @page.callback(Output("predict-job", "children"), Input("events", "jobs"), Input("predict-job", "id"))
    async def show_job(jobs: dict[str, Any] | None, _id: str) -> Any:
        return job_card((jobs or {}).get("infer"))

    @page.callback(
        Output("predict-model", "options"),
        Output("predict-model", "value"),
        Input("events", "jobs"),
        Input("predict-model", "id"),
        State("predict-model", "options"),
        State("predict-model", "value"),
    )
    async def list_models(_jobs: Any, _id: str, options: list[dict[str, str]], value: str | None) -> Any:
        try:
            fresh = [_model_option(entry) for entry in await in_thread(studio.loop.models)]
        except VoxloopError:
            return no_update, no_update
        if fresh == options and value:
            return no_update, no_update
        return fresh, fresh[0]["value"] if fresh else None

    @page.callback(
        Output("prediction", "options"),
        Output("prediction", "value"),
        Input("events", "volume"),
        Input("events", "predictions"),
        Input("prediction", "id"),
    )
    async def list_predictions(volume: str | None, _count: int | None, _id: str) -> Any:
        if volume is None:
            return [], None
        found = await in_thread(lambda: studio.library.predictions(volume))
        return [{"label": _prediction_label(info), "value": info.id} for info in found], found[0].id if found else None

    @page.callback(Output("canvas", "prediction"), Input("prediction", "value"))
    async def show_prediction(prediction: str | None) -> Any:
        return prediction

    @page.callback(
        Output("toasts", "children", allow_duplicate=True),
        Output("predict-job", "children", allow_duplicate=True),
        Input("predict-start", "n_clicks"),
        State("events", "volume"),
        State("predict-model", "value"),
        prevent_initial_call=True,
    )
    async def start(clicks: int | None, volume: str | None, model: str | None) -> Any:
        if not clicks or volume is None:
            return no_update, no_update
        patch = Patch()
        if model is None:
            patch.append(error_toast("No model yet", "Paint a few strokes of each class and press Train: that makes the first model."))
            return patch, no_update
        try:
            job = await in_thread(lambda: studio.loop.start_prediction(volume, model, this_process().user))
        except VoxloopError as error:
            patch.append(toast_of("Cannot predict", error))
            return patch, no_update
        return no_update, job_card(job.model_dump(mode="json"))


def _model_option(entry: dict[str, Any]) -> dict[str, str]:
    latest = entry["latest"]
    dice = latest["manifest"]["metrics"].get("mean_dice")
    score = f" · {dice:.2f}" if isinstance(dice, float) else ""
    return {"label": f"{entry['name']}:{latest['version']}{score}", "value": f"{entry['name']}:{latest['version']}"}


def _prediction_label(info: PredictionInfo) -> str:
    minutes = int((datetime.now(UTC) - info.created).total_seconds() // 60)
    age = "just now" if minutes < 1 else f"{minutes} min ago" if minutes < 90 else f"{info.created:%Y-%m-%d %H:%M}"
    return f"{info.model.name}:{info.model.version} · {age}"
