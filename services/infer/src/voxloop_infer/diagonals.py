"""A network run over the six diagonal orientations of Baltruschat et al. 2021 (10.1038/s41598-021-03542-y).

The volume is turned by 45° about an axis, one way and the other. Its slices are sampled with linear interpolation at the
volume's own spacing, so that things have the size that the network knows; slices made by shifting indices would need no
interpolation, but show everything squeezed by 1/√2. The answers are interpolated back the same way. The grid of samples is
fixed to the volume, not to a block, and beyond its faces the outermost voxels go on: blocks answer alike.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voxloop_infer.model import Model
from voxloop_infer.reading import Image
from voxloop_infer.slices import architecture_of
from voxloop_infer.tally import Tally
from voxloop_shared.data.blocks import Region, grown
from voxloop_shared.nets.inputs import extend, rounded_up

_TOGETHER = 16
"""Slices that are sampled in one go: their rows are as long as the longest of them needs."""
Places = tuple[NDArray[Any], NDArray[Any]]
"""Where voxels lie along the axes a and b of the plane that is turned."""
_ROOT = math.sqrt(0.5)


@dataclass(frozen=True, slots=True)
class Diagonal:
    """A turn about `axis` by 45° (`sign` 1) or -45° (-1).

    In the plane (a, b) of the other two axes, slices lie at u = (a + sign·b)/√2, their rows at v = (b - sign·a)/√2.
    """

    axis: int
    sign: int

    @property
    def plane(self) -> tuple[int, int]:
        """Give the axes a and b."""
        a, b = (other for other in range(3) if other != self.axis)
        return a, b

    def turned(self, a: Any, b: Any) -> tuple[Any, Any]:
        """Give (u, v) of places (a, b)."""
        return (a + self.sign * b) * _ROOT, (b - self.sign * a) * _ROOT

    def turned_back(self, u: Any, v: Any) -> tuple[Any, Any]:
        """Give (a, b) of places (u, v)."""
        return (u - self.sign * v) * _ROOT, (v + self.sign * u) * _ROOT


DIAGONALS = tuple(Diagonal(axis, sign) for axis in range(3) for sign in (1, -1))


def diagonal_halo(model: Model) -> int:
    """Give how far beyond a region, along any axis, its diagonal slices go."""
    architecture = architecture_of(model)
    return math.ceil((architecture.reach + architecture.stride + architecture.context + _TOGETHER + 2) * 2 * _ROOT) + 1


def count_diagonal(tally: Tally, model: Model, image: Image, region: Region, turn: Diagonal, share: float, *, flips: bool) -> None:
    """Add what a model says of a region, seen along a diagonal; `share` is the weight of each opinion."""
    (a, b), context, shape = turn.plane, architecture_of(model).context, image.shape
    box = grown(region, (diagonal_halo(model),) * 3, shape)
    along = _columns(region[turn.axis], shape[turn.axis], model)
    voxels = np.moveaxis(image.read(box), (a, b, turn.axis), (0, 1, 2))[:, :, extend(*along, shape[turn.axis]) - box[turn.axis].start]
    facing = tally.facing(a, b, turn.axis)
    inner = slice(region[turn.axis].start - along[0], region[turn.axis].stop - along[0])
    places = np.meshgrid(np.arange(region[a].start, region[a].stop), np.arange(region[b].start, region[b].stop), indexing="ij")
    for group in _groups(turn, places, model):
        block = _sample(voxels, turn, group, context, (box[a].start, box[b].start), (shape[a], shape[b]))
        step = model.slices_per_pass(*block.shape[1:])
        for start in range(0, len(group.slices), step):
            part = range(start, min(start + step, len(group.slices)))
            seen = block[part.start : part.stop + 2 * context]
            for probability in model.opinions(seen, architecture_of(model).in_channels, (slice(None), inner), flips=flips):
                image.check()
                for place in part:
                    _put_back(facing, probability[:, place - part.start], turn, group, place, places, share)


@dataclass(frozen=True, slots=True)
class _Group:
    """Neighbouring slices, at whole u, and the rows, at whole v, that the network sees of them."""

    slices: range
    rows: range


def _columns(part: slice, length: int, model: Model) -> tuple[int, int]:
    architecture = architecture_of(model)
    first, last = part.start - architecture.reach, min(part.stop, length) + architecture.reach
    return first // architecture.stride * architecture.stride, rounded_up(last, architecture.stride)


def _groups(turn: Diagonal, places: Places, model: Model) -> Iterator[_Group]:
    """Cut the diamond that a region is in (u, v) into groups of slices, no longer than they need to be."""
    architecture = architecture_of(model)
    u, v = turn.turned(*places)
    first, last = math.floor(u.min()), math.floor(u.max()) + 2
    for start, stop in pairwise([*range(first, last, _TOGETHER), last]):
        rows = v[(u > start - 1) & (u < stop)]
        if rows.size:
            low, high = math.floor(rows.min()) - architecture.reach, math.floor(rows.max()) + 2 + architecture.reach
            stride = architecture.stride
            yield _Group(range(start, stop), range(low // stride * stride, rounded_up(high, stride)))


def _sample(
    voxels: NDArray[Any], turn: Diagonal, group: _Group, context: int, corner: tuple[int, int], length: tuple[int, int]
) -> NDArray[np.float32]:
    """Give the slices of a group with their context (slices, rows, columns), interpolated linearly between four voxels."""
    u = np.arange(group.slices.start - context, group.slices.stop + context)[:, None]
    a, b = turn.turned_back(u, np.arange(group.rows.start, group.rows.stop)[None])
    floors = [np.floor(at).astype(np.int64) for at in (a, b)]
    shares = [(at - low).astype(np.float32)[..., None] for at, low in zip((a, b), floors, strict=True)]
    out = np.zeros((*a.shape, voxels.shape[2]), np.float32)
    for da in (0, 1):
        for db in (0, 1):
            ia, ib = (_extended(low + d, n) - c for low, d, n, c in zip(floors, (da, db), length, corner, strict=True))
            weight = (shares[0] if da else 1 - shares[0]) * (shares[1] if db else 1 - shares[1])
            out += voxels[ia, ib] * weight
    return out


def _extended(index: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Give indices inside an axis that goes on as its outermost voxels beyond both ends."""
    folded: NDArray[np.int64] = extend(int(index.min()), int(index.max()) + 1, length)[index - index.min()]
    return folded


def _put_back(facing: Tally, probability: Tensor, turn: Diagonal, group: _Group, place: int, places: Places, share: float) -> None:
    """Add one slice's answer (classes, rows, columns) to the voxels between it and its neighbours, the nearer the more."""
    u, v = turn.turned(*places)
    nearness = 1 - np.abs(u - group.slices[place])
    ia, ib = np.nonzero(nearness > 0)
    if not len(ia):
        return
    row = v[ia, ib] - group.rows.start
    low = np.floor(row).astype(np.int64)
    device = probability.device
    upper = torch.from_numpy((row - low).astype(np.float32)).to(device)[:, None]
    at = torch.from_numpy(low).to(device)
    between = probability[:, at] * (1 - upper) + probability[:, at + 1] * upper
    weight = torch.from_numpy((nearness[ia, ib] * share).astype(np.float32)).to(device)[:, None]
    facing.add_scattered(between, weight, torch.from_numpy(ia).to(device), torch.from_numpy(ib).to(device))
