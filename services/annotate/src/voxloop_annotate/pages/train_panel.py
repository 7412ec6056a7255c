"""The Train section of the panel: what to train is the form's business (trainform.mjs); here it is started and watched."""

from typing import Any

from dash import Dash, Input, Output, Patch, State, html, no_update

from voxloop_annotate.components import LiveControl, TrainForm
from voxloop_annotate.pages.job_card import job_card
from voxloop_annotate.pages.toasts import error_toast, toast_of
from voxloop_annotate.pages.worker import change_in_thread, rights_of_button
from voxloop_annotate.people import asking
from voxloop_annotate.studio import Studio
from voxloop_shared.errors import VoxloopError


def train_panel() -> html.Section:
    """Lay out the section."""
    return html.Section(
        className="vx-section",
        children=[
            html.H2("Train", className="vx-section-title"),
            TrainForm(id="train-form"),
            html.Button("Train", id="train-start", className="vx-primary", type="button", title="Train on the strokes"),
            html.Div(id="train-job", className="vx-job-slot", **{"aria-live": "polite"}),
            html.Div(LiveControl(id="live"), id="live-slot"),
        ],
    )


def register(page: Dash, studio: Studio) -> None:
    """Connect the section."""

    @page.callback(
        Output("toasts", "children", allow_duplicate=True),
        Output("train-job", "children", allow_duplicate=True),
        Output("train-form", "started"),
        Input("train-start", "n_clicks"),
        State("events", "volume"),
        State("train-form", "order"),
        prevent_initial_call=True,
    )
    async def start(clicks: int | None, volume: str | None, order: dict[str, Any] | None) -> Any:
        if not clicks or volume is None or order is None:
            return no_update, no_update, no_update
        patch = Patch()
        if order["problem"]:
            patch.append(error_toast("Cannot train yet", f"{order['problem']} (see All settings)"))
            return patch, no_update, no_update
        try:
            job = await change_in_thread(lambda: studio.loop.start_training(volume, asking().user, order["after"], **order_of(order)))
        except VoxloopError as error:
            patch.append(toast_of("Cannot train yet", error))
            return patch, no_update, no_update
        card = job_card(job.model_dump(mode="json"))
        return [], card, {"id": job.id, "after": order["after"]}  # what stood in the way before is settled

    @page.callback(Output("train-start", "disabled"), Output("train-start", "title"), Input("train-start", "id"))
    async def respect_role(_id: str) -> Any:
        return rights_of_button("Train on the strokes")

    @page.callback(Output("train-job", "children"), Input("events", "jobs"), Input("train-job", "id"))
    async def show_job(jobs: dict[str, Any] | None, _id: str) -> Any:
        return job_card((jobs or {}).get("train"))


def order_of(form: dict[str, Any]) -> dict[str, Any]:
    """Give what the train service is asked for."""
    return {name: form[name] for name in ("learner", "budget_s", "parent", "accepted")} | {"config": form["settings"]}
