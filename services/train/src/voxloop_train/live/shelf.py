"""Features of labelled voxels, kept from stroke to stroke: only those of new voxels are computed."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voxloop_train.featuresource import FeatureSource

_MOST = 60_000
"""Voxels whose features are kept (about 8 MB); what was erased goes when there are more."""

Positions = NDArray[np.int64]


class FeatureShelf:
    """Gives features by position in the flattened volume."""

    def __init__(self, source: FeatureSource) -> None:
        self._source = source
        self._position: Positions = np.empty(0, np.int64)
        self._features = torch.empty(0, source.bank.channels)

    def of(self, position: Positions) -> Tensor:
        """Give features (voxels, channels) of positions, which must be ascending."""
        missing = np.setdiff1d(position, self._position, assume_unique=True)
        if len(missing):
            self._add(missing, position)
        return self._features[torch.from_numpy(np.searchsorted(self._position, position))]

    def _add(self, missing: Positions, wanted: Positions) -> None:
        if len(self._position) + len(missing) > _MOST:
            kept = np.isin(self._position, wanted, assume_unique=True)
            self._position, self._features = self._position[kept], self._features[torch.from_numpy(kept)]
        voxels = np.stack(np.unravel_index(missing, self._source.shape)).astype(np.int64)
        position = np.concatenate([self._position, missing])
        features = torch.cat([self._features, self._source.at(voxels)])
        order = np.argsort(position)
        self._position, self._features = position[order], features[torch.from_numpy(order)]
