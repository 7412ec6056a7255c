"""Class and confidence of a box of voxels by a network that reads features, piece by piece."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voxloop_infer.model import Model
from voxloop_shared.data.blocks import Region, blocks_of
from voxloop_shared.nets.pixel import PixelArchitecture
from voxloop_shared.nets.smoothing import steady

Read = Callable[[Region], NDArray[Any]]
Shape = tuple[int, int, int]
Answer = tuple[NDArray[np.uint8], NDArray[np.uint8]]

_PIECE_VOXELS = {"cpu": 1 << 19, "cuda": 1 << 22}
"""Voxels decided at once: their features are 60 times as large."""


def classify(model: Model, architecture: PixelArchitecture, read: Read, shape: Shape, region: Region) -> Answer:
    """Give class and confidence (0..255) of a region; reads around it, in memory that does not grow with the volume."""
    size: Shape = tuple(part.stop - part.start for part in region)
    numbers, confidence = np.empty(size, np.uint8), np.empty(size, np.uint8)
    for piece in blocks_of(size, _piece_size(size, architecture, _PIECE_VOXELS[model.device.torch.type])):
        inside: Region = tuple(slice(p.start + r.start, p.stop + r.start) for p, r in zip(piece, region, strict=True))  # type: ignore[assignment]
        probability = _probabilities(model, architecture, read, shape, inside)
        best, channel = probability.max(dim=0)
        numbers[piece] = model.class_ids[channel.cpu().numpy()]
        confidence[piece] = (best * 255).round().clamp(0, 255).to(torch.uint8).cpu().numpy()
    return numbers, confidence


def _piece_size(size: Shape, architecture: PixelArchitecture, voxels: int) -> Shape:
    """Give pieces as near to cubes as the region allows: thin ones would be mostly halo. In 2D slices need no neighbours."""
    if not architecture.is_3d:
        side = min(512, max(size[1:]))
        return (max(1, voxels // (side * side)), side, side)
    depth = min(size[0], 64)
    side = int((voxels / depth) ** 0.5) // 32 * 32
    return (depth, max(32, side), max(32, side))


@torch.inference_mode()
def _probabilities(model: Model, architecture: PixelArchitecture, read: Read, shape: Shape, region: Region) -> Tensor:
    """Give probabilities (classes, z, y, x) of a piece."""
    reach = (2 * architecture.smoothing if architecture.is_3d else 0, 2 * architecture.smoothing, 2 * architecture.smoothing)
    wide: Region = tuple(  # type: ignore[assignment]
        slice(max(0, part.start - r), min(n, part.stop + r)) for part, r, n in zip(region, reach, shape, strict=True)
    )
    box, core = architecture.bank.around(wide, shape)
    image = torch.from_numpy(model.normalise(read(box))).to(model.device.torch)
    features = architecture.bank(image, core)
    probability = model.classify(features.flatten(1)).view(-1, *features.shape[1:])
    if architecture.smoothing:
        probability = steady(features[0], probability, architecture.smoothing, is_3d=architecture.is_3d)
    return probability[(slice(None), *_within(region, wide))]


def _within(inner: Region, outer: Region) -> Region:
    """Give where a box lies in a larger one."""
    return tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(inner, outer, strict=True))  # type: ignore[return-value]
