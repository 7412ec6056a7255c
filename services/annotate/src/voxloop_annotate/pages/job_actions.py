"""The buttons of a job that pause it, go on with it and give it up."""

from typing import Any

from dash import ALL, Dash, Input, Output, Patch, ctx, no_update

from voxloop_annotate.pages.toasts import toast_of
from voxloop_annotate.pages.worker import change_in_thread
from voxloop_annotate.studio import Studio
from voxloop_shared.errors import VoxloopError


def register(page: Dash, studio: Studio) -> None:
    """Connect the buttons; what becomes of the job comes as an event."""

    @page.callback(
        Output("toasts", "children", allow_duplicate=True),
        Input({"type": "pause", "service": ALL, "job": ALL}, "n_clicks"),
        Input({"type": "go-on", "service": ALL, "job": ALL}, "n_clicks"),
        Input({"type": "cancel", "service": ALL, "job": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    async def act(*clicks: list[int | None]) -> Any:
        address = ctx.triggered_id
        if not any(map(any, clicks)) or not isinstance(address, dict):
            return no_update
        move = {"pause": studio.loop.pause, "go-on": studio.loop.resume, "cancel": studio.loop.cancel}[address["type"]]
        try:
            await change_in_thread(lambda: move(address["service"], address["job"]))
        except VoxloopError as error:
            patch = Patch()
            patch.append(toast_of(f"Cannot {address['type'].replace('-', ' ')}", error))
            return patch
        return no_update
