"""Reads through a cache of decoded chunks, so that a slice next to the last one costs no decoding."""

import threading
from collections.abc import Hashable
from typing import Any

import numpy as np
import zarr
from cachetools import LRUCache
from numpy.typing import NDArray

from voxloop_shared.data.blocks import Region, blocks_of


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


class CachedArray:
    """An immutable Zarr array read through a cache; `key` names the array in the cache."""

    def __init__(self, array: zarr.Array[Any], cache: ChunkCache, key: Hashable) -> None:
        self.shape: tuple[int, int, int] = array.shape  # type: ignore[assignment]
        self.dtype: np.dtype[Any] = np.dtype(array.dtype)
        self._array = array
        self._chunk: tuple[int, int, int] = array.chunks  # type: ignore[assignment]
        self._cache = cache
        self._key = key

    def read(self, region: Region) -> NDArray[Any]:
        """Give the voxels of a region that lies inside the array."""
        cells = [range(part.start // c, -(-part.stop // c)) for part, c in zip(region, self._chunk, strict=True)]
        missing = [cell for cell in _cells(cells) if self._cache.get((self._key, cell)) is None]
        fresh = self._decode(missing)
        out = np.empty(tuple(part.stop - part.start for part in region), self.dtype)
        for cell in _cells(cells):
            corner = [k * c for k, c in zip(cell, self._chunk, strict=True)]
            chunk = fresh.get(cell)
            chunk = self._cache.get((self._key, cell)) if chunk is None else chunk
            if chunk is None:  # pushed out meanwhile by another reader
                chunk = self._decode([cell])[cell]
            to, of = _overlap(region, corner, chunk.shape)
            out[to] = chunk[of]
        return out

    def _decode(self, cells: list[tuple[int, ...]]) -> dict[tuple[int, ...], NDArray[Any]]:
        """Decode chunks, all in one read: zarr decodes them side by side."""
        if not cells:
            return {}
        low = [min(cell[axis] for cell in cells) for axis in range(3)]
        high = [max(cell[axis] for cell in cells) + 1 for axis in range(3)]
        box = tuple(slice(a * c, min(b * c, n)) for a, b, c, n in zip(low, high, self._chunk, self.shape, strict=True))
        block = np.asarray(self._array[box])
        fresh = {}
        for part in blocks_of(block.shape, self._chunk):
            cell = tuple(a + p.start // c for a, p, c in zip(low, part, self._chunk, strict=True))
            fresh[cell] = np.ascontiguousarray(block[part])
            self._cache.put((self._key, cell), fresh[cell])
        return fresh


def _cells(ranges: list[range]) -> list[tuple[int, ...]]:
    zs, ys, xs = ranges
    return [(z, y, x) for z in zs for y in ys for x in xs]


def _overlap(region: Region, corner: list[int], shape: tuple[int, ...]) -> tuple[Region, Region]:
    to, of = [], []
    for part, start, length in zip(region, corner, shape, strict=True):
        a, b = max(part.start, start), min(part.stop, start + length)
        to.append(slice(a - part.start, b - part.start))
        of.append(slice(a - start, b - start))
    return tuple(to), tuple(of)  # type: ignore[return-value]
