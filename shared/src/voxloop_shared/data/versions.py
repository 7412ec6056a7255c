"""Versions: the labels as they were after each commit, for reading."""

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Iterable
from typing import Any

import icechunk
import numpy as np
import zarr
from cachetools import LRUCache, cachedmethod

from voxloop_shared.data.blocks import Region, blocks_holding, clip_region, regions_of
from voxloop_shared.data.masks import slices_of
from voxloop_shared.data.origins import ORIGIN, States, join_states, open_origin
from voxloop_shared.data.repositories import ARRAY
from voxloop_shared.errors import SnapshotNotFound
from voxloop_shared.schemas import Box

_OPEN_ARRAYS = 32
_AT_ONCE = 2**24
"""Voxels of a box that is read in one piece; of a larger one only what has changed is read."""
_CHUNKS_ACROSS = 4
"""Chunks along y and x that are read in one piece: few large reads are faster than many small ones."""

Chunk = tuple[int, ...]
"""The place of a chunk in the grid of chunks (z, y, x)."""


class Versions:
    """Opens snapshots of a repository, keeps some open, and finds where they hold data or differ."""

    def __init__(self, repo: icechunk.Repository) -> None:
        self._repo = repo
        self._arrays: LRUCache[str, zarr.Array[Any]] = LRUCache(_OPEN_ARRAYS)
        self._origins: LRUCache[str, zarr.Array[Any] | None] = LRUCache(_OPEN_ARRAYS)
        self._opening = threading.RLock()

    @cachedmethod(lambda self: self._arrays, lock=lambda self: self._opening)
    def array(self, snapshot: str) -> zarr.Array[Any]:
        """Open a frozen snapshot; raises SnapshotNotFound."""
        try:
            session = self._repo.readonly_session(snapshot_id=snapshot)
        except icechunk.IcechunkError as error:
            raise SnapshotNotFound(f"the labels have no snapshot {snapshot!r}") from error
        return zarr.open_array(session.store, path=ARRAY, mode="r")

    @cachedmethod(lambda self: self._origins, lock=lambda self: self._opening)
    def origin(self, snapshot: str) -> zarr.Array[Any] | None:
        """Open what says which voxels were accepted, None where none ever were; raises SnapshotNotFound."""
        return open_origin(self.array(snapshot).store)  # type: ignore[arg-type]

    def states(self, snapshot: str, region: Region) -> States:
        """Read labels and origin of a region (z, y, x); raises SnapshotNotFound."""
        labels, origin = np.asarray(self.array(snapshot)[region]), self.origin(snapshot)
        return labels if origin is None else join_states(labels, np.asarray(origin[region]))

    def painted(self, snapshot: str) -> list[Region]:
        """Give the chunks that hold data in a snapshot, in C order: all other voxels are unlabelled."""
        array = self.array(snapshot)
        return regions_of(sorted(self._chunks(snapshot)), array.shape, array.chunks)

    def painted_blocks(self, snapshot: str) -> list[Region]:
        """Give blocks of a few chunks that together hold all data of a snapshot."""
        return self._blocks(snapshot, self._chunks(snapshot))

    def changed_blocks(self, older: str, newer: str, box: Box | None) -> list[Region]:
        """Give regions that together hold all voxels of a box in which two snapshots, one the other's ancestor, may differ."""
        if box is None or older == newer:
            return []
        whole = slices_of(box)
        if math.prod(part.stop - part.start for part in whole) <= _AT_ONCE:
            return [whole]
        updated = self._repo.diff(from_snapshot_id=older, to_snapshot_id=newer).updated_chunks
        written = [*updated.get(f"/{ARRAY}", []), *updated.get(f"/{ORIGIN}", [])]  # both lie on the same grid of chunks
        holding = self._chunks(older) | self._chunks(newer)  # the difference also names chunks that were empty and stayed so
        blocks = (clip_region(block, whole) for block in self._blocks(newer, holding & {tuple(chunk) for chunk in written}))
        return [block for block in blocks if block is not None]

    def _chunks(self, snapshot: str) -> set[Chunk]:
        session = self.array(snapshot).store.session  # type: ignore[attr-defined]
        return {tuple(chunk) for chunk in asyncio.run(_gathered(session.chunk_coordinates(f"/{ARRAY}")))}

    def _blocks(self, snapshot: str, chunks: Iterable[Chunk]) -> list[Region]:
        array = self.array(snapshot)
        z, y, x = array.chunks
        return blocks_holding(regions_of(chunks, array.shape, array.chunks), array.shape, (z, y * _CHUNKS_ACROSS, x * _CHUNKS_ACROSS))  # type: ignore[arg-type]


async def _gathered(items: AsyncIterator[list[int]]) -> list[list[int]]:
    return [item async for item in items]
