"""Predictions written to files, and measured."""

from collections.abc import Callable
from pathlib import Path

from voxloop_compose.signals import interruptible_steps
from voxloop_compose.target import Target
from voxloop_shared.data.classmasks import ClassMask, find_class
from voxloop_shared.data.exports import Readable, export_array
from voxloop_shared.data.predictions import layers_of, list_predictions, open_prediction, read_prediction
from voxloop_shared.data.statistics import Amounts, amounts_csv, count_classes, measure_classes
from voxloop_shared.data.volumes import level_array
from voxloop_shared.errors import InvalidInput, NameTaken, PredictionNotFound
from voxloop_shared.files import write_atomic
from voxloop_shared.schemas import VolumeInfo

LATEST = "latest"

Progress = Callable[[float], None]


def write_prediction(
    target: Target, volume: VolumeInfo, prediction: str, path: Path, layer: str, mask: str | None, on_progress: Progress
) -> str:
    """Write one layer of a prediction, or the mask of one class; give the prediction's id.

    Raises PredictionNotFound, UnknownClass, InvalidInput for a layer that there is not, and what the export raises.
    """
    info, group = open_prediction(target.workspace, volume.id, find_prediction(target, volume, prediction))
    if layer not in (known := layers_of(group)):
        raise InvalidInput(f"no layer {layer!r}: the prediction has {', '.join(known)}")
    if mask is not None and layer != "class":
        raise InvalidInput(f"--mask is of classes: it does not go with --layer {layer}")
    array: Readable = level_array(group, f"{layer}/0")
    classes = info.classes if layer == "class" else None
    if mask is not None:
        array, classes = ClassMask(array, find_class(info.classes, mask).id), None
    with interruptible_steps(on_progress) as step:
        export_array(array, path.expanduser(), volume.voxel_size, volume.unit, classes, step)
    return info.id


def measure_prediction(target: Target, volume: VolumeInfo, prediction: str, on_progress: Progress) -> Amounts:
    """Say how much of each class there is; raises PredictionNotFound."""
    info, group = open_prediction(target.workspace, volume.id, find_prediction(target, volume, prediction))
    with interruptible_steps(on_progress) as step:
        counts = count_classes(level_array(group, "class/0"), step)
    return measure_classes(counts, info.classes, volume, info.id)


def write_amounts(amounts: Amounts, path: Path) -> None:
    """Write amounts as CSV; raises NameTaken when the file exists, InvalidInput for a missing folder."""
    if path.exists():
        raise NameTaken(f"{path} exists already: choose another name or delete it first")
    if not path.parent.is_dir():
        raise InvalidInput(f"no folder {path.parent}")
    write_atomic(path, amounts_csv(amounts).encode())


def find_prediction(target: Target, volume: VolumeInfo, prediction: str) -> str:
    """Give the id of a prediction, the newest for `latest`; raises PredictionNotFound."""
    if prediction != LATEST:
        return read_prediction(target.workspace, volume.id, prediction).id
    found = list_predictions(target.workspace, volume.id)
    if not found:
        raise PredictionNotFound(f"volume {volume.id!r} has no prediction yet: `voxloop predict` makes one")
    return found[0].id
