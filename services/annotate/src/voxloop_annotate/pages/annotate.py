"""The Annotate page: tools, image, panel, status line."""

from dash import html

from voxloop_annotate.components import Canvas, ClassList, FlagList, HistoryPanel, LayerPanel, ReviewPanel, RoundList, StatusLine, ToolStrip
from voxloop_annotate.pages.predict_panel import predict_panel
from voxloop_annotate.pages.train_panel import train_panel


def annotate_page() -> list[html.Main | StatusLine]:
    """Lay out the page; the components find their volume by themselves."""
    panel = [
        html.Section([html.H2("Classes", className="vx-section-title"), ClassList(id="classes")], className="vx-section"),
        train_panel(),
        predict_panel(),
        html.Section([html.H2("Review", className="vx-section-title"), ReviewPanel(id="review")], className="vx-section"),
        html.Section([html.H2("Rounds", className="vx-section-title"), RoundList(id="rounds")], className="vx-section"),
        html.Section([html.H2("Layers", className="vx-section-title"), LayerPanel(id="layers")], className="vx-section"),
        html.Section([html.H2("Look again", className="vx-section-title"), FlagList(id="flags")], className="vx-section"),
        html.Section([html.H2("History", className="vx-section-title"), HistoryPanel(id="history")], className="vx-section"),
    ]
    return [
        html.Main(
            className="vx-main",
            children=[
                ToolStrip(id="tools"),
                html.Div(Canvas(id="canvas"), className="vx-stage"),
                html.Aside(
                    panel, className="vx-panel", **{"aria-label": "Classes, training, prediction, review, rounds, layers, flags, history"}
                ),
            ],
        ),
        StatusLine(id="status"),
    ]
