"""The newest labels of a volume, for the page: chunks that nobody has painted cost nothing, others are decoded once per change."""

import threading
from itertools import product
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from voxloop_shared.data.blocks import Region, clip_region, regions_of
from voxloop_shared.data.chunks import ChunkCache
from voxloop_shared.data.labels import Labels
from voxloop_shared.data.masks import slices_of

_FEW = 6
"""Chunks that are decoded one by one; more are read together, which decodes them side by side."""

Cell = tuple[int, int, int]
"""The place of a chunk in the grid of chunks (z, y, x)."""


class NewestLabels:
    """Reads through a cache that follows the history: each change says in its box which chunks it may have touched."""

    def __init__(self, labels: Labels, cache: ChunkCache, key: str) -> None:
        self._labels = labels
        self._cache = cache
        self._key = key
        self._lock = threading.Lock()
        self._size: Cell = labels.array().chunks  # type: ignore[assignment]
        earlier = labels.history.since(0)
        self._seen, self._snapshot = len(earlier), earlier[-1].snapshot
        self._touched: dict[Cell, int] = {self._cell(region): 0 for region in labels.painted(self._snapshot)}

    def read(self, region: Region) -> tuple[NDArray[np.uint8], str]:
        """Give the labels of a region (z, y, x), and the snapshot that they are of."""
        with self._lock:
            snapshot = self._follow()
            cells = {cell: self._touched[cell] for cell in self._cells(region) if cell in self._touched}
        missing = [cell for cell, revision in cells.items() if self._cache.get((self._key, cell, revision)) is None]
        fresh = self._decode(self._labels.array(snapshot), missing)
        for cell, chunk in fresh.items():
            self._cache.put((self._key, cell, cells[cell]), chunk)
        out = np.zeros(tuple(part.stop - part.start for part in region), np.uint8)
        for cell, revision in cells.items():
            found = fresh.get(cell)
            found = self._cache.get((self._key, cell, revision)) if found is None else found
            if found is None:  # pushed out meanwhile by another reader
                found = self._decode(self._labels.array(snapshot), [cell])[cell]
            place = self._region(cell)
            shared = clip_region(place, region)
            assert shared is not None
            out[_within(shared, region)] = found[_within(shared, place)]
        return out, snapshot

    def _follow(self) -> str:
        """Take in the changes since the last look; give the newest snapshot."""
        for commit in self._labels.history.since(self._seen):
            self._seen, self._snapshot = self._seen + 1, commit.snapshot
            if commit.box is not None:
                self._touched.update(dict.fromkeys(self._cells(slices_of(commit.box)), self._seen))
        return self._snapshot

    def _decode(self, array: zarr.Array[Any], cells: list[Cell]) -> dict[Cell, NDArray[np.uint8]]:
        if len(cells) <= _FEW:
            return {cell: np.asarray(array[self._region(cell)]) for cell in cells}
        low, high = np.min(cells, axis=0), np.max(cells, axis=0)
        first, last = self._region(tuple(low)), self._region(tuple(high))
        whole: Region = tuple(slice(a.start, b.stop) for a, b in zip(first, last, strict=True))  # type: ignore[assignment]
        block = np.asarray(array[whole])
        return {cell: np.ascontiguousarray(block[_within(self._region(cell), whole)]) for cell in cells}

    def _cells(self, region: Region) -> list[Cell]:
        zs, ys, xs = (range(part.start // size, -(-part.stop // size)) for part, size in zip(region, self._size, strict=True))
        return list(product(zs, ys, xs))

    def _cell(self, region: Region) -> Cell:
        z, y, x = (part.start // size for part, size in zip(region, self._size, strict=True))
        return z, y, x

    def _region(self, cell: Cell) -> Region:
        return regions_of([cell], self._labels.shape, self._size)[0]


def _within(inner: Region, outer: Region) -> Region:
    """Give where a region lies in a larger one."""
    z, y, x = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(inner, outer, strict=True))
    return z, y, x
