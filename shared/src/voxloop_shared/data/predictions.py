"""Predictions: class, confidence and perhaps uncertainty per voxel, with pyramids, as one Zarr group that appears whole or not at all.

One that is still being written (a draft, see drafts.py) can be looked at, and says that it is partial.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import zarr

from voxloop_shared.data.pyramid import Reduction, build_levels, create_level, multiscales, open_group
from voxloop_shared.errors import PredictionNotFound
from voxloop_shared.files import new_folder
from voxloop_shared.schemas import PredictionInfo, VolumeInfo
from voxloop_shared.workspace import Workspace

LAYERS = ("class", "confidence")
"""What every prediction has."""
UNCERTAINTY = "uncertainty"
"""What a prediction has in which several voices (planes, ensemble members, models, flips) were fused: how much they disagree."""
REDUCTIONS: dict[str, Reduction] = {"class": "nearest", "confidence": "mean", UNCERTAINTY: "mean"}


@contextmanager
def new_prediction(workspace: Workspace, volume: VolumeInfo, prediction_id: str, layers: tuple[str, ...] = LAYERS) -> Iterator[zarr.Group]:
    """Yield a group with an array "LAYER/0" per layer to fill, which appears when the block ends well."""
    with new_folder(workspace.prediction(volume.id, prediction_id)) as folder:
        group = zarr.create_group(folder, zarr_format=3)
        for layer in layers:
            create_level(group, f"{layer}/0", volume.shape, np.dtype("uint8"))
        yield group


def finish_prediction(group: zarr.Group, volume: VolumeInfo, info: PredictionInfo) -> None:
    """Add the coarser levels and say what the prediction is."""
    for layer in layers_of(group):
        build_levels(group, f"{layer}/", volume.levels, REDUCTIONS[layer], lambda: None)
    describe(group, volume, info)


def describe(group: zarr.Group, volume: VolumeInfo, info: PredictionInfo) -> None:
    """Say what a prediction and its layers are."""
    paths = [str(number) for number in range(len(volume.levels))]
    for layer in layers_of(group):
        group[layer].attrs["ome"] = multiscales(layer, volume.levels, paths, volume.voxel_size, volume.unit)
    group.attrs["voxloop"] = info.model_dump(mode="json")


def layers_of(group: zarr.Group) -> tuple[str, ...]:
    """Name the layers that a prediction has."""
    return tuple(layer for layer in REDUCTIONS if layer in group)


def draft_path(workspace: Workspace, volume_id: str, prediction_id: str) -> Path:
    """Give where a prediction lies while it is being written."""
    path = workspace.prediction(volume_id, prediction_id)
    return path.with_name(f".{path.name}.partial")


def open_prediction(
    workspace: Workspace, volume_id: str, prediction_id: str, *, partial: bool = False
) -> tuple[PredictionInfo, zarr.Group]:
    """Open a prediction, with `partial` also one that is still being written; raises PredictionNotFound."""
    path, info = _find(workspace, volume_id, prediction_id, partial=partial)
    try:
        return info, open_group(path)
    except FileNotFoundError as error:
        if info.partial:  # it became whole, or was taken away, at this moment
            return open_prediction(workspace, volume_id, prediction_id)
        raise PredictionNotFound(f"prediction {prediction_id!r} of volume {volume_id!r} was removed") from error


def read_prediction(workspace: Workspace, volume_id: str, prediction_id: str, *, partial: bool = False) -> PredictionInfo:
    """Read what a prediction is, with `partial` also of one that is still being written; raises PredictionNotFound."""
    return _find(workspace, volume_id, prediction_id, partial=partial)[1]


def list_predictions(workspace: Workspace, volume_id: str, *, partial: bool = False) -> list[PredictionInfo]:
    """List a volume's predictions, newest first, with `partial` also those that are still being written."""
    folder = workspace.predictions_of(volume_id)
    names = {path.stem for path in folder.glob("[!.]*.zarr")}
    if partial:
        names |= {path.name[1 : -len(".zarr.partial")] for path in folder.glob(".*.zarr.partial")}
    found = []
    for name in names:
        try:
            found.append(read_prediction(workspace, volume_id, name, partial=partial))
        except PredictionNotFound:  # removed, or a draft of which nothing is there to be seen yet
            continue
    return sorted(found, key=lambda info: info.created, reverse=True)


def remove_prediction(workspace: Workspace, volume_id: str, prediction_id: str) -> None:
    """Delete a prediction; raises PredictionNotFound."""
    read_prediction(workspace, volume_id, prediction_id)
    shutil.rmtree(workspace.prediction(volume_id, prediction_id))


def _find(workspace: Workspace, volume_id: str, prediction_id: str, *, partial: bool) -> tuple[Path, PredictionInfo]:
    whole = workspace.prediction(volume_id, prediction_id)
    # the whole one twice: a draft is renamed between two looks at most once
    draft = draft_path(workspace, volume_id, prediction_id)
    for path in (whole, draft, whole) if partial else (whole,):
        try:
            attributes = json.loads((path / "zarr.json").read_bytes()).get("attributes", {})
        except FileNotFoundError:
            continue
        if "voxloop" in attributes:
            # where it lies says whether it is whole: a draft is described as that before it is moved, which takes a while
            return path, PredictionInfo.model_validate(attributes["voxloop"] | {"partial": path == draft})
    raise PredictionNotFound(f"volume {volume_id!r} has no prediction {prediction_id!r}")
