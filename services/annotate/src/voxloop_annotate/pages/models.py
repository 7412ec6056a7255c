"""The Models page: the list, one model's card, several models side by side. The insides of card and comparison are ES modules."""

import logging
from typing import Any
from urllib.parse import parse_qs, unquote

from dash import Dash, Input, Output, Patch, State, html, no_update
from pydantic import ValidationError

from voxloop_annotate.components import ModelCard, ModelCompare, ModelTools
from voxloop_annotate.modelqueries import ModelQuery, sort_order
from voxloop_annotate.pages.model_grid import BLOCK, GRID, grid_row, model_grid
from voxloop_annotate.pages.toasts import done_toast, error_toast
from voxloop_annotate.pages.worker import in_thread
from voxloop_annotate.studio import Studio
from voxloop_shared.errors import VoxloopError

log = logging.getLogger(__name__)

_COMPARE = "compare"


def models_page(path: str, hash_: str | None = None) -> html.Main:
    """Lay out what an address below models names: "" the list, "compare/A:1,B:2" a comparison, "NAME/VERSION" a card."""
    first, _, rest = path.partition("/")
    if first == _COMPARE and ":" in unquote(rest):
        return _scrolling(ModelCompare(id="model-compare", models=unquote(rest).split(",")))
    if first:
        return _scrolling(ModelCard(id="model-card", name=unquote(first), which=unquote(rest) or "latest"))
    query, sort = read_view(hash_)
    tools = ModelTools(id="model-tools", query=query.model_dump(), sort=None if sort is None else {"column": sort[0], "order": sort[1]})
    return html.Main([html.Div([tools, model_grid(sort)], className="vx-models")], className="vx-main")


def read_view(hash_: str | None) -> tuple[ModelQuery, tuple[str, str] | None]:
    """Read filters and sorting from the part of an address after #; what makes no sense there is left out."""
    fields = {key: values[-1] for key, values in parse_qs((hash_ or "").lstrip("#")).items()}
    sort = fields.pop("sort", "")
    opened = fields.pop("opened", "")
    found = ModelQuery()
    for key, text in fields.items():
        if key not in ModelQuery.model_fields:
            continue
        try:
            found = ModelQuery.model_validate(found.model_dump() | {key: text})
        except ValidationError:
            log.debug("no view: %s=%s", key, text)
    found.opened = [value for value in opened.split("\n") if value]
    order = "desc" if sort.startswith("-") else "asc"
    return found, (sort.lstrip("-"), order) if sort else None


def register(page: Dash, studio: Studio) -> None:
    """Connect the page."""

    @page.callback(
        Output(GRID, "getRowsResponse"),
        Output("models-state", "children"),
        Output("model-tools", "total"),
        Input(GRID, "getRowsRequest"),
        State("model-tools", "query"),
        prevent_initial_call=True,
    )
    async def list_rows(request: dict[str, Any] | None, wish: dict[str, Any]) -> Any:
        if request is None:
            return no_update, no_update, no_update
        start = int(request.get("startRow") or 0)
        stop = int(request.get("endRow") or start + BLOCK)
        query = ModelQuery.model_validate(wish)
        try:
            found = await in_thread(lambda: studio.models.rows(query, sort_order(request.get("sortModel")), start, stop))
        except VoxloopError as error:
            return {"rowData": [], "rowCount": 0}, _problem(error), None
        answer = {"rowData": [grid_row(row) for row in found.rows], "rowCount": found.row_count}
        return answer, None if found.models else _nothing(query), {"models": found.models, "groups": found.groups}

    for component in ("model-card", "model-compare", "model-tools"):
        _register_notices(page, component)


def _register_notices(page: Dash, component: str) -> None:
    @page.callback(
        Output("toasts", "children", allow_duplicate=True),
        Input(component, "notice"),
        prevent_initial_call=True,
    )
    async def tell(notice: dict[str, Any] | None) -> Any:
        if notice is None:
            return no_update
        patch = Patch()
        if notice["kind"] == "done":
            link = notice.get("link")
            patch.append(done_toast(notice["title"], notice.get("text", ""), (link["text"], link["href"]) if link else None))
        else:
            patch.append(error_toast(notice["title"], notice.get("text", ""), notice.get("detail")))
        return patch


def _scrolling(component: ModelCard | ModelCompare) -> html.Main:
    return html.Main(html.Div(component, className="vx-scroll"), className="vx-main")


def _problem(error: VoxloopError) -> html.Div:
    again = html.Button("Try again", className="vx-secondary", type="button", **{"data-action": "reload-models"})
    return html.Div([html.Strong("The models cannot be listed"), html.P(error.message), again], className="vx-empty", role="alert")


def _nothing(query: ModelQuery) -> html.Div:
    """Say why the list is empty, and what to do about it."""
    if query.trash and not query.q:
        return html.Div(
            [html.Strong("Nothing was deleted"), "Deleted models stand here until their weights are collected."], className="vx-empty"
        )
    if query.is_filtered:
        clear = html.Button("Clear filters", className="vx-secondary", type="button", **{"data-action": "clear-filters"})
        return html.Div([html.Strong("No model is like that"), html.P("Use fewer words or filters."), clear], className="vx-empty")
    steps = html.P(
        ["Pick a class, paint a few strokes of each on the Annotate page, and press ", html.Strong("Train", className="vx-word"), "."]
    )
    start = html.A("Go to Annotate", href="./", className="vx-secondary vx-link-button")
    return html.Div([html.Strong("No models yet"), steps, start], className="vx-empty")
