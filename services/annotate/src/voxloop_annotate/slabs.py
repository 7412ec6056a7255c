"""A label image that comes in as a stream of bytes and is merged slab by slab in a thread."""

import asyncio
import queue
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voxloop_shared.errors import InvalidInput, ShapeMismatch

_SLAB_DEPTH = 32
_WAITING_SLABS = 2


class SlabQueue:
    """Hands the body of a request, voxels of `shape` (z, y, x) in C order, from the event loop to the thread that merges, slab by slab."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self._shape = shape
        self._slabs: queue.Queue[bytes | InvalidInput | None] = queue.Queue(_WAITING_SLABS)

    async def fill(self, body: AsyncIterator[bytes], merging: asyncio.Task[Any]) -> None:
        """Pass the body on until it ends or the merge has failed; raises ShapeMismatch when it is too short or too long."""
        plane = self._shape[1] * self._shape[2]
        left, waiting = self._shape[0] * plane, bytearray()
        async for piece in body:
            waiting += piece
            left -= len(piece)
            while len(waiting) >= _SLAB_DEPTH * plane and not merging.done():
                await self._put(bytes(waiting[: _SLAB_DEPTH * plane]), merging)
                del waiting[: _SLAB_DEPTH * plane]
            if merging.done() or left < 0:
                break
        if left:
            await self._put(ShapeMismatch(f"the body does not hold {self._shape} voxels of one byte"), merging)
        else:
            if waiting:
                await self._put(bytes(waiting), merging)
            await self._put(None, merging)

    async def _put(self, item: bytes | InvalidInput | None, merging: asyncio.Task[Any]) -> None:
        while not merging.done():
            try:
                await asyncio.to_thread(self._slabs.put, item, timeout=0.2)
            except queue.Full:
                continue
            return

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        while (item := self._slabs.get()) is not None:
            if isinstance(item, InvalidInput):
                raise item
            yield np.frombuffer(item, np.uint8).reshape(-1, *self._shape[1:])
