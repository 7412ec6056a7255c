"""Reading voxels: from the volume, or from a block of it that was read ahead."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import zarr
from cachetools import LRUCache
from numpy.typing import NDArray

from voxloop_shared.data.blocks import Region, within
from voxloop_shared.errors import VolumeNotFound

Read = Callable[[Region], NDArray[Any]]
Shape = tuple[int, int, int]


def _go_on() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Image:
    """What is decided on: voxels (z, y, x) of a shape.

    `check` is called between the steps, and may raise to end them; `tidy` whenever a model has looked at all of it along one orientation.

    With a `shelf`, features are kept for the next look at the same place. `flat` is the axis across which one slice is looked at:
    answers are then smoothed within the slice only, for its neighbours would cost many times as much.
    """

    read: Read
    shape: Shape
    check: Callable[[], None] = _go_on
    shelf: "Shelf | None" = None
    flat: int | None = None
    tidy: Callable[[], None] = _go_on


def reader_of(array: zarr.Array[Any], volume_id: str) -> Read:
    """Read from a volume's level; the reader raises VolumeNotFound once the volume is gone."""

    def read(region: Region) -> NDArray[Any]:
        block = np.asarray(array[region])
        # to zarr a chunk that is not there is empty: a volume that somebody deletes would turn black
        if not block.any() and not _is_there(array):
            raise VolumeNotFound(f"volume {volume_id!r} was removed while it was being predicted")
        return block

    return read


class Shelf:
    """Computed arrays of one image in a cache that several images share."""

    def __init__(self, cache: LRUCache[Hashable, Any], image: Hashable) -> None:
        self._cache = cache
        self._image = image

    def fetch(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Give what is kept under a key, or make it and keep it unless it is larger than the cache."""
        found = self._cache.get((self._image, key))
        if found is None:
            found = make()
            if self._cache.getsizeof(found) <= self._cache.maxsize:
                self._cache[self._image, key] = found
        return found


class Held:
    """A part of a volume that is in memory."""

    def __init__(self, region: Region, voxels: NDArray[Any], read: Read) -> None:
        self._region = region
        self._voxels = voxels
        self._read = read

    def read(self, region: Region) -> NDArray[Any]:
        """Give voxels of a region of the volume; those that are not held are read now."""
        if not all(a.start <= b.start and b.stop <= a.stop for a, b in zip(self._region, region, strict=True)):
            return self._read(region)
        return self._voxels[within(region, self._region)]


def _is_there(array: zarr.Array[Any]) -> bool:
    """Say whether the array's own description can still be read."""
    try:
        zarr.open_array(array.store_path, mode="r")
    except FileNotFoundError:
        return False
    return True
