"""Features of single voxels of a volume that is never read whole: only the blocks in which they lie."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voxloop_shared.data.blocks import Region
from voxloop_shared.data.chunks import CachedArray
from voxloop_shared.nets.features import FeatureBank
from voxloop_shared.nets.inputs import normalise
from voxloop_shared.schemas import Normalisation

_BLOCK = (64, 128, 128)
"""Voxels along each axis that are read together, besides their halo."""

Coordinates = NDArray[np.int64]


class FeatureSource:
    """Computes features where they are asked for."""

    def __init__(self, array: CachedArray, normalisation: Normalisation, bank: FeatureBank) -> None:
        self._array = array
        self._normalisation = normalisation
        self.bank = bank
        self.shape = array.shape

    def box(self, region: Region) -> Tensor:
        """Give the features (channels, z, y, x) of a region."""
        box, core = self.bank.around(region, self.shape)
        return self.bank(torch.from_numpy(normalise(self._array.read(box), self._normalisation)), core)

    def at(self, voxels: Coordinates) -> Tensor:
        """Give the features (voxels, channels) of voxels (3, n), in their order."""
        found = torch.empty(voxels.shape[1], self.bank.channels)
        cell = voxels // np.array(_BLOCK)[:, None]
        _, group = np.unique(cell, axis=1, return_inverse=True)
        for number in range(int(group.max(initial=-1)) + 1):
            chosen = np.flatnonzero(group.ravel() == number)
            found[chosen] = self._of_slabs(voxels[:, chosen])
        return found

    def _of_slabs(self, voxels: Coordinates) -> Tensor:
        """Read once what voxels of a block need, then compute features only in the slabs in which they lie."""
        low, high = voxels.min(axis=1), voxels.max(axis=1) + 1
        box, core = self.bank.around(tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True)), self.shape)  # type: ignore[arg-type]
        image = torch.from_numpy(normalise(self._array.read(box), self._normalisation))
        levels = self.bank.levels(image, core)
        found = torch.empty(voxels.shape[1], self.bank.channels)
        for z in np.unique(voxels[0]).tolist():
            chosen = np.flatnonzero(voxels[0] == z)
            start = core[0].start + z - int(low[0])
            features = self.bank.of_levels(levels, (slice(start, start + 1), *core[1:]))[:, 0]
            rows, columns = (torch.from_numpy(voxels[axis, chosen] - low[axis]) for axis in (1, 2))
            found[chosen] = features[:, rows, columns].T
        return found
