"""Chunks of labels, read and written whole and past zarr: a stroke touches a dozen, and zarr takes 1 ms for each.

They are kept as they are stored, which for a chunk with a few strokes is some hundred bytes instead of half a megabyte.
"""

import asyncio
from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any, NamedTuple, Self

import icechunk
import numpy as np
import zarr
from cachetools import LRUCache
from numcodecs.zstd import Zstd  # type: ignore[import-untyped]
from numpy.typing import NDArray
from zarr.abc.store import Store
from zarr.codecs import ZstdCodec
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync

from voxloop_shared.data.blocks import Region, clip_region, regions_of, size_of, within

Cell = tuple[int, ...]
"""The place of a chunk in the grid of chunks (z, y, x)."""
Key = tuple[str, Cell]
"""An array's name and the place of a chunk in it."""

_KEPT_BYTES = 16 * 2**20
_OVERHEAD_BYTES = 200
_AT_ONCE = 32
"""Chunks that are decoded at a time: 16 MB."""


class Layout(NamedTuple):
    """How the labels that `create_repository` made are cut into chunks and stored."""

    shape: tuple[int, int, int]
    size: tuple[int, int, int]
    codec: Zstd

    @classmethod
    def of(cls, array: zarr.Array[Any]) -> Self:
        """Read it from the array."""
        codec = array.metadata.codecs[-1]  # type: ignore[union-attr]
        assert isinstance(codec, ZstdCodec)
        return cls(array.shape, array.chunks, Zstd(codec.level, codec.checksum))  # type: ignore[arg-type]

    def cells(self, region: Region) -> list[Cell]:
        """Give the chunks that a region touches, in C order."""
        return cells_of(region, self.size)

    def overlap(self, region: Region, cell: Cell) -> tuple[Region, Region]:
        """Give where a chunk lies in a region that touches it, and which part of the chunk that is."""
        (chunk,) = regions_of([cell], self.shape, self.size)
        both = clip_region(region, chunk)
        assert both is not None
        return within(both, region), within(both, chunk)

    def encode(self, chunk: NDArray[np.uint8]) -> bytes:
        """Give a chunk as it is stored: nothing, if nothing is labelled."""
        stored: bytes = self.codec.encode(chunk) if chunk.any() else b""
        return stored

    def decode(self, stored: bytes, room: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Fill `room` (`size`) with the values of a chunk that is stored, and give it."""
        self.codec.decode(stored, room)
        return room


class Kept(NamedTuple):
    """The chunks of the newest labels that are kept in memory as they are stored (empty: not there)."""

    layout: Layout
    chunks: LRUCache[Key, bytes]

    @classmethod
    def of(cls, array: zarr.Array[Any]) -> Self:
        """Keep nothing yet."""
        return cls(Layout.of(array), new_keep(_KEPT_BYTES))


def new_keep(limit_bytes: int) -> LRUCache[Any, bytes]:
    """Make room for so many bytes of chunks as they are stored, of which the least recently used go first."""
    return LRUCache(limit_bytes, getsizeof=lambda stored: len(stored) + _OVERHEAD_BYTES)


def fetch_chunks(store: Store, name: str, cells: Sequence[Cell]) -> dict[Cell, bytes]:
    """Give chunks of an array as they are stored, side by side; empty: not there."""

    async def get() -> list[bytes]:
        found = await asyncio.gather(*(store.get(_path(name, cell), default_buffer_prototype()) for cell in cells))
        return [b"" if stored is None else stored.to_bytes() for stored in found]

    return dict(zip(cells, sync(get()), strict=True)) if cells else {}


class LabelChunks:
    """The chunks of one array (uint8) during one edit; what the edit touches is kept with the newest ones only once it is committed."""

    def __init__(self, store: icechunk.IcechunkStore, name: str, kept: Kept) -> None:
        self._store = store
        self._name = name
        self._kept = kept
        self._layout = kept.layout
        self._fresh = new_keep(_KEPT_BYTES)
        self._open: dict[Cell, NDArray[np.uint8]] = {}

    def read(self, region: Region, where: NDArray[np.bool_] | None = None) -> NDArray[np.uint8]:
        """Give a region's voxels; `where` (the region's shape): chunks without any of these read as 0."""
        values = np.zeros(size_of(region), np.uint8)
        for cells in self._portions(region, where):
            for cell, chunk in self._decoded(cells).items():
                to, of = self._layout.overlap(region, cell)
                values[to] = chunk[of]
        return values

    def write(self, region: Region, changed: NDArray[np.bool_], values: NDArray[np.uint8]) -> None:
        """Write a region's voxels where they have changed; `values` are right wherever a chunk holds a changed one."""
        for cells in self._portions(region, changed):
            chunks = self._decoded(cells)
            for cell, chunk in chunks.items():
                to, of = self._layout.overlap(region, cell)
                chunk[of] = values[to]
            self._store_all({cell: self._layout.encode(chunk) for cell, chunk in chunks.items()})

    def keep(self) -> None:
        """Take what was touched as the newest: the edit is committed."""
        self._kept.chunks.update(self._fresh)

    def _portions(self, region: Region, where: NDArray[np.bool_] | None) -> list[list[Cell]]:
        cells = cells_of(region, self._layout.size, where)
        return [cells[start : start + _AT_ONCE] for start in range(0, len(cells), _AT_ONCE)]

    def _decoded(self, cells: list[Cell]) -> dict[Cell, NDArray[np.uint8]]:
        """Give chunks as arrays, which are written once they were changed: what is read is mostly written next."""
        chunks = {cell: self._open[cell] for cell in cells if cell in self._open}
        for cell, stored in self._stored([cell for cell in cells if cell not in chunks]).items():
            chunks[cell] = np.zeros(self._layout.size, np.uint8)
            if stored:
                self._layout.decode(stored, chunks[cell])
        self._open = chunks
        return chunks

    def _stored(self, cells: list[Cell]) -> dict[Cell, bytes]:
        """Give chunks as they are stored, now and with what this edit has written."""
        known = {cell: self._fresh.get((self._name, cell), self._kept.chunks.get((self._name, cell))) for cell in cells}
        found = fetch_chunks(self._store, self._name, [cell for cell, stored in known.items() if stored is None])
        self._fresh.update({(self._name, cell): stored for cell, stored in found.items()})
        return {cell: found[cell] if stored is None else stored for cell, stored in known.items()}

    def _store_all(self, encoded: dict[Cell, bytes]) -> None:
        make = default_buffer_prototype().buffer.from_bytes
        changes = [
            self._store.set(_path(self._name, cell), make(stored)) if stored else self._store.delete(_path(self._name, cell))
            for cell, stored in encoded.items()
        ]

        async def put() -> None:
            await asyncio.gather(*changes)

        sync(put())
        for cell, stored in encoded.items():
            self._kept.chunks.pop((self._name, cell), None)  # it is not asked for when `_fresh` has no room left
            self._fresh[self._name, cell] = stored


