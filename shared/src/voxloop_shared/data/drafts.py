"""Drafts: predictions that are being written, to be looked at from their first block on, and continued after an interruption."""

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import zarr
from numpy.typing import NDArray

from voxloop_shared.data.blocks import Region
from voxloop_shared.data.predictions import REDUCTIONS, describe, draft_path
from voxloop_shared.data.pyramid import create_level, update_levels
from voxloop_shared.data.volumes import level_array
from voxloop_shared.errors import PredictionNotFound
from voxloop_shared.files import keep_folder
from voxloop_shared.schemas import PredictionInfo, VolumeInfo
from voxloop_shared.workspace import Workspace

DRAFT_SHARD = (16, 256, 256)
"""What a block is a multiple of: whole shards are written without reading what lies beside the block."""


class Draft:
    """A prediction under way, in a folder of its own until it is whole; one process writes it."""

    def __init__(self, path: Path, volume: VolumeInfo, group: zarr.Group, layers: tuple[str, ...], *, is_new: bool) -> None:
        self.is_new = is_new
        self._path = path
        self._volume = volume
        self._group = group
        self._layers = layers

    @classmethod
    def open(cls, workspace: Workspace, volume: VolumeInfo, info: PredictionInfo, layers: tuple[str, ...]) -> "Draft":
        """Go on with what an earlier attempt has left, or begin anew."""
        path = draft_path(workspace, volume.id, info.id)
        with contextlib.suppress(FileNotFoundError):
            group = zarr.open_group(path, mode="r+")
            if "voxloop" in group.attrs:
                return cls(path, volume, group, layers, is_new=False)
        shutil.rmtree(path, ignore_errors=True)  # its making was interrupted
        group = zarr.create_group(path, zarr_format=3)
        for layer in layers:
            for number, level in enumerate(volume.levels):
                create_level(group, f"{layer}/{number}", level.shape, np.dtype("uint8"), DRAFT_SHARD)
        describe(group, volume, info.model_copy(update={"partial": True}))
        return cls(path, volume, group, layers, is_new=True)

    def write(self, region: Region, blocks: Mapping[str, NDArray[np.uint8]]) -> None:
        """Write a block of every layer, and what changes of the coarser levels."""
        for layer in self._layers:
            level_array(self._group, f"{layer}/0")[region] = blocks[layer]
            update_levels(self._group, f"{layer}/", self._volume.levels, region, REDUCTIONS[layer])

    def keep(self, info: PredictionInfo) -> None:
        """Make the prediction appear, whole."""
        describe(self._group, self._volume, info)
        keep_folder(self._path, self._path.with_name(self._path.name[1 : -len(".partial")]))


def remove_draft(workspace: Workspace, volume_id: str, prediction_id: str) -> None:
    """Delete what has been written of a prediction, if anything."""
    with contextlib.suppress(PredictionNotFound):
        shutil.rmtree(draft_path(workspace, volume_id, prediction_id), ignore_errors=True)
