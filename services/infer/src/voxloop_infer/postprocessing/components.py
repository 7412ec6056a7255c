"""Connected components of a mask that is seen block by block, in memory for one block.

Each block is labelled by itself, twice: first to find which labels of neighbouring blocks touch at their faces (their union
is a connected component of a graph), then to choose. What lies inside a block whole is decided there and never remembered.
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from voxloop_infer.postprocessing.local import Mask, Shape
from voxloop_infer.postprocessing.rules import Parts, Rule
from voxloop_shared.data.blocks import Region

_IN_3D = ndimage.generate_binary_structure(3, 1)
_IN_2D = _IN_3D & (np.arange(3) == 1)[:, None, None]
_ENDLESS = np.int64(1) << 40
"""Voxels that a component counts for which goes on beyond what is looked at."""

Faces = tuple[tuple[bool, bool], tuple[bool, bool], tuple[bool, bool]]
"""Of each axis (z, y, x), whether the low and the high end of the array are cuts through a larger volume."""

UNCUT: Faces = ((False, False), (False, False), (False, False))


class Components:
    """The components of a mask of a shape. `add` every block, in C order; `close`; then `select` from every block.

    With `is_3d` false each slice across z is for itself. Components that reach a cut end of the array are taken for endless.
    """

    def __init__(self, shape: Shape, rule: Rule, *, is_3d: bool, cuts: Faces = UNCUT) -> None:
        self._shape, self._rule, self._cuts = shape, rule, cuts
        self._structure = _IN_3D if is_3d else _IN_2D
        self._axes = (0, 1, 2) if is_3d else (1, 2)
        self._offsets: dict[tuple[int, ...], int] = {}
        self._open = 0
        self._faces: dict[tuple[int, ...], NDArray[np.int64]] = {}
        self._pairs: list[NDArray[np.int64]] = []
        self._parts: list[Parts] = []
        self._verdicts: NDArray[np.bool_] = np.empty(0, np.bool_)

    def add(self, region: Region, mask: Mask) -> None:
        """Take in a block."""
        labels, count = self._label(mask)
        parts = self._measure(labels, count, region)
        is_open = self._reaches_on(labels, count, region)
        numbers = np.full(count + 1, -1, np.int64)
        numbers[1:][is_open] = np.arange(is_open.sum()) + self._open
        self._offsets[_corner(region)] = self._open
        self._open += int(is_open.sum())
        self._parts.append(parts.those(is_open))
        self._rule.note(parts.those(~is_open))
        self._join(numbers, labels, region)

    def close(self) -> None:
        """Put together what touches, and decide on it."""
        if not self._open:
            return
        pairs = np.concatenate([np.empty((2, 0), np.int64), *self._pairs], axis=1)
        graph = coo_matrix((np.ones(pairs.shape[1], np.bool_), tuple(pairs)), shape=(self._open, self._open))
        count, root = connected_components(graph, directed=False)
        parts = Parts(*(np.concatenate(fields) for fields in zip(*self._parts, strict=True)))
        whole = Parts(np.zeros(count, np.int64), np.full(count, np.iinfo(np.int64).max), np.zeros(count, np.bool_))
        np.add.at(whole.size, root, parts.size)
        np.minimum.at(whole.first, root, parts.first)
        np.logical_or.at(whole.is_at_end, root, parts.is_at_end)
        self._rule.note(whole)
        self._verdicts = self._rule.chosen(whole)[root]
        self._pairs, self._parts = [], []

    def select(self, region: Region, mask: Mask) -> Mask:
        """Give the voxels of the chosen components in a block, which must be the very block that was added."""
        labels, count = self._label(mask)
        parts = self._measure(labels, count, region)
        is_open = self._reaches_on(labels, count, region)
        verdict = np.zeros(count + 1, np.bool_)
        verdict[1:] = self._rule.chosen(parts)
        first = self._offsets[_corner(region)]
        verdict[1:][is_open] = self._verdicts[first : first + int(is_open.sum())]
        found: Mask = verdict[labels]
        return found

    def _label(self, mask: Mask) -> tuple[NDArray[np.int32], int]:
        labels: NDArray[np.int32] = np.empty(mask.shape, np.int32)
        count: int = ndimage.label(mask, self._structure, output=labels)
        return labels, count

    def _measure(self, labels: NDArray[np.int32], count: int, region: Region) -> Parts:
        flat = labels.ravel()
        size = np.bincount(flat, minlength=count + 1)[1:].astype(np.int64)
        places = np.flatnonzero(flat)[::-1]
        first = np.zeros(count + 1, np.int64)
        first[flat[places]] = places  # of several the last one written stays: the first in C order
        z, y, x = (i + p.start for i, p in zip(np.unravel_index(first[1:], labels.shape), region, strict=True))
        is_at_end, is_cut = np.zeros((2, count + 1), np.bool_)
        for axis, is_high in product(self._axes, (False, True)):
            if self._is_end(region, axis, is_high):
                face = _face(labels, axis, is_high)
                is_at_end[face] = True
                is_cut[face] |= self._cuts[axis][is_high]
        size[is_cut[1:]] = _ENDLESS
        return Parts(size, (z * self._shape[1] + y) * self._shape[2] + x, is_at_end[1:])

    def _reaches_on(self, labels: NDArray[np.int32], count: int, region: Region) -> NDArray[np.bool_]:
        """Say which labels lie at a face behind which there is another block."""
        found = np.zeros(count + 1, np.bool_)
        for axis, is_high in product(self._axes, (False, True)):
            if not self._is_end(region, axis, is_high):
                found[_face(labels, axis, is_high)] = True
        return found[1:]

    def _join(self, numbers: NDArray[np.int64], labels: NDArray[np.int32], region: Region) -> None:
        for axis in self._axes:
            if region[axis].start > 0:
                before, here = self._faces.pop((axis, *_corner(region))), numbers[_face(labels, axis, is_high=False)]
                is_touching = (before >= 0) & (here >= 0)
                both = np.unique(before[is_touching] << 32 | here[is_touching])
                self._pairs.append(np.stack([both >> 32, both & 0xFFFFFFFF]))
            if not self._is_end(region, axis, is_high=True):
                behind = [part.start for part in region]
                behind[axis] = region[axis].stop
                self._faces[(axis, *behind)] = numbers[_face(labels, axis, is_high=True)]

    def _is_end(self, region: Region, axis: int, is_high: bool) -> bool:
        part = region[axis]
        return bool(part.stop == self._shape[axis] if is_high else part.start == 0)


def _face(labels: NDArray[np.int32], axis: int, is_high: bool) -> NDArray[np.int32]:
    face: NDArray[np.int32] = np.moveaxis(labels, axis, 0)[-1 if is_high else 0]
    return face


def _corner(region: Region) -> tuple[int, ...]:
    return tuple(part.start for part in region)
