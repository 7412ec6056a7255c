"""The frame of every page: header, lights, theme, and which page the address names."""

from typing import Any
from urllib.parse import parse_qs, quote

import dash_bootstrap_components as dbc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update

from voxloop_annotate.components import EventStream
from voxloop_annotate.pages import job_actions, jobs, models, notices, predict_panel, train_panel
from voxloop_annotate.pages.annotate import annotate_page
from voxloop_annotate.pages.files import FOLDER, inline_icons
from voxloop_annotate.pages.worker import in_thread
from voxloop_annotate.studio import Studio

_FAVICON = "data:image/svg+xml," + quote((FOLDER / "favicon.svg").read_text())
"""A file would be asked for whenever the address changes: with each slice."""
INDEX = """<!DOCTYPE html>
<html lang="en" data-bs-theme="dark">
  <head>
    {%metas%}
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{%title%}</title>
    <base href="{base}">
    <link rel="icon" type="image/svg+xml" href="FAVICON">
    <link rel="stylesheet" href="{files}/vendor/bootstrap.min.css">
    <link rel="stylesheet" href="{files}/voxloop.css">
    {%css%}
  </head>
  <body>
    ICONS
    {%app_entry%}
    {%config%}
    {%scripts%}
    <script src="{files}/wholeanswers.js"></script>
    <script src="{files}/voxloop.js"></script>
    <script src="{files}/modelcells.js"></script>
    {%renderer%}
  </body>
</html>
""".replace("FAVICON", _FAVICON).replace("ICONS", inline_icons())

_PAGES = (("Annotate", "./"), ("Jobs", "./jobs"), ("Models", "./models"))


def shell() -> html.Div:
    """Lay out what stays while pages change."""
    return html.Div(
        className="vx-page",
        children=[
            dcc.Location(id="url", refresh="callback-nav"),
            dcc.Store(id="place"),
            EventStream(id="events"),
            dcc.Store(id="seen-jobs", data={}),
            html.Header(
                className="vx-header",
                children=[
                    html.Span("voxloop", className="vx-brand"),
                    dbc.Select(id="volume", className="vx-volume", options=[]),
                    html.Nav(id="nav", className="vx-nav"),
                    html.Span(id="role", className="vx-role"),
                    html.Div(id="lights", className="vx-lights", children=lights([])),
                    html.Button(id="theme", className="vx-icon-button", title="Switch between dark and light", type="button"),
                ],
            ),
            html.Div(id="page", style={"display": "contents"}),  # its children are the page's own grid rows
            html.Div([], id="toasts", className="vx-toasts"),
        ],
    )


def lights(services: list[dict[str, Any]]) -> list[html.Span]:
    """Draw a light per service."""
    known = {entry["name"]: entry for entry in services}
    return [_light(name, known.get(name)) for name in ("annotate", "registry", "train", "infer")]


def _light(name: str, entry: dict[str, Any] | None) -> html.Span:
    state = "unknown" if entry is None else "ok" if entry["ok"] else "down"
    said = "not asked yet" if entry is None else entry["message"]
    attributes = {"data-state": state, "data-service": name, "aria-label": f"{name}: {said}"}
    return html.Span(name, className="vx-light", title=f"{name}: {said}", **attributes)


def asked_volume(search: str | None) -> str | None:
    """Read the volume that an address names."""
    return next(iter(parse_qs((search or "").lstrip("?")).get("volume", [])), None)


def _nav(here: str, search: str | None) -> list[dcc.Link]:
    volume = asked_volume(search)
    query = f"?volume={volume}" if volume else ""
    return [dcc.Link(name, href=target + query, className="vx-nav-link" + (" active" if name == here else "")) for name, target in _PAGES]


def _page_of(path: str, hash_: str | None) -> tuple[str, Any]:
    """Give the name and the layout of the page at a path below the site's own address."""
    first, _, rest = path.partition("/")
    if first == "jobs":
        return "Jobs", jobs.jobs_page()
    if first == "models":
        return "Models", models.models_page(rest, hash_)
    return "Annotate", annotate_page()


def register_pages(page: Dash, studio: Studio) -> None:
    """Connect the callbacks of all pages."""

    # only the browser knows below which address the pages begin
    page.clientside_callback(ClientsideFunction("voxloop", "below"), Output("place", "data"), Input("url", "pathname"))

    @page.callback(
        Output("page", "children"), Output("nav", "children"), Input("place", "data"), State("url", "search"), State("url", "hash")
    )
    async def show_page(place: str | None, search: str | None, hash_: str | None) -> tuple[Any, Any]:
        name, contents = _page_of((place or "").strip("/"), hash_)
        return contents, _nav(name, search)

    @page.callback(
        Output("volume", "options"),
        Output("volume", "value"),
        Output("events", "volume"),
        Input("url", "search"),
        Input("events", "connected"),
    )
    async def choose_volume(search: str | None, _connected: bool | None) -> tuple[Any, Any, Any]:
        volumes, chosen = await in_thread(lambda: (studio.library.volumes(), studio.pick_volume(asked_volume(search))))
        options = [{"label": volume.name, "value": volume.id} for volume in volumes]
        volume_id = None if chosen is None else chosen.id
        return options, volume_id, volume_id

    @page.callback(Output("url", "search"), Input("volume", "value"), State("url", "search"), prevent_initial_call=True)
    async def open_volume(volume: str | None, search: str | None) -> Any:
        return no_update if volume is None or volume == asked_volume(search) else f"?volume={volume}"

    @page.callback(Output("lights", "children"), Input("events", "services"), prevent_initial_call=True)
    async def show_lights(services: list[dict[str, Any]] | None) -> Any:
        return lights(services or [])

    train_panel.register(page, studio)
    predict_panel.register(page, studio)
    job_actions.register(page, studio)
    notices.register(page, studio)
    jobs.register(page, studio)
    models.register(page, studio)
