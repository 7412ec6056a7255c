"""up, down and status: the stack itself."""

from pathlib import Path
from typing import Annotated

import typer

from voxloop_compose import console, shutdown
from voxloop_compose.background import start_detached
from voxloop_compose.containers.gpus import AUTO
from voxloop_compose.foreground import run_stack
from voxloop_compose.rundir import wanted_workspace
from voxloop_compose.runtimes import PROCESS, RuntimeChoice
from voxloop_compose.stack_order import StackOrder
from voxloop_compose.status import StackStatus, read_status
from voxloop_compose.target import JsonOption, WorkspaceOption, find_target

_PHASES = {True: "ok", False: "down"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (up, down, status):
        app.command()(command)


def up(
    workspace: Annotated[
        Path | None, typer.Argument(help="Folder of the workspace; made when missing.", show_default="~/.local/share/voxloop/default")
    ] = None,
    runtime: Annotated[
        str, typer.Option(envvar="VOXLOOP_RUNTIME", help="Where the services run: process, or podman (rootless containers).")
    ] = PROCESS,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port of the door on 127.0.0.1.", show_default="8050, else a free one")
    ] = None,
    no_tcp: Annotated[bool, typer.Option("--no-tcp", help="Listen on Unix sockets only.")] = False,
    demo: Annotated[bool, typer.Option("--demo", help="Add the demo volume, a nerve.")] = False,
    share: Annotated[
        str | None, typer.Option(metavar="GROUP", help="Let members of this unix group in; `voxloop share` says what each may do.")
    ] = None,
    gpu: Annotated[str, typer.Option(help="GPUs that containers see: auto, all, none, or numbers like 0,1.")] = AUTO,
    memory: Annotated[list[str] | None, typer.Option(metavar="SERVICE=SIZE", help="Most memory of a container: train=16g.")] = None,
    cpus: Annotated[list[str] | None, typer.Option(metavar="SERVICE=N", help="Most processors of a container: train=4.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Run in the background; `voxloop down` ends it.")] = False,
) -> None:
    """Start the stack and keep it running until Ctrl-C."""
    root = wanted_workspace(workspace).expanduser().resolve()
    choice = RuntimeChoice(runtime, gpu, tuple(memory or ()), tuple(cpus or ()))
    order = StackOrder(root, port=port, has_door=not no_tcp, has_demo=demo, share_with=share, runtime=choice)
    if detach:
        start_detached(order)
    else:
        run_stack(order)


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
    if found.shared_socket:
        console.say(f"shared    with {found.share}: {found.shared_socket}")
    rows = [
        (
            s.service,
            _PHASES[s.ok],
            s.label,
            s.restarts,
            ", ".join(s.devices),
            _megabytes(s.memory_bytes),
            s.queue_length if s.ok else "",
            s.message or s.image,
        )
        for s in found.services
    ]
    console.print_table(("service", "state", "process", "restarts", "devices", "memory", "jobs", ""), rows, "no services")


def _megabytes(size_bytes: int | None) -> str:
    return "" if size_bytes is None else f"{size_bytes / 1e6:.0f} MB"
