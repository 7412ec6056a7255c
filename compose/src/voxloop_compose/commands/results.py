"""export, stats and postprocess: what is made of predictions."""

from pathlib import Path
from typing import Annotated

import typer

from voxloop_compose import console
from voxloop_compose.chain_files import ChainOption, PresetOption, chosen_chain
from voxloop_compose.commands.jobs import WaitOption, submit_job
from voxloop_compose.target import JsonOption, VolumeArgument, WorkspaceOption, find_target
from voxloop_shared.errors import InvalidInput

PredictionArgument = Annotated[str, typer.Argument(metavar="PREDICTION", help="A prediction's id, or `latest`.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (export, stats, postprocess):
        app.command()(command)


def export(
    volume: VolumeArgument,
    prediction: PredictionArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Ends in .tif, .nii.gz or .zarr.")],
    layer: Annotated[str, typer.Option(help="class, confidence or uncertainty.")] = "class",
    mask: Annotated[str | None, typer.Option(metavar="CLASS", help="Write only this class (id or name), as 0 and 1.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a prediction to a file."""
    from voxloop_compose.prediction_files import write_prediction

    target = find_target(workspace)
    info = target.volume(volume)
    with console.progress(f"writing {file.name}") as report:
        used = write_prediction(target, info, prediction, file, layer, mask, lambda done: report(done, "", None))
    if as_json:
        return console.print_json({"volume": info.id, "prediction": used, "layer": layer, "mask": mask, "file": str(file)})
    return console.say(f"{file}: {layer if mask is None else f'class {mask}'} of prediction {used}")


def stats(
    volume: VolumeArgument,
    prediction: PredictionArgument = "latest",
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the table to a file.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say how much of each class there is: voxels, fraction of the volume, space."""
    from voxloop_compose.prediction_files import measure_prediction, write_amounts

    target = find_target(workspace)
    info = target.volume(volume)
    with console.progress("counting voxels") as report:
        amounts = measure_prediction(target, info, prediction, lambda done: report(done, "", None))
    if csv is not None:
        write_amounts(amounts, csv.expanduser())
    if as_json:
        return console.print_json(amounts.model_dump(mode="json"))
    has_space = amounts.unit != "voxels"
    rows = [
        (entry.id, entry.name, entry.voxels, f"{entry.fraction:.2%}", *([f"{entry.space:.6g}", f"{entry.ml:.6g}"] if has_space else []))
        for entry in amounts.classes
    ]
    columns = ("id", "class", "voxels", "fraction", *([amounts.unit.replace("3", "³"), "ml"] if has_space else []))
    return console.print_table(columns, rows, "no classes")


def postprocess(
    volume: VolumeArgument,
    prediction: PredictionArgument,
    chain: ChainOption = None,
    preset: PresetOption = None,
    wait: WaitOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new prediction from another by a chain of steps, without predicting again."""
    from voxloop_compose.prediction_files import find_prediction

    steps = chosen_chain(chain, preset)
    if steps is None:
        raise InvalidInput("name the steps: --chain FILE or --preset NAME")
    target = find_target(workspace)
    info = target.volume(volume)
    used = find_prediction(target, info, prediction)
    order = {"volume": info.id, "prediction": used, "chain": steps}
    submit_job(target, "infer", order, wait, as_json, path="/jobs/postprocess")
