"""Notices in the corner: done goes by itself, errors stay until closed (`dismiss.mjs` closes them)."""

import secrets

from dash import dcc, html

from voxloop_shared.errors import VoxloopError


def done_toast(title: str, text: str, link: tuple[str, str] | None = None) -> html.Div:
    """Say quietly that something is done; `link` is a text and an address."""
    return _toast("done", title, [html.Div(text), *([dcc.Link(link[0], href=link[1], className="vx-toast-link")] if link else [])])


def error_toast(title: str, message: str, detail: object = None) -> html.Div:
    """Say what went wrong; stays until closed, with the details folded away."""
    fold = [html.Details([html.Summary("details"), html.Pre(str(detail))])] if detail else []
    return _toast("error", title, [html.Div(message), *fold])


def toast_of(title: str, error: VoxloopError) -> html.Div:
    """Show an error that a service answered with."""
    return error_toast(title, error.message, error.detail)


def _toast(kind: str, title: str, body: list[html.Div | html.Details | dcc.Link]) -> html.Div:
    icon = html.Span(className=f"vx-i vx-i-{'alert' if kind == 'error' else kind}")
    close = html.Button(
        html.Span(className="vx-i vx-i-close"),
        className="vx-icon-button",
        type="button",
        **{"data-action": "dismiss", "aria-label": "Close"},
    )
    contents = [icon, html.Div([html.Strong(title), *body], className="vx-toast-body"), close]
    role = "alert" if kind == "error" else "status"
    return html.Div(contents, id=f"toast-{secrets.token_hex(6)}", className="vx-toast", role=role, **{"data-kind": kind})
