"""Class and confidence of a box of voxels by a network that reads features, piece by piece."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from voxloop_infer.model import Model
from voxloop_infer.reading import Image, Shape, grown, inside, size_of
from voxloop_shared.data.blocks import Region, blocks_of, within
from voxloop_shared.nets.features import FeatureBank, Part
from voxloop_shared.nets.pixel import PixelArchitecture
from voxloop_shared.nets.smoothing import steady

_PIECE_VOXELS = {"cpu": 1 << 19, "cuda": 1 << 22}
"""Voxels decided at once: their features are 60 times as large."""


def classify(model: Model, image: Image, region: Region) -> Iterator[tuple[Region, Tensor]]:
    """Decide a region piece by piece, in memory that does not grow with it.

    Gives pieces (counted from the region's corner) and their probabilities (classes, z, y, x).
    """
    architecture = pixel_architecture_of(model)
    size = size_of(region)
    for piece in blocks_of(size, _piece_size(size, architecture, _PIECE_VOXELS[model.device.torch.type])):
        part = inside(piece, region)
        image.check()
        yield piece, _probabilities(model, architecture, image, part)


def pixel_halo(model: Model) -> Shape:
    """Give how far around a region (z, y, x) its answers depend on the volume."""
    architecture = pixel_architecture_of(model)
    around = zip(architecture.bank.halo, architecture.bank.step, _reach(architecture), strict=True)
    z, y, x = (halo + step + reach for halo, step, reach in around)
    return z, y, x


def pixel_architecture_of(model: Model) -> PixelArchitecture:
    """Give the architecture of a model that reads features."""
    assert isinstance(model.architecture, PixelArchitecture)
    return model.architecture


def _piece_size(size: Shape, architecture: PixelArchitecture, voxels: int) -> Shape:
    """Give pieces as near to cubes as the region allows: thin ones would be mostly halo. In 2D slices need no neighbours."""
    if not architecture.is_3d:
        side = min(512, max(size[1:]))
        return (max(1, voxels // (side * side)), side, side)
    depth = min(size[0], 64)
    side = int((voxels / depth) ** 0.5) // 32 * 32
    return (depth, max(32, side), max(32, side))


@torch.inference_mode()
def _probabilities(model: Model, architecture: PixelArchitecture, source: Image, region: Region) -> Tensor:
    """Give probabilities (classes, z, y, x) of a piece."""
    wide = grown(region, _reach(architecture, source.flat), source.shape)
    features = _features(model, architecture, source, wide)
    probability = model.classify(features.flatten(1)).view(-1, *features.shape[1:])
    if architecture.smoothing:
        probability = _smoothed(features[0], probability, architecture, source.flat)
    return probability[(slice(None), *within(region, wide))]


def _features(model: Model, architecture: PixelArchitecture, source: Image, wide: Region) -> Tensor:
    """Compute the features (channels, z, y, x) of a box, or take them from the image's shelf."""
    bank = architecture.bank

    def read(box: Region) -> Tensor:
        return torch.from_numpy(model.normalise(source.read(box))).to(model.device.torch)

    if source.shelf is None:
        box, core = bank.around(wide, source.shape)
        return bank(read(box), core)
    scaled = model.manifest.normalisation
    key = (bank, scaled.center, scaled.scale)
    found: Tensor = source.shelf.fetch((*key, str(wide)), lambda: _features_nearby(bank, source, wide, read, key))
    return found


def _features_nearby(bank: FeatureBank, source: Image, wide: Region, read: Callable[[Region], Tensor], key: Hashable) -> Tensor:
    """Compute the features of a box; the coarse scales, for which one reads far around it, serve the slices beside it as well."""
    assert source.shelf is not None
    coarse_voxels = bank.aligned(wide, source.shape)
    box, core = bank.around(coarse_voxels, source.shape)
    coarser = source.shelf.fetch((key, str(box)), lambda: _Coarser(bank.levels(read(box), core)[1:]))
    near = bank.near(wide, source.shape)
    z, y, x = (part.start for part in within(near, box))
    return bank.of_levels([Part(read(near), (z, y, x)), *coarser.levels], within(wide, box))


@dataclass(frozen=True, slots=True)
class _Coarser:
    """The coarser scales of an image near a box."""

    levels: list[Part]

    @property
    def nbytes(self) -> int:
        """Give what they take in memory."""
        return sum(level.voxels.nbytes for level in self.levels)


def _smoothed(guide: Tensor, probability: Tensor, architecture: PixelArchitecture, flat: int | None) -> Tensor:
    if flat is None:
        return steady(guide, probability, architecture.smoothing, is_3d=architecture.is_3d)
    across = steady(guide.movedim(flat, 0), probability.movedim(flat + 1, 1), architecture.smoothing, is_3d=False)
    return across.movedim(1, flat + 1)


def _reach(architecture: PixelArchitecture, flat: int | None = None) -> Shape:
    """Give how far (z, y, x) the smoothing sees."""
    reach = [2 * architecture.smoothing] * 3
    if not architecture.is_3d:
        reach[0] = 0
    if flat is not None:
        reach[flat] = 0
    return (reach[0], reach[1], reach[2])
