"""The newest labels of a volume, for the page: chunks that nobody has painted cost nothing, others are fetched once per change.

A chunk with some strokes is a few hundred bytes in the repository and half a megabyte in memory. It is kept as it is stored and
decoded into the same room each time, which takes 0.1 ms; filling fresh memory takes six times as long, and zarr 2 ms for each chunk.
"""

import threading

import numpy as np
from numpy.typing import NDArray

from voxloop_shared.data.blocks import Region, size_of
from voxloop_shared.data.chunks import ChunkCache
from voxloop_shared.data.labelchunks import Cell, Layout, fetch_chunks, new_keep
from voxloop_shared.data.labels import Labels
from voxloop_shared.data.masks import slices_of
from voxloop_shared.data.repositories import ARRAY

_STORED_BYTES = 32 << 20
_AT_ONCE = 64
_DENSE_BYTES = 16 << 10
"""A chunk that takes more than this where it is stored takes long to decode, and is kept decoded."""

Revision = tuple[Cell, int]
"""The place of a chunk, and after which change."""


class NewestLabels:
    """Reads through caches that follow the history: each change says in its box which chunks it may have touched.

    `cache` keeps the chunks that are full of labels; volumes share it, each under a `key` of its own.
    """

    def __init__(self, labels: Labels, cache: ChunkCache, key: str) -> None:
        self._labels = labels
        self._key = key
        self._lock = threading.Lock()
        self._layout = Layout.of(labels.array())
        self._dense = cache
        self._stored = new_keep(_STORED_BYTES)
        earlier = labels.history.since(0)
        self._seen, self._snapshot = len(earlier), earlier[-1].snapshot
        painted = (cell for region in labels.painted(self._snapshot) for cell in self._layout.cells(region))
        self._touched: dict[Cell, int] = dict.fromkeys(painted, 0)

    def fetch_ahead(self) -> None:
        """Fetch what is painted, as far as it can be kept: the first look at a place then costs no more than the next."""
        with self._lock:
            snapshot, chunks = self._snapshot, list(self._touched.items())
        store, fetched_bytes = self._labels.array(snapshot).store, 0
        for start in range(0, len(chunks), _AT_ONCE):
            batch = chunks[start : start + _AT_ONCE]
            fetched = fetch_chunks(store, ARRAY, [cell for cell, _ in batch])
            fetched_bytes += sum(map(len, fetched.values()))
            if fetched_bytes > _STORED_BYTES:
                return
            with self._lock:
                self._stored.update({chunk: fetched[chunk[0]] for chunk in batch})

    def read(self, region: Region) -> tuple[NDArray[np.uint8], str]:
        """Give the labels of a region (z, y, x), and the snapshot that they are of."""
        with self._lock:
            snapshot = self._follow()
            chunks = [(cell, self._touched[cell]) for cell in self._layout.cells(region) if cell in self._touched]
            known = {chunk: self._stored.get(chunk) for chunk in chunks}
        missing = [cell for (cell, _), stored in known.items() if stored is None]
        fetched = fetch_chunks(self._labels.array(snapshot).store, ARRAY, missing) if missing else {}
        values = np.zeros(size_of(region), np.uint8)
        room = np.empty(self._layout.size, np.uint8)
        for (cell, revision), stored in known.items():
            found = fetched[cell] if stored is None else stored
            if found:
                to, of = self._layout.overlap(region, cell)
                values[to] = self._decoded((cell, revision), found, room)[of]
        with self._lock:
            self._stored.update({chunk: fetched[chunk[0]] for chunk, stored in known.items() if stored is None})
        return values, snapshot

    def _decoded(self, chunk: Revision, stored: bytes, room: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Give the values of a chunk, in `room` unless they are kept."""
        if len(stored) <= _DENSE_BYTES:
            return self._layout.decode(stored, room)
        kept = self._dense.get((self._key, chunk))
        if kept is None:
            kept = self._layout.decode(stored, np.empty_like(room))
            self._dense.put((self._key, chunk), kept)
        return kept

    def _follow(self) -> str:
        """Take in the changes since the last look; give the newest snapshot."""
        for commit in self._labels.history.since(self._seen):
            self._seen, self._snapshot = self._seen + 1, commit.snapshot
            if commit.box is not None:
                self._touched.update(dict.fromkeys(self._layout.cells(slices_of(commit.box)), self._seen))
        return self._snapshot