def cells_of(region: Region, size: Sequence[int], where: NDArray[np.bool_] | None = None) -> list[Cell]:
    """Give the chunks that a region (z, y, x) touches, in C order; of these, those that hold something of `where` (the region's shape)."""
    places = [range(part.start // length, -(-part.stop // length)) for part, length in zip(region, size, strict=True)]
    cells = list(product(*places))
    if where is None:
        return cells
    touched = _reduced(where, [_cuts(part, length) for part, length in zip(region, size, strict=True)])
    return [cell for cell, is_touched in zip(cells, touched.ravel().tolist(), strict=True) if is_touched]


def _reduced(mask: NDArray[np.bool_], cuts: list[list[int]]) -> NDArray[np.bool_]:
    """Say which cells between the cuts hold something; whole rows are joined first, which takes a third of the time of `reduceat`."""
    depths, rows, columns = cuts
    lines = [[mask[z:after, y:below].any(axis=(0, 1)) for y, below in pairwise(rows)] for z, after in pairwise(depths)]
    return np.logical_or.reduceat(np.asarray(lines), columns[:-1], axis=2)


def _cuts(part: slice, size: int) -> list[int]:
    """Give where a slice passes from chunk to chunk, counted from its start, ends included."""
    first = (part.start // size + 1) * size
    return [0, *(place - part.start for place in range(first, part.stop, size)), part.stop - part.start]


def _path(name: str, cell: Cell) -> str:
    return f"{name}/c/{'/'.join(map(str, cell))}"
