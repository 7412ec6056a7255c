"""Features of single voxels of a volume that is never read whole: only the cells in which they lie."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voxloop_shared.data.blocks import Region
from voxloop_shared.data.chunks import CachedArray
from voxloop_shared.nets.crew import side_by_side
from voxloop_shared.nets.features import FeatureBank, Part, corner_of
from voxloop_shared.nets.voxels import normalised
from voxloop_shared.schemas import Normalisation

Shape = tuple[int, int, int]

_CELL: Shape = (64, 256, 256)
_SMALL_VOXELS = 32 << 20

Coordinates = NDArray[np.int64]


def cell_of(shape: Shape) -> Shape:
    """Give the cells of a volume whose voxels are read together, besides their halo, which is wide: a small volume is one."""
    return shape if math.prod(shape) <= _SMALL_VOXELS else _CELL


class FeatureSource:
    """Computes features where they are asked for."""

    def __init__(self, array: CachedArray, normalisation: Normalisation, bank: FeatureBank) -> None:
        self._array = array
        self._normalisation = normalisation
        self.bank = bank
        self.shape = array.shape

    def box(self, region: Region) -> Tensor:
        """Give the features (channels, z, y, x) of a region."""
        return self._features(region, self._coarser(region))

    def at(self, voxels: Coordinates) -> Tensor:
        """Give the features (voxels, channels) of voxels (3, n), in their order."""
        found = torch.empty(voxels.shape[1], self.bank.channels)
        cell = voxels // np.array(cell_of(self.shape))[:, None]
        _, group = np.unique(cell, axis=1, return_inverse=True)
        for number in range(int(group.max(initial=-1)) + 1):
            chosen = np.flatnonzero(group.ravel() == number)
            found[chosen] = self._of_slabs(voxels[:, chosen])
        return found

    def _of_slabs(self, voxels: Coordinates) -> Tensor:
        """Look once at what lies around some voxels, then compute features only in the slabs in which they lie."""
        coarser = self._coarser(_region_of(voxels))
        found = torch.empty(voxels.shape[1], self.bank.channels)
        axis = min(range(3), key=lambda axis: len(np.unique(voxels[axis])))

        def compute(place: int) -> None:
            chosen = np.flatnonzero(voxels[axis] == place)
            slab = _region_of(voxels[:, chosen])
            z, y, x = (torch.from_numpy(at - part.start) for at, part in zip(voxels[:, chosen], slab, strict=True))
            found[chosen] = self._features(slab, coarser)[:, z, y, x].T

        side_by_side(compute, np.unique(voxels[axis]).tolist())
        return found

    def _coarser(self, region: Region) -> list[Part]:
        box = self._array.read(self.bank.around(region, self.shape))
        return self.bank.coarser(lambda part: self._seen(box[part]), region, self.shape)

    def _features(self, region: Region, coarser: list[Part]) -> Tensor:
        near = self.bank.near(region, self.shape)
        return self.bank.features(Part(self._seen(self._array.read(near)), corner_of(near)), coarser, region)

    def _seen(self, voxels: NDArray[np.generic]) -> Tensor:
        return normalised(voxels, self._normalisation)


def _region_of(voxels: Coordinates) -> Region:
    """Give the smallest region that holds voxels."""
    z, y, x = (slice(int(of.min()), int(of.max()) + 1) for of in voxels)
    return z, y, x
