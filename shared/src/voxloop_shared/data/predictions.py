"""Predictions: class and confidence per voxel, with pyramids, as one Zarr group that appears whole or not at all."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import zarr

from voxloop_shared.data.pyramid import build_levels, create_level, multiscales, open_group
from voxloop_shared.errors import PredictionNotFound
from voxloop_shared.files import new_folder
from voxloop_shared.schemas import PredictionInfo, VolumeInfo
from voxloop_shared.workspace import Workspace

LAYERS = ("class", "confidence")


@contextmanager
def new_prediction(workspace: Workspace, volume: VolumeInfo, prediction_id: str) -> Iterator[zarr.Group]:
    """Yield a group with the arrays "class/0" and "confidence/0" to fill, which appears when the block ends well."""
    with new_folder(workspace.prediction(volume.id, prediction_id)) as folder:
        group = zarr.create_group(folder, zarr_format=3)
        for layer in LAYERS:
            create_level(group, f"{layer}/0", volume.shape, np.dtype("uint8"))
        yield group


def finish_prediction(group: zarr.Group, volume: VolumeInfo, info: PredictionInfo) -> None:
    """Add the coarser levels and say what the prediction is."""
    for layer, reduction in (("class", "nearest"), ("confidence", "mean")):
        build_levels(group, f"{layer}/", volume.levels, reduction, lambda: None)  # type: ignore[arg-type]
        paths = [str(number) for number in range(len(volume.levels))]
        subgroup = group[layer]
        subgroup.attrs["ome"] = multiscales(layer, volume.levels, paths, volume.voxel_size, volume.unit)
    group.attrs["voxloop"] = info.model_dump(mode="json")


def open_prediction(workspace: Workspace, volume_id: str, prediction_id: str) -> tuple[PredictionInfo, zarr.Group]:
    """Open a prediction; raises PredictionNotFound."""
    info = read_prediction(workspace, volume_id, prediction_id)
    return info, open_group(workspace.prediction(volume_id, prediction_id))


def read_prediction(workspace: Workspace, volume_id: str, prediction_id: str) -> PredictionInfo:
    """Read what a prediction is; raises PredictionNotFound."""
    path = workspace.prediction(volume_id, prediction_id) / "zarr.json"
    try:
        return PredictionInfo.model_validate(json.loads(path.read_bytes())["attributes"]["voxloop"])
    except FileNotFoundError as error:
        raise PredictionNotFound(f"volume {volume_id!r} has no prediction {prediction_id!r}") from error


def list_predictions(workspace: Workspace, volume_id: str) -> list[PredictionInfo]:
    """List a volume's predictions, newest first."""
    names = [path.stem for path in workspace.predictions_of(volume_id).glob("[!.]*.zarr")]
    found = [read_prediction(workspace, volume_id, name) for name in names]
    return sorted(found, key=lambda info: info.created, reverse=True)


def remove_prediction(workspace: Workspace, volume_id: str, prediction_id: str) -> None:
    """Delete a prediction; raises PredictionNotFound."""
    read_prediction(workspace, volume_id, prediction_id)
    shutil.rmtree(workspace.prediction(volume_id, prediction_id))
