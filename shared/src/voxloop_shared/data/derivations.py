"""Predictions made from others: their classes are new, everything else is the source's own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import zarr

from voxloop_shared.data.predictions import describe, layers_of
from voxloop_shared.data.pyramid import build_levels, create_level, open_group
from voxloop_shared.data.volumes import level_array
from voxloop_shared.errors import PredictionNotFound
from voxloop_shared.files import new_folder
from voxloop_shared.schemas import PredictionInfo, VolumeInfo
from voxloop_shared.workspace import Workspace

SCRATCH = "scratch"
"""A group beside the layers for what is needed meanwhile; gone when the prediction is finished."""


@contextmanager
def new_derivation(workspace: Workspace, volume: VolumeInfo, source_id: str, prediction_id: str) -> Iterator[zarr.Group]:
    """Yield a group with an empty "class/0" to fill and an empty SCRATCH; it appears when the block ends well.

    The other layers are the source's: they say how sure the model was of what it answered. Raises PredictionNotFound.
    """
    source = workspace.prediction(volume.id, source_id)
    with new_folder(workspace.prediction(volume.id, prediction_id)) as folder:
        group = zarr.create_group(folder, zarr_format=3)
        try:
            for layer in layers_of(open_group(source)):
                if layer != "class":
                    shutil.copytree(source / layer, folder / layer)
        except FileNotFoundError as error:
            raise PredictionNotFound(f"prediction {source_id!r} of volume {volume.id!r} is gone") from error
        create_level(group, "class/0", volume.shape, np.dtype("uint8"))
        group.create_group(SCRATCH)
        yield group


def finish_derivation(group: zarr.Group, volume: VolumeInfo, info: PredictionInfo) -> None:
    """Add the coarser levels of the classes and say what the prediction is."""
    del group[SCRATCH]
    build_levels(group, "class/", volume.levels, "nearest", lambda: None)
    describe(group, volume, info)


def class_array(group: zarr.Group) -> zarr.Array[Any]:
    """Give the classes at full resolution."""
    return level_array(group, "class/0")
