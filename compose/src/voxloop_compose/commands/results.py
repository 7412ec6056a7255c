"""export: predictions as files of other programs."""

from pathlib import Path
from typing import Annotated

import typer

from voxloop_compose import console
from voxloop_compose.target import JsonOption, VolumeArgument, WorkspaceOption, find_target


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export)


def export(
    volume: VolumeArgument,
    prediction: Annotated[str, typer.Argument(metavar="PREDICTION", help="A prediction's id, or `latest`.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Ends in .tif, .nii.gz or .zarr.")],
    layer: Annotated[str, typer.Option(help="class or confidence.")] = "class",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a prediction to a file."""
    from voxloop_compose.prediction_files import write_prediction

    target = find_target(workspace)
    info = target.volume(volume)
    with console.progress(f"writing {file.name}") as report:
        used = write_prediction(target, info, prediction, file, layer, lambda done: report(done, "", None))
    if as_json:
        return console.print_json({"volume": info.id, "prediction": used, "layer": layer, "file": str(file)})
    return console.say(f"{file}: {layer} of prediction {used}")
