"""What voxel values look like, gathered in one pass over blocks."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voxloop_shared.errors import UnreadableFile
from voxloop_shared.schemas import Intensity

_SAMPLE = 2_000_000
_PERCENTILES = (0.1, 1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0, 99.9)


class IntensityMeter:
    """Minimum, maximum, mean and deviation over all finite voxels; percentiles over an even sample of about 2 million."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self._step = max(1, round((math.prod(shape) / _SAMPLE) ** (1 / 3)))
        self._samples: list[NDArray[np.float32]] = []
        self._count, self._sum, self._squares = 0, 0.0, 0.0
        self._min, self._max = math.inf, -math.inf

    def add(self, block: NDArray[Any]) -> None:
        """Take in a block (z, y, x)."""
        for plane in block:  # a plane at a time: the float64 copies stay small
            values = plane[np.isfinite(plane)] if plane.dtype.kind == "f" else plane.reshape(-1)
            if values.size:
                self._count += values.size
                self._sum += float(values.sum(dtype=np.float64))
                self._squares += float(np.square(values, dtype=np.float64).sum())
                self._min, self._max = min(self._min, float(values.min())), max(self._max, float(values.max()))
        sample = block[:: self._step, :: self._step, :: self._step].astype(np.float32).ravel()
        self._samples.append(sample[np.isfinite(sample)])

    def summary(self) -> Intensity:
        """Sum up; raises UnreadableFile when no voxel is finite."""
        if not self._count:
            raise UnreadableFile("no voxel has a finite value")
        sample = np.concatenate(self._samples)
        sample = sample if sample.size else np.array([self._min, self._max], np.float32)
        mean = self._sum / self._count
        return Intensity(
            min=self._min,
            max=self._max,
            mean=mean,
            std=math.sqrt(max(0.0, self._squares / self._count - mean * mean)),
            percentiles={f"{p:g}": float(value) for p, value in zip(_PERCENTILES, np.percentile(sample, _PERCENTILES), strict=True)},
        )
