"""Planes of labels: reading them from where something is painted, and finding the annotated ones next to a slice."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voxloop_annotate.fills.plan import check_plane
from voxloop_annotate.fills.progress import Progress
from voxloop_shared.data.blocks import Region, blocks_of
from voxloop_shared.data.labels import Labels
from voxloop_shared.schemas import UNLABELLED, Axis

_AT_ONCE = 512
"""Voxels along each side that are searched at once: more than a chunk has, so that a block is as thick as its layer."""

Layer = tuple[int, int]
"""First plane and end of a layer of chunks."""


class LabelPlanes:
    """The planes of one snapshot across an axis, as arrays (rows, columns); empty chunks are not read."""

    def __init__(self, labels: Labels, axis: Axis, progress: Progress) -> None:
        self.shape = labels.shape
        self.axis = axis
        self.across = "zyx".index(axis)
        snapshot = labels.head
        self._array = labels.array(snapshot)
        self._counts = labels.counts
        self._layers = _by_layer(labels.painted(snapshot), self.across)
        self._progress = progress

    @property
    def depth(self) -> int:
        """Give the number of planes."""
        return self.shape[self.across]

    def read(self, index: int) -> NDArray[np.uint8]:
        """Read a plane; raises InvalidInput outside the volume."""
        check_plane(self.axis, index, self.shape)
        plane = np.zeros([n for axis, n in enumerate(self.shape) if axis != self.across], np.uint8)
        chunks = next((chunks for layer, chunks in self._layers.items() if layer[0] <= index < layer[1]), [])
        if chunks:
            part = list(_around(chunks))
            to = tuple(p for axis, p in enumerate(part) if axis != self.across)
            part[self.across] = slice(index, index + 1)
            plane[to] = np.asarray(self._array[tuple(part)]).squeeze(self.across)
        return plane

    def stand(self, planes: NDArray[Any]) -> NDArray[Any]:
        """Turn planes (n, rows, columns), or one (rows, columns), to stand in the volume (z, y, x)."""
        stack = planes if planes.ndim == 3 else planes[None]
        return np.moveaxis(stack, 0, self.across)

    def nearest_before(self, index: int, value: int | None) -> int | None:
        """Find the last plane up to `index` that holds a class, or anything (None)."""
        layers = sorted((layer for layer in self._candidates(value) if layer[0] <= index), reverse=True)
        return next((found[-1] for layer in layers if (found := self._holding(layer, value, range(index + 1)))), None)

    def nearest_after(self, index: int, value: int | None) -> int | None:
        """Find the first plane from `index` on that holds a class, or anything (None)."""
        layers = sorted(layer for layer in self._candidates(value) if layer[1] > index)
        return next((found[0] for layer in layers if (found := self._holding(layer, value, range(index, self.depth)))), None)

    def _candidates(self, value: int | None) -> Iterable[Layer]:
        """Give the layers that may hold a class: none of those that are painted, if it has no voxels at all."""
        return self._layers if value is None or value in self._counts else ()

    def _holding(self, layer: Layer, value: int | None, wanted: range) -> list[int]:
        """Say which of the wanted planes in a layer of chunks hold a class, or anything."""
        around = _around(self._layers[layer])
        held = np.zeros(layer[1] - layer[0], bool)
        along = tuple(axis for axis in range(3) if axis != self.across)
        lengths = around[0].stop - around[0].start, around[1].stop - around[1].start, around[2].stop - around[2].start
        for block in blocks_of(lengths, (_AT_ONCE,) * 3):
            place = tuple(slice(a.start + b.start, a.start + b.stop) for a, b in zip(around, block, strict=True))
            voxels = np.asarray(self._array[place])
            held |= (voxels != UNLABELLED if value is None else voxels == value).any(axis=along)
        self._progress.expect(1)
        self._progress.advance()
        return [layer[0] + place for place in np.flatnonzero(held).tolist() if layer[0] + place in wanted]


def _by_layer(chunks: Iterable[Region], across: int) -> dict[Layer, list[Region]]:
    layers: dict[Layer, list[Region]] = {}
    for chunk in chunks:
        layers.setdefault((chunk[across].start, chunk[across].stop), []).append(chunk)
    return layers


def _around(chunks: list[Region]) -> Region:
    """Give the smallest region that holds all of the chunks."""
    z, y, x = (slice(min(c[axis].start for c in chunks), max(c[axis].stop for c in chunks)) for axis in range(3))
    return z, y, x
