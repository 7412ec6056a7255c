"""models export, import and mirror: models that leave the workspace, and come in."""

from pathlib import Path
from typing import Annotated

import typer

from voxloop_compose import console
from voxloop_compose.target import JsonOption, WorkspaceOption, find_target

ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="NAME, NAME@alias or NAME:version.")]


def register(group: typer.Typer) -> None:
    """Add the commands to `models`."""
    for name, command in (("export", export_model), ("import", import_model), ("mirror", mirror_model)):
        group.command(name)(command)


def export_model(
    model: ModelArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    form: Annotated[
        str, typer.Option("--format", help="bundle (for voxloop), bioimageio (bioimage.io package, for voxloop, too) or onnx.")
    ] = "bundle",
    license_id: Annotated[
        str | None, typer.Option("--license", metavar="SPDX", help="What others may do with a bioimage.io package, e.g. CC-BY-4.0.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a model to a file, for another workspace or another program."""
    from voxloop_compose.model_files import write_model

    target = find_target(workspace)
    with console.progress(f"writing {file.name}") as report:
        size = write_model(target, model, file.expanduser(), form, license_id, report)
    if as_json:
        return console.print_json({"model": model, "format": form, "file": str(file), "size": size})
    return console.say(f"{file}: {model} as {form}, {size / 1e6:.1f} MB")


def import_model(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A bundle, or a bioimage.io package that voxloop exported.")],
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Name of the model.", show_default="the name it had")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add the model of a file to the registry, as a new version; nothing of the file is ever run."""
    from voxloop_compose.model_files import read_model

    target = find_target(workspace)
    with console.progress(f"reading {file.name}") as report:
        found = read_model(target, file.expanduser(), name, report)
    origin = found.manifest["settings"]["origin"]
    if as_json:
        return console.print_json({"model": f"{found.name}:{found.version}", "digest": found.digest, "origin": origin})
    return console.say(f"{found.name}:{found.version} is what was {origin['name']}:{origin['version']}, by {origin['author']}")


def mirror_model(
    model: Annotated[str, typer.Argument(metavar="NAME", help="A model's name: all its versions are mirrored.")],
    to: Annotated[str, typer.Option("--to", metavar="URL", help="An MLflow tracking server, e.g. http://localhost:5000.")],
    experiment: Annotated[str, typer.Option(help="The experiment on the server that gets the runs.")] = "voxloop",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy a model to an MLflow server: weights, settings, metrics, curves, aliases; what is there already is left as it is.

    MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, are sent where they are set.
    """
    from voxloop_compose.mirroring import mirror

    target = find_target(workspace)
    with console.progress(f"mirroring {model}") as report:
        done = mirror(target, model, to, experiment, report)
    if as_json:
        return console.print_json(done.model_dump(mode="json"))
    added = ", ".join(f"{model}:{number}" for number in done.added) or "nothing new"
    return console.say(f"{to}: {added}; aliases {', '.join(f'{alias} → {number}' for alias, number in done.aliases.items()) or 'none'}")
