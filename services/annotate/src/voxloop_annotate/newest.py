"""The newest labels of a volume, for the page: chunks that nobody has painted cost nothing, others are decoded once per change."""

import threading
from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray

from voxloop_shared.data.blocks import Region
from voxloop_shared.data.chunks import Cell, ChunkCache, ChunkReader
from voxloop_shared.data.labels import Labels
from voxloop_shared.data.masks import slices_of


class NewestLabels:
    """Reads through a cache that follows the history: each change says in its box which chunks it may have touched."""

    def __init__(self, labels: Labels, cache: ChunkCache, key: str) -> None:
        self._labels = labels
        self._key = key
        self._lock = threading.Lock()
        self._reader = ChunkReader(labels.shape, labels.array().chunks, np.dtype(np.uint8), cache)  # type: ignore[arg-type]
        earlier = labels.history.since(0)
        self._seen, self._snapshot = len(earlier), earlier[-1].snapshot
        painted = (cell for region in labels.painted(self._snapshot) for cell in self._reader.cells(region))
        self._touched: dict[Cell, int] = dict.fromkeys(painted, 0)

    def read(self, region: Region) -> tuple[NDArray[np.uint8], str]:
        """Give the labels of a region (z, y, x), and the snapshot that they are of."""
        with self._lock:
            snapshot = self._follow()
            touched = {cell: self._touched[cell] for cell in self._reader.cells(region) if cell in self._touched}
        keys: dict[Cell, Hashable] = {cell: (self._key, cell, revision) for cell, revision in touched.items()}
        return self._reader.read(lambda: self._labels.array(snapshot), region, keys), snapshot

    def _follow(self) -> str:
        """Take in the changes since the last look; give the newest snapshot."""
        for commit in self._labels.history.since(self._seen):
            self._seen, self._snapshot = self._seen + 1, commit.snapshot
            if commit.box is not None:
                self._touched.update(dict.fromkeys(self._reader.cells(slices_of(commit.box)), self._seen))
        return self._snapshot
