"""The grid of the Models page: its columns, its look, and what a row shows."""

from datetime import UTC, datetime
from typing import Any

import dash_ag_grid
from dash import html

GRID = "models-grid"
BLOCK = 100
"""Rows that are asked for at once."""

_THEME = """themeQuartz.withParams({
  fontFamily: 'inherit', fontSize: 13, headerFontSize: 12, headerFontWeight: 500, spacing: 6, rowHeight: 40, headerHeight: 36,
  backgroundColor: 'var(--vx-back)', foregroundColor: 'var(--vx-text)', textColor: 'var(--vx-text)', borderColor: 'var(--vx-line)',
  headerBackgroundColor: 'var(--vx-back)', headerTextColor: 'var(--vx-muted)', rowHoverColor: 'var(--vx-hover)',
  selectedRowBackgroundColor: 'var(--vx-active)', accentColor: 'var(--vx-focus)', oddRowBackgroundColor: 'transparent',
  chromeBackgroundColor: 'var(--vx-back)', wrapperBorder: false, wrapperBorderRadius: 0, columnBorder: false,
  checkboxUncheckedBorderColor: 'var(--vx-edge)', iconColor: 'var(--vx-muted)'
})"""
"""The page's own colours, so that the grid follows its theme by itself; no style sheet or font comes from elsewhere."""

_COLUMNS: tuple[dict[str, Any], ...] = (
    {"colId": "model", "headerName": "Model", "cellRenderer": "ModelName", "width": 232, "flex": 3, "sortable": True},
    {"colId": "classes", "headerName": "Classes", "cellRenderer": "ModelClasses", "width": 152, "flex": 2},
    {"colId": "learner", "field": "learner", "headerName": "Learner", "cellRenderer": "ModelText", "width": 88, "sortable": True},
    {"colId": "dice", "headerName": "Dice ± spread", "cellRenderer": "ModelDice", "width": 136, "sortable": True},
    {"colId": "volume", "field": "volume", "headerName": "Volume", "cellRenderer": "ModelText", "width": 120, "flex": 1, "sortable": True},
    {"colId": "author", "field": "made_by", "headerName": "By", "cellRenderer": "ModelText", "width": 96, "sortable": True},
    {"colId": "created", "field": "age", "headerName": "Made", "cellRenderer": "ModelText", "width": 104, "sortable": True},
    {"colId": "size", "field": "size_text", "headerName": "Size", "cellRenderer": "ModelText", "width": 84, "sortable": True},
    {"colId": "tags", "headerName": "Tags", "cellRenderer": "ModelTags", "width": 120, "flex": 1},
)
_FIGURES = {"dice", "size"}


def model_grid(sort: tuple[str, str] | None) -> html.Div:
    """Lay out the grid, sorted by a column ("asc" or "desc") from the start; rows come by callback."""
    options = {
        "theme": {"function": _THEME},
        "rowSelection": {
            "mode": "multiRow",
            "headerCheckbox": False,
            "enableClickSelection": False,
            "hideDisabledCheckboxes": True,
            "isRowSelectable": {"function": "isModelRow(params)"},
        },
        "selectionColumnDef": {"width": 44, "minWidth": 44, "maxWidth": 44},
        "isFullWidthRow": {"function": "isGroupRow(params)"},
        "fullWidthCellRenderer": "ModelGroup",
        "cacheBlockSize": BLOCK,
        "maxConcurrentDatasourceRequests": 1,
        "infiniteInitialRowCount": 24,
        "rowBuffer": 12,
        "suppressCellFocus": False,
        "suppressScrollOnNewData": True,
        "suppressNoRowsOverlay": True,
        "ensureDomOrder": True,
        "enableCellTextSelection": True,
        "suppressDragLeaveHidesColumns": True,
        "animateRows": False,
    }
    grid = dash_ag_grid.AgGrid(
        id=GRID,
        rowModelType="infinite",
        columnDefs=[_column(column, sort) for column in _COLUMNS],
        defaultColDef={"sortable": False, "resizable": True, "suppressHeaderMenuButton": True, "sortingOrder": ["desc", "asc", None]},
        getRowId="params.data.id",
        dashGridOptions=options,
        className="vx-grid",
        style={"height": "100%", "width": "100%"},
    )
    return html.Div([grid, html.Div(id="models-state", className="vx-models-state", **{"aria-live": "polite"})], className="vx-models-body")


def grid_row(row: dict[str, Any]) -> dict[str, Any]:
    """Give what the grid shows of a row of the list; the head of a group stays as it is."""
    if "group" in row:
        return row
    metrics = row["metrics"]
    shown = {key: row[key] for key in ("id", "name", "version", "aliases", "learner", "volume", "made_by", "created", "runnable")}
    return shown | {
        "classes": [{"name": entry["name"], "color": entry["color"]} for entry in row["classes"]],
        "dice": metrics.get("mean_dice"),
        "spread": metrics.get("dice_spread"),
        "age": age_text(datetime.fromisoformat(row["created"])),
        "size_text": size_text(row["size"]),
        "tags": [*row["tags"], *(tag for tag in row["model_tags"] if tag not in row["tags"])],
        "deleted": row["deleted"],
    }


def age_text(created: datetime, now: datetime | None = None) -> str:
    """Say how long ago something was made, a date where that is more than a month."""
    seconds = ((now or datetime.now(UTC)) - created).total_seconds()
    if seconds < 60:
        return "just now"
    for unit, name, most in ((60, "min", 90), (3600, "h", 36), (86_400, "d", 31)):
        if seconds / unit < most:
            return f"{seconds / unit:.0f} {name} ago"
    return f"{created:%Y-%m-%d}"


def size_text(size: int) -> str:
    """Give a number of bytes with three digits."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} B"


def _column(column: dict[str, Any], sort: tuple[str, str] | None) -> dict[str, Any]:
    found = column | {"minWidth": column["width"]}
    if column["colId"] in _FIGURES:
        found |= {"headerClass": "vx-grid-figure", "cellClass": "vx-grid-figure"}
    if sort is not None and sort[0] == column["colId"] and column.get("sortable"):
        found["initialSort"] = sort[1]
    return found
