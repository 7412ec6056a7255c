"""up, down and status: the stack itself."""

import os
from pathlib import Path
from typing import Annotated

import typer

from voxloop_compose import console, shutdown
from voxloop_compose.background import start_detached
from voxloop_compose.foreground import run_stack
from voxloop_compose.rundir import default_workspace
from voxloop_compose.status import StackStatus, read_status
from voxloop_compose.target import JsonOption, WorkspaceOption, find_target
from voxloop_shared.errors import InvalidInput

_PHASES = {True: "ok", False: "down"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (up, down, status):
        app.command()(command)


def up(
    workspace: Annotated[
        Path | None, typer.Argument(help="Folder of the workspace; made when missing.", show_default="~/.local/share/voxloop/default")
    ] = None,
    runtime: Annotated[str, typer.Option(help="Where the services run: process.")] = "process",
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port of the door on 127.0.0.1.", show_default="8050, else a free one")
    ] = None,
    no_tcp: Annotated[bool, typer.Option("--no-tcp", help="Listen on Unix sockets only.")] = False,
    demo: Annotated[bool, typer.Option("--demo", help="Add the demo volume, a nerve.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Run in the background; `voxloop down` ends it.")] = False,
) -> None:
    """Start the stack and keep it running until Ctrl-C."""
    if runtime != "process":
        raise InvalidInput(f"no runtime {runtime!r}: this version has process")
    if no_tcp and port is not None:
        raise InvalidInput("--port and --no-tcp exclude each other")
    root = _workspace(workspace)
    if detach:
        start_detached(root, port=port, has_door=not no_tcp, has_demo=demo)
    else:
        run_stack(root, port=port, has_door=not no_tcp, has_demo=demo)


def down(workspace: WorkspaceOption = None) -> None:
    """Stop a stack and wait until it is gone."""
    stopped = shutdown.stop_stack(workspace)
    console.remark(f"stopped the stack of {stopped}")


def status(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Say how a stack and its services are."""
    found = read_status(find_target(workspace))
    if as_json:
        console.print_json(found.model_dump(mode="json"))
    else:
        _print_status(found)
    if not found.ok:
        raise typer.Exit(1)


def _print_status(found: StackStatus) -> None:
    console.say(f"workspace {found.workspace}")
    if found.url:
        console.say(f"url       {found.url}")
    console.say(f"socket    {found.socket}")
    rows = [
        (s.service, _PHASES[s.ok], s.label, s.restarts, ", ".join(s.devices), s.queue_length if s.ok else "", s.message)
        for s in found.services
    ]
    console.print_table(("service", "state", "process", "restarts", "devices", "jobs", ""), rows, "no services")


def _workspace(given: Path | None) -> Path:
    named = os.environ.get("VOXLOOP_WORKSPACE")
    return given or (Path(named) if named else default_workspace())
