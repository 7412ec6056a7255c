"""Reads through a cache of decoded chunks, so that a slice next to the last one costs no decoding.

Chunks are kept in blocks, as they were decoded. Copies of each chunk would need as much fresh memory again, and the system takes
longer to give that, page by page, than the decoding takes: a block comes in huge pages.
"""

import math
import threading
from collections.abc import Hashable, Iterator
from itertools import count
from typing import Any, NamedTuple, Protocol

import numpy as np
import zarr
from cachetools import LRUCache
from numpy.typing import NDArray

from voxloop_shared.data.blocks import Region, clip_region, size_of, within

_FEW = 6
"""Chunks that may be decoded one by one."""
_BLOCK_BYTES = 32 << 20
"""What is decoded, and thrown out, at once; a block may be larger where a single layer of chunks is."""
_GRIDS = 256
_NOWHERE = -1

Grid = NDArray[np.int64]
"""For each chunk of an array the number of the block that holds it."""


class Sized(Protocol):
    """What a cache can keep."""

    @property
    def nbytes(self) -> int: ...


class ChunkCache:
    """Keeps decoded chunks of any arrays, and the like, least recently used out first, bounded in bytes; safe between threads."""

    def __init__(self, limit_bytes: int) -> None:
        self._kept: LRUCache[Hashable, Any] = LRUCache(limit_bytes, getsizeof=lambda kept: kept.nbytes)
        self._grids: LRUCache[Hashable, Grid] = LRUCache(_GRIDS)
        self._lock = threading.Lock()
        self.numbers = count()

    def get(self, key: Hashable) -> Any | None:
        """Give what is kept under a key, or None."""
        with self._lock:
            return self._kept.get(key)

    def put(self, key: Hashable, value: Sized) -> None:
        """Keep a value, unless it is larger than the cache."""
        with self._lock:
            if value.nbytes <= self._kept.maxsize:
                self._kept[key] = value

    def grid(self, key: Hashable, shape: tuple[int, ...]) -> Grid:
        """Give where the chunks of an array lie, to be looked up and written down."""
        with self._lock:
            if key not in self._grids:
                self._grids[key] = np.full(shape, _NOWHERE, np.int64)
            return self._grids[key]


class _Block(NamedTuple):
    """The voxels of a region of an array that begins and ends with chunks."""

    region: Region
    values: NDArray[Any]

    @property
    def nbytes(self) -> int:
        return self.values.nbytes


class CachedArray:
    """An immutable Zarr array read through a cache; `key` names the array in the cache."""

    def __init__(self, array: zarr.Array[Any], cache: ChunkCache, key: Hashable) -> None:
        self.shape: tuple[int, int, int] = array.shape  # type: ignore[assignment]
        self.dtype: np.dtype[Any] = np.dtype(array.dtype)
        self._array = array
        self._size: tuple[int, int, int] = array.chunks  # type: ignore[assignment]
        self._cache = cache
        self._grid = cache.grid(key, tuple(-(-n // size) for n, size in zip(self.shape, self._size, strict=True)))

    def read(self, region: Region) -> NDArray[Any]:
        """Give the voxels of a region that lies inside the array."""
        cells = tuple(slice(part.start // size, -(-part.stop // size)) for part, size in zip(region, self._size, strict=True))
        homes = self._grid[cells].copy()
        known = {number: self._cache.get(number) for number in set(homes.ravel().tolist())}
        blocks = [block for block in known.values() if block is not None]
        missing = np.isin(homes, [number for number, block in known.items() if block is None])
        if missing.any():
            layer_bytes = math.prod((*homes.shape[1:], *self._size)) * self.dtype.itemsize
            for box in _boxes(missing, max(1, _BLOCK_BYTES // layer_bytes)):
                blocks.append(self._decode(tuple(slice(a.start + b.start, a.start + b.stop) for a, b in zip(cells, box, strict=True))))  # type: ignore[arg-type]
        out = np.empty(size_of(region), self.dtype)
        for block in blocks:
            part = clip_region(block.region, region)
            if part is not None:
                out[within(part, region)] = block.values[within(part, block.region)]
        return out

    def _decode(self, cells: Region) -> _Block:
        """Decode chunks, in one read, which does so side by side, and keep them."""
        z, y, x = (slice(part.start * s, min(part.stop * s, n)) for part, s, n in zip(cells, self._size, self.shape, strict=True))
        block = _Block((z, y, x), np.asarray(self._array[z, y, x]))
        number = next(self._cache.numbers)
        self._cache.put(number, block)
        self._grid[cells] = number
        return block


def _boxes(missing: NDArray[np.bool_], depth: int) -> Iterator[Region]:
    """Give boxes, at most `depth` high, that hold all chunks that are missing: around them, or each alone if they are few and far apart."""
    for start in range(0, len(missing), depth):
        places = np.argwhere(missing[start : start + depth])
        if not len(places):
            continue
        places[:, 0] += start
        low, high = places.min(axis=0), places.max(axis=0) + 1
        if len(places) <= _FEW and len(places) < np.prod(high - low):
            yield from (_box(place, place + 1) for place in places)
        else:
            yield _box(low, high)


def _box(low: NDArray[np.int64], high: NDArray[np.int64]) -> Region:
    z, y, x = (slice(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True))
    return z, y, x
