"""The Predict section of the panel: which model to run, and which prediction to look at."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, Patch, State, dcc, html, no_update

from voxloop_annotate.candidates import Candidate, list_candidates
from voxloop_annotate.components import ComparePanel, ModelHint, ResultPanel
from voxloop_annotate.pages.job_card import job_card
from voxloop_annotate.pages.toasts import error_toast, toast_of
from voxloop_annotate.pages.worker import change_in_thread, in_thread, rights_of_button
from voxloop_annotate.people import asking
from voxloop_annotate.studio import Studio
from voxloop_shared.errors import VoxloopError
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
            ModelHint(id="predict-hint"),
            _expert_fold(),
            html.Button("Predict", id="predict-start", className="vx-secondary vx-wide", type="button", title="Predict the whole volume"),
            html.Div(id="predict-job", className="vx-job-slot", **{"aria-live": "polite"}),
            html.Label("Shown", htmlFor="prediction", className="vx-field-label"),
            dbc.Select(id="prediction", options=[], placeholder="no prediction yet"),
            html.Div(id="prediction-model", className="vx-quiet"),
            ComparePanel(id="compare"),
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
    _register_models(page, studio)
    _register_companions(page, studio)
    _register_predictions(page, studio)
    _register_start(page, studio)


def _register_models(page: Dash, studio: Studio) -> None:
    @page.callback(
        Output("predict-model", "options"),
        Output("predict-model", "value"),
        Input("events", "jobs"),
        Input("events", "volume"),
        Input("predict-model", "id"),
        State("predict-model", "options"),
        State("predict-model", "value"),
    )
    async def list_models(_jobs: Any, volume: str | None, _id: str, options: list[dict[str, str]], value: str | None) -> Any:
        if volume is None:
            return no_update, no_update
        try:
            fresh = [_model_option(entry) for entry in await in_thread(lambda: _candidates(studio, volume))]
        except VoxloopError:
            return no_update, no_update
        if fresh == options and value:
            return no_update, no_update
        return fresh, fresh[0]["value"] if fresh else None

    @page.callback(Output("predict-hint", "model"), Input("predict-model", "value"))
    async def hint(model: str | None) -> Any:
        return model


def _register_companions(page: Dash, studio: Studio) -> None:
    @page.callback(
        Output("predict-also", "options"),
        Output("predict-also", "value"),
        Output("predict-ensemble", "hidden"),
        Input("predict-model", "value"),
        Input("predict-model", "options"),
        State("predict-also", "value"),
        State("events", "volume"),
    )
    async def list_companions(model: str | None, _options: Any, chosen: list[str], volume: str | None) -> Any:
        if volume is None:
            return [], [], True
        try:
            found = companions(await in_thread(lambda: _candidates(studio, volume)), model)
        except VoxloopError:
            return no_update, no_update, no_update
        kept = [name for name in chosen if any(option["value"] == name for option in found)]
        return found, kept, not found


def _register_predictions(page: Dash, studio: Studio) -> None:
    @page.callback(Output("canvas", "volume"), Input("events", "volume"), Input("canvas", "id"))
    async def show_volume(volume: str | None, _id: str) -> Any:
        return volume

    @page.callback(
        Output("prediction", "options"),
        Output("prediction", "value"),
        Input("events", "volume"),
        Input("events", "predictions"),
        Input("prediction", "id"),
        State("url", "search"),
        State("prediction", "value"),
    )
    async def list_predictions(volume: str | None, _count: int | None, _id: str, search: str | None, shown: str | None) -> Any:
        if volume is None:
            return [], None
        found = await in_thread(lambda: studio.library.predictions(volume))
        asked = next(iter(parse_qs((search or "").lstrip("?")).get("prediction", [])), None) if shown is None else None
        value = next((info.id for info in found if info.id == asked), found[0].id if found else None)
        return [{"label": _prediction_label(info), "value": info.id} for info in found], value

    @page.callback(Output("prediction-model", "children"), Input("prediction", "value"), State("events", "volume"))
    async def lead_to_models(prediction: str | None, volume: str | None) -> Any:
        if prediction is None or volume is None:
            return None
        try:
            info = await in_thread(lambda: studio.library.prediction(volume, prediction))
        except VoxloopError:
            return None
        return model_links(info)

    @page.callback(Output("canvas", "prediction"), Input("prediction", "value"))
    async def show_prediction(prediction: str | None) -> Any:
        return prediction


def _register_start(page: Dash, studio: Studio) -> None:
    @page.callback(Output("predict-start", "disabled"), Output("predict-start", "title"), Input("predict-start", "id"))
    async def respect_role(_id: str) -> Any:
        return rights_of_button("Predict the whole volume")

    @page.callback(Output("predict-job", "children"), Input("events", "jobs"), Input("predict-job", "id"))
    async def show_job(jobs: dict[str, Any] | None, _id: str) -> Any:
        return job_card((jobs or {}).get("infer"))

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
    async def start(clicks: int | None, volume: str | None, model: str | None, *wishes: Any) -> Any:
        if not clicks or volume is None:
            return no_update, no_update
        patch = Patch()
        if model is None:
            patch.append(error_toast("No model yet", "Paint a few strokes of each class and press Train: that makes the first model."))
            return patch, no_update
        options = _options(model, *wishes)
        try:
            job = await change_in_thread(lambda: studio.loop.start_prediction(volume, author=asking().user, **options))
        except VoxloopError as error:
            patch.append(toast_of("Cannot predict", error))
            return patch, no_update
        return no_update, job_card(job.model_dump(mode="json"))


def _options(model: str, focus: list[int] | None, planes: str, flips: bool, also: list[str]) -> dict[str, Any]:
    """Give what infer is asked for."""
    models = {"model": None, "models": [model, *also]} if also else {"model": model}
    return models | {"focus": focus, "flips": bool(flips), "planes": None if planes == "auto" else planes}


def _candidates(studio: Studio, volume: str) -> list[Candidate]:
    return list_candidates(studio.library.volume(volume), studio.annotations.of(volume), studio.loop)


def companions(entries: list[Candidate], model: str | None) -> list[dict[str, str]]:
    """List the models that can be fused with one: the others that tell the same classes."""
    classes = {entry.model: {each.id: each.name for each in entry.classes} for entry in entries}
    return [_model_option(entry) for entry in entries if entry.model != model and classes[entry.model] == classes.get(model or "")]


def model_links(info: PredictionInfo) -> list[str | dcc.Link]:
    """Lead to the models that made a prediction: their cards say which strokes taught them, and whose."""
    links: list[str | dcc.Link] = ["made by "]
    for number, model in enumerate(info.models or [info.model]):
        links += [", "] if number else []
        links.append(dcc.Link(f"{model.name}:{model.version}", href=f"./models/{model.name}/{model.version}", className="vx-inline-link"))
    return links


def _model_option(entry: Candidate) -> dict[str, str]:
    score = f" · {entry.mean_dice:.2f}" if entry.mean_dice is not None else ""
    origin = "" if entry.is_ours else f" · from {entry.volume}"
    return {"label": f"{entry.model}{score}{origin}", "value": entry.model}


def _prediction_label(info: PredictionInfo) -> str:
    minutes = int((datetime.now(UTC) - info.created).total_seconds() // 60)
    age = "just now" if minutes < 1 else f"{minutes} min ago" if minutes < 90 else f"{info.created:%Y-%m-%d %H:%M}"
    if info.partial:
        return f"{info.model.name}:{info.model.version} · being made"
    made = " · post-processed" if info.chain else ""
    return f"{info.model.name}:{info.model.version}{made} · {age}"
