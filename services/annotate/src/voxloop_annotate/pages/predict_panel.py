"""The Predict section of the panel: which model to run, and which prediction to look at."""

from datetime import UTC, datetime
from typing import Any

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, Patch, State, html, no_update

from voxloop_annotate.components import ResultPanel
from voxloop_annotate.pages.job_card import job_card
from voxloop_annotate.pages.toasts import error_toast, toast_of
from voxloop_annotate.pages.worker import in_thread
from voxloop_annotate.studio import Studio
from voxloop_shared.errors import VoxloopError
from voxloop_shared.identity import this_process
from voxloop_shared.schemas import PredictionInfo

_PLANES = (
    ("auto", "what suits the model and the voxels"),
    ("z", "z"),
    ("zyx", "z, y and x"),
    ("nine", "nine directions: slow, smooth"),
)


def predict_panel() -> html.Section:
    """Lay out the section."""
    return html.Section(
        className="vx-section",
        children=[
            html.H2("Predict", className="vx-section-title"),
            dbc.Select(id="predict-model", options=[], placeholder="no model yet: train one"),
            _expert_fold(),
            html.Button("Predict", id="predict-start", className="vx-secondary vx-wide", type="button", title="Predict the whole volume"),
            html.Div(id="predict-job", className="vx-job-slot", **{"aria-live": "polite"}),
            html.Label("Shown", htmlFor="prediction", className="vx-field-label"),
            dbc.Select(id="prediction", options=[], placeholder="no prediction yet"),
            ResultPanel(id="results"),
        ],
    )


def _expert_fold() -> html.Details:
    """Lay out what most people leave as it is."""
    planes = dbc.Select(id="predict-planes", options=[{"label": text, "value": value} for value, text in _PLANES], value="auto")
    flips = dbc.Checkbox(id="predict-flips", label="Mirrored, too: four times as long, a little better", value=False)
    also = dbc.Checklist(id="predict-also", options=[], value=[])
    return html.Details(
        className="vx-fold",
        children=[
            html.Summary("Options"),
            html.Label("Slices along", htmlFor="predict-planes", className="vx-field-label"),
            planes,
            flips,
            html.Div([html.Span("Together with", className="vx-field-label"), also], id="predict-ensemble", hidden=True),
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
        Output("predict-also", "options"),
        Output("predict-also", "value"),
        Output("predict-ensemble", "hidden"),
        Input("predict-model", "value"),
        Input("predict-model", "options"),
        State("predict-also", "value"),
    )
    async def list_companions(model: str | None, _options: Any, chosen: list[str]) -> Any:
        try:
            found = companions(await in_thread(studio.loop.models), model)
        except VoxloopError:
            return no_update, no_update, no_update
        kept = [name for name in chosen if any(option["value"] == name for option in found)]
        return found, kept, not found

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
        State("events", "focus"),
        State("predict-planes", "value"),
        State("predict-flips", "value"),
        State("predict-also", "value"),
        prevent_initial_call=True,
    )
    async def start(
        clicks: int | None, volume: str | None, model: str | None, focus: list[int] | None, planes: str, flips: bool, also: list[str]
    ) -> Any:
        if not clicks or volume is None:
            return no_update, no_update
        patch = Patch()
        if model is None:
            patch.append(error_toast("No model yet", "Paint a few strokes of each class and press Train: that makes the first model."))
            return patch, no_update
        options = {
            "focus": focus,
            "flips": bool(flips),
            "planes": None if planes == "auto" else planes,
            "models": [model, *also] if also else [],
        }
        try:
            job = await in_thread(lambda: studio.loop.start_prediction(volume, None if also else model, this_process().user, **options))
        except VoxloopError as error:
            patch.append(toast_of("Cannot predict", error))
            return patch, no_update
        return no_update, job_card(job.model_dump(mode="json"))


def companions(entries: list[dict[str, Any]], model: str | None) -> list[dict[str, str]]:
    """List the models that can be fused with one: the others that tell the same classes."""
    classes = {option["value"]: classes for entry in entries for option, classes in [(_model_option(entry), _classes_of(entry))]}
    return [
        option
        for option in map(_model_option, entries)
        if option["value"] != model and classes[option["value"]] == classes.get(model or "")
    ]


def _classes_of(entry: dict[str, Any]) -> dict[int, str]:
    return {each["id"]: each["name"] for each in entry["latest"]["manifest"]["classes"]}


def _model_option(entry: dict[str, Any]) -> dict[str, str]:
    latest = entry["latest"]
    dice = latest["manifest"]["metrics"].get("mean_dice")
    score = f" · {dice:.2f}" if isinstance(dice, float) else ""
    return {"label": f"{entry['name']}:{latest['version']}{score}", "value": f"{entry['name']}:{latest['version']}"}


def _prediction_label(info: PredictionInfo) -> str:
    minutes = int((datetime.now(UTC) - info.created).total_seconds() // 60)
    age = "just now" if minutes < 1 else f"{minutes} min ago" if minutes < 90 else f"{info.created:%Y-%m-%d %H:%M}"
    if info.partial:
        return f"{info.model.name}:{info.model.version} · being made"
    made = " · post-processed" if info.chain else ""
    return f"{info.model.name}:{info.model.version}{made} · {age}"
