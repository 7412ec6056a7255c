"""Reads through a cache of decoded chunks, so that a slice next to the last one costs no decoding."""

import threading
from collections.abc import Callable, Hashable, Mapping
from itertools import product
from typing import Any

import numpy as np
import zarr
from cachetools import LRUCache
from numpy.typing import NDArray

from voxloop_shared.data.blocks import Region, regions_of, within

Cell = tuple[int, int, int]
"""The place of a chunk in the grid of chunks (z, y, x)."""

_FEW = 6
"""Chunks that may be decoded one by one."""


class ChunkCache:
    """Decoded chunks of any arrays, least recently used out first, bounded in bytes; safe between threads."""

    def __init__(self, limit_bytes: int) -> None:
        self._chunks: LRUCache[Hashable, NDArray[Any]] = LRUCache(limit_bytes, getsizeof=lambda chunk: chunk.nbytes)
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> NDArray[Any] | None:
        """Give a chunk, or None."""
        with self._lock:
            found: NDArray[Any] | None = self._chunks.get(key)
            return found

    def put(self, key: Hashable, chunk: NDArray[Any]) -> None:
        """Keep a chunk, unless it is larger than the cache."""
        with self._lock:
            if chunk.nbytes <= self._chunks.maxsize:
                self._chunks[key] = chunk


class ChunkReader:
    """Reads regions of arrays of one shape and one grid of chunks through a cache; who asks says under what key each chunk is kept."""

    def __init__(self, shape: Cell, size: Cell, dtype: np.dtype[Any], cache: ChunkCache) -> None:
        self._shape = shape
        self._size = size
        self._dtype = dtype
        self._cache = cache

    def cells(self, region: Region) -> list[Cell]:
        """Give the chunks that a region touches."""
        zs, ys, xs = (range(part.start // size, -(-part.stop // size)) for part, size in zip(region, self._size, strict=True))
        return list(product(zs, ys, xs))

    def read(self, open_array: Callable[[], zarr.Array[Any]], region: Region, keys: Mapping[Cell, Hashable]) -> NDArray[Any]:
        """Give the voxels of a region inside the array; chunks without a key are taken as zero. Opens the array only to decode."""
        missing = [cell for cell, key in keys.items() if self._cache.get(key) is None]
        fresh = self._decode(open_array(), missing) if missing else {}
        for cell, chunk in fresh.items():
            self._cache.put(keys[cell], chunk)
        out = np.zeros(tuple(part.stop - part.start for part in region), self._dtype)
        for cell, key in keys.items():
            found = fresh.get(cell)
            found = self._cache.get(key) if found is None else found
            if found is None:  # pushed out meanwhile by another reader
                found = self._decode(open_array(), [cell])[cell]
            to, of = self._overlap(region, cell, found.shape)
            out[to] = found[of]
        return out

    def _decode(self, array: zarr.Array[Any], cells: list[Cell]) -> dict[Cell, NDArray[Any]]:
        """Decode chunks: in one read, which decodes them side by side, unless they are few and far apart."""
        low, high = np.min(cells, axis=0), np.max(cells, axis=0) + 1
        if len(cells) <= _FEW and len(cells) < np.prod(high - low):
            return {cell: np.asarray(array[self._region(cell)]) for cell in cells}
        z, y, x = (slice(int(a * s), int(min(b * s, n))) for a, b, s, n in zip(low, high, self._size, self._shape, strict=True))
        block = np.asarray(array[z, y, x])
        return {cell: np.ascontiguousarray(block[within(self._region(cell), (z, y, x))]) for cell in cells}

    def _overlap(self, region: Region, cell: Cell, shape: tuple[int, ...]) -> tuple[Region, Region]:
        """Give where a chunk lies in the region, and what part of it; in one go, as a slice takes many chunks."""
        to, of = [], []
        for part, place, size, length in zip(region, cell, self._size, shape, strict=True):
            start = place * size
            a, b = max(part.start, start), min(part.stop, start + length)
            to.append(slice(a - part.start, b - part.start))
            of.append(slice(a - start, b - start))
        return tuple(to), tuple(of)  # type: ignore[return-value]

    def _region(self, cell: Cell) -> Region:
        return regions_of([cell], self._shape, self._size)[0]


class CachedArray:
    """An immutable Zarr array read through a cache; `key` names the array in the cache."""

    def __init__(self, array: zarr.Array[Any], cache: ChunkCache, key: Hashable) -> None:
        self.shape: tuple[int, int, int] = array.shape  # type: ignore[assignment]
        self.dtype: np.dtype[Any] = np.dtype(array.dtype)
        self._array = array
        self._reader = ChunkReader(self.shape, array.chunks, self.dtype, cache)  # type: ignore[arg-type]
        self._key = key

    def read(self, region: Region) -> NDArray[Any]:
        """Give the voxels of a region that lies inside the array."""
        return self._reader.read(lambda: self._array, region, {cell: (self._key, cell) for cell in self._reader.cells(region)})
