"""import, volumes and labels: images and labels in, labels out."""

from pathlib import Path
from typing import Annotated

import typer

from voxloop_compose import console
from voxloop_compose.target import JsonOption, VolumeArgument, WorkspaceOption, find_target


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import")(import_image)
    app.command("volumes")(list_volumes)
    labels = typer.Typer(help="Bring a label image in, or write the labels to a file.", no_args_is_help=True)
    labels.command("import")(import_labels)
    labels.command("export")(export_labels)
    app.add_typer(labels, name="labels")


def import_image(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="TIFF, NIfTI or NPY file with a 3D image.")],
    name: Annotated[str | None, typer.Option(help="Name of the volume.", show_default="the file's")] = None,
    voxel_size: Annotated[tuple[float, float, float] | None, typer.Option(metavar="Z Y X", help="Outdoes what the file says.")] = None,
    unit: Annotated[
        str | None, typer.Option(help="Unit of the voxel size: nm, um, mm, m or voxel.", show_default="the file's, else um")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add an image to the workspace as a volume."""
    from voxloop_compose.volume_files import add_volume  # numpy and zarr take a while to load

    target = find_target(workspace)
    with console.progress(f"importing {path.name}") as report:
        info = add_volume(target, path, name, voxel_size, unit, lambda done: report(done, "", None))
    if as_json:
        return console.print_json(info.model_dump(mode="json"))
    size = " × ".join(f"{length:g}" for length in info.voxel_size)
    return console.say(f"{info.id}: {' × '.join(map(str, info.shape))} {info.dtype}, voxel {size} {info.unit} (z, y, x)")


def list_volumes(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List the volumes."""
    volumes = find_target(workspace).volumes()
    if as_json:
        return console.print_json({"volumes": [info.model_dump(mode="json") for info in volumes]})
    rows = [
        (
            v.id,
            v.name,
            " × ".join(map(str, v.shape)),
            v.dtype,
            " × ".join(f"{s:g}" for s in v.voxel_size),
            v.unit,
            f"{v.created:%Y-%m-%d %H:%M}",
        )
        for v in volumes
    ]
    return console.print_table(
        ("id", "name", "shape (z, y, x)", "type", "voxel", "unit", "created"), rows, "no volumes: `voxloop import` adds one"
    )


def import_labels(
    volume: VolumeArgument,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Label image on the volume's grid: 0 unlabelled, 1..250 classes, 255 uncertain.")
    ],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lay a label image over the labels of a volume."""
    from voxloop_compose.label_files import send_labels

    target = find_target(workspace)
    info = target.volume(volume)
    with console.progress(f"importing {file.name}") as report:
        answer = send_labels(target, info, file, lambda done: report(done, "", None))
    if as_json:
        return console.print_json({"volume": info.id, **answer})
    counts = ", ".join(f"class {number}: {count}" for number, count in answer["counts"].items())
    return console.say(f"snapshot {answer['snapshot']}; labelled voxels: {counts}")


def export_labels(
    volume: VolumeArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Ends in .tif, .nii.gz or .zarr.")],
    snapshot: Annotated[str | None, typer.Option(help="An older version of the labels.", show_default="newest")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the labels of a volume to a file."""
    from voxloop_compose.label_files import write_labels

    target = find_target(workspace)
    info = target.volume(volume)
    with console.progress(f"writing {file.name}") as report:
        used = write_labels(target, info, file, snapshot, lambda done: report(done, "", None))
    if as_json:
        return console.print_json({"volume": info.id, "snapshot": used, "file": str(file)})
    return console.say(f"{file}: labels of {info.id}, snapshot {used}")
