"""The images of the workspace: volumes and predictions, cut into planes through one cache of chunks, and what is computed of them."""

import math
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voxloop_annotate.catalogue import Catalogue
from voxloop_annotate.histograms import Histogram, count_intensities
from voxloop_annotate.planes import Bounds, plane_region, read_plane
from voxloop_annotate.superpixels import superpixels
from voxloop_shared.data.blocks import Region
from voxloop_shared.data.chunks import CachedArray, ChunkCache
from voxloop_shared.data.predictions import list_predictions, open_prediction, read_prediction
from voxloop_shared.data.volumes import level_array, open_volume, read_info
from voxloop_shared.errors import InvalidInput, NotFound, VolumeNotFound
from voxloop_shared.schemas import Axis, Level, PredictionInfo, VolumeInfo
from voxloop_shared.workspace import Workspace

_OPEN_ARRAYS = 64
_HISTOGRAMS = 64
_HISTOGRAM_VOXELS = 1_000_000
"""A coarser level of fewer voxels than this would show too few of the rare intensities."""
_REGION_BYTES = 32 << 20

ReadLevel = Callable[[CachedArray, Level], NDArray[Any]]


class Library:
    """Reads planes; volumes and predictions never change once they are there, so everything may be cached."""

    def __init__(self, workspace: Workspace, catalogue: Catalogue, cache_bytes: int) -> None:
        self._workspace = workspace
        self._catalogue = catalogue
        self._cache = ChunkCache(cache_bytes)
        self._regions = ChunkCache(_REGION_BYTES)
        self._volume_level = lru_cache(_OPEN_ARRAYS)(self._open_volume_level)
        self._prediction_level = lru_cache(_OPEN_ARRAYS)(self._open_prediction_level)
        self._histogram = lru_cache(_HISTOGRAMS)(self._count_intensities)

    def volumes(self) -> list[VolumeInfo]:
        """List the volumes; one whose files are gone is left out."""
        found = []
        for volume_id in self._catalogue.volume_ids():
            try:
                found.append(self.volume(volume_id))
            except VolumeNotFound:
                continue
        return found

    def volume(self, volume_id: str) -> VolumeInfo:
        """Say what a volume is; raises VolumeNotFound."""
        return read_info(self._workspace, volume_id)

    def predictions(self, volume_id: str) -> list[PredictionInfo]:
        """List a volume's predictions, newest first; those that are still being written are partial."""
        self.volume(volume_id)
        return list_predictions(self._workspace, volume_id, partial=True)

    def slice(
        self, volume_id: str, axis: Axis, index: int, level: int, rows: Bounds = (None, None), columns: Bounds = (None, None)
    ) -> NDArray[Any]:
        """Cut a plane out of a volume; raises VolumeNotFound, InvalidInput."""
        array, grid = self._volume_level(volume_id, level)
        return read_plane(array, plane_region(grid, axis, index, rows, columns), axis)

    def voxels(self, volume_id: str, region: Region) -> NDArray[Any]:
        """Read a region of level 0 that lies inside the volume; raises VolumeNotFound."""
        return self._volume_level(volume_id, 0)[0].read(region)

    def regions(
        self, volume_id: str, axis: Axis, index: int, size: int, rows: Bounds = (None, None), columns: Bounds = (None, None)
    ) -> NDArray[np.uint16]:
        """Number the superpixels, about `size` voxels wide, of a part of a plane at level 0; raises VolumeNotFound, InvalidInput."""
        key = (self.volume(volume_id).digest, axis, index, size, rows, columns)
        found = self._regions.get(key)
        if found is None:
            found = superpixels(self.slice(volume_id, axis, index, 0, rows, columns), size)
            self._regions.put(key, found)
        return found

    def histogram(self, volume_id: str) -> Histogram:
        """Count the intensities of a volume, on the coarsest level that has a million voxels; raises VolumeNotFound."""
        return self._histogram(volume_id)

    def prediction_slice(
        self,
        volume_id: str,
        prediction_id: str,
        layer: str,
        axis: Axis,
        index: int,
        level: int,
        rows: Bounds = (None, None),
        columns: Bounds = (None, None),
    ) -> NDArray[Any]:
        """Cut a plane out of a layer of a prediction, whole or partial; raises PredictionNotFound, InvalidInput."""

        def read(array: CachedArray, grid: Level) -> NDArray[Any]:
            return read_plane(array, plane_region(grid, axis, index, rows, columns), axis)

        return self._read_layer(volume_id, prediction_id, layer, level, read)

    def prediction(self, volume_id: str, prediction_id: str) -> PredictionInfo:
        """Say what a prediction is, whole or partial; raises PredictionNotFound."""
        return read_prediction(self._workspace, volume_id, prediction_id, partial=True)

    def prediction_voxels(self, volume_id: str, prediction_id: str, layer: str, region: Region) -> NDArray[Any]:
        """Read a region of level 0 of a layer of a prediction, whole or partial; raises PredictionNotFound."""
        return self._read_layer(volume_id, prediction_id, layer, 0, lambda array, _grid: array.read(region))

    def _read_layer(self, volume_id: str, prediction_id: str, layer: str, level: int, read: ReadLevel) -> NDArray[Any]:
        info = self.prediction(volume_id, prediction_id)
        if layer not in info.layers:
            raise NotFound(f"this prediction has no layer {layer!r}: it has {' and '.join(info.layers)}")
        if info.partial:  # it grows: nothing of it may be kept
            with suppress(FileNotFoundError, KeyError):
                found = read(*self._open_prediction_level(volume_id, prediction_id, layer, level, ChunkCache(0)))
                if self.prediction(volume_id, prediction_id).partial:  # else its draft may have gone while it was read
                    return found
        return read(*self._prediction_level(volume_id, prediction_id, layer, level))

    def _open_volume_level(self, volume_id: str, level: int) -> tuple[CachedArray, Level]:
        info, group = open_volume(self._workspace, volume_id)
        grid = _level(info.levels, level)
        return CachedArray(level_array(group, str(level)), self._cache, (info.digest, level)), grid

    def _open_prediction_level(
        self, volume_id: str, prediction_id: str, layer: str, level: int, cache: ChunkCache | None = None
    ) -> tuple[CachedArray, Level]:
        info, group = open_prediction(self._workspace, volume_id, prediction_id, partial=cache is not None)
        grid = _level(info.levels, level)
        key = (volume_id, prediction_id, layer, level)
        return CachedArray(level_array(group, f"{layer}/{level}"), self._cache if cache is None else cache, key), grid

    def _count_intensities(self, volume_id: str) -> Histogram:
        info, group = open_volume(self._workspace, volume_id)
        large = [number for number, level in enumerate(info.levels) if math.prod(level.shape) >= _HISTOGRAM_VOXELS]
        return count_intensities(np.asarray(level_array(group, str(max(large, default=0)))[:]))


def _level(levels: list[Level], number: int) -> Level:
    if not 0 <= number < len(levels):
        raise InvalidInput(f"no level {number}: the pyramid has levels 0 to {len(levels) - 1}")
    return levels[number]
