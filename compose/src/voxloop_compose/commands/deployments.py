"""compose-files: the stack for podman-compose, `podman kube play` and systemd."""

from pathlib import Path
from typing import Annotated

import typer

from voxloop_compose import console
from voxloop_compose.containers.description import host_folders
from voxloop_compose.containers.gpus import AUTO, choose_gpus
from voxloop_compose.deployments.files import deployment_files, template_files
from voxloop_compose.deployments.places import Places
from voxloop_compose.rundir import make_deployment_dir, stack_name, wanted_workspace
from voxloop_shared.files import write_atomic
from voxloop_shared.identity import this_process
from voxloop_shared.workspace import Workspace


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("compose-files")(compose_files)


def compose_files(
    folder: Annotated[Path, typer.Argument(help="Where compose.yaml, kube.yaml and quadlet/ go.")],
    workspace: Annotated[
        Path | None,
        typer.Option(
            "--workspace", "-w", envvar="VOXLOOP_WORKSPACE", help="Folder of the workspace.", show_default="~/.local/share/voxloop/default"
        ),
    ] = None,
    gpu: Annotated[str, typer.Option(help="GPUs that train and infer see: auto, all, none, or numbers like 0,1.")] = AUTO,
    placeholders: Annotated[
        bool, typer.Option("--placeholders", help="Write ${VOXLOOP_WORKSPACE} and ${VOXLOOP_RUN_DIR} instead of this machine's paths.")
    ] = False,
) -> None:
    """Write files that start the same containers by podman-compose, `podman kube play` or systemd (quadlet)."""
    files = template_files() if placeholders else deployment_files(_prepared_places(workspace, gpu))
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, text.encode())
        console.say(str(path))


def _prepared_places(given: Path | None, gpu: str) -> Places:
    """Make the folders that containers see, and say where they are."""
    root = wanted_workspace(given).expanduser().resolve()
    Workspace(root).prepare()
    places = Places(stack_name(root), root, make_deployment_dir(root), this_process().user, choose_gpus(gpu))
    for path in host_folders(places.workspace, places.run_dir):
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return places
