"""Class and confidence of a box of voxels by a network that reads features, piece by piece."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from voxloop_infer.model import Model
from voxloop_infer.reading import Held, Image, Shape
from voxloop_shared.data.blocks import Region, blocks_of, grown, part_of, size_of, within
from voxloop_shared.nets.crew import side_by_side
from voxloop_shared.nets.features import Part, corner_of
from voxloop_shared.nets.hardware import thread_count
from voxloop_shared.nets.pixel import PixelArchitecture
from voxloop_shared.nets.smoothing import steady
from voxloop_shared.nets.voxels import normalised

_BLOCK_VOXELS = 1 << 22
_SMALLEST_BLOCK = 1 << 18
"""Around a block one reads far: it must be large. With many classes it is smaller, for all their probabilities are in memory at once."""
_ANSWER_BYTES = 128 << 20
_PIECE_VOXELS = {"cpu": 1 << 18, "cuda": 1 << 22}
"""Voxels whose features are computed at once, on the CPU by each thread: 33 numbers each, and as many between the steps."""
_SMOOTHED_VOXELS = {"cpu": 1 << 20, "cuda": 1 << 22}

FeaturesOf = Callable[[Region], Tensor]
"""Gives the features (channels, z, y, x) of a part of a volume."""


def classify(model: Model, image: Image, region: Region) -> Iterator[tuple[Region, Tensor]]:
    """Decide a region block by block, in memory that does not grow with it.

    Gives blocks (counted from the region's corner) and their probabilities (classes, z, y, x).
    """
    size = size_of(region)
    most = min(_BLOCK_VOXELS, max(_SMALLEST_BLOCK, _ANSWER_BYTES // (4 * len(model.manifest.classes))))
    for block in blocks_of(size, _even_size(size, most)):
        image.check()
        yield block, _probabilities(model, image, part_of(region, block))


@torch.inference_mode()
def features_of(model: Model, image: Image, region: Region) -> Tensor:
    """Give the features (channels, z, y, x) of a small region, on the device."""
    return _features(model, image, region)(region)


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


@torch.inference_mode()
def _probabilities(model: Model, image: Image, region: Region) -> Tensor:
    """Give probabilities (classes, z, y, x) of a block."""
    architecture = pixel_architecture_of(model)
    wide = grown(region, _reach(architecture, image.flat), image.shape)
    features_of = _features(model, image, wide)
    probability = torch.empty((architecture.classes, *size_of(wide)), device=model.device.torch)
    guide = torch.empty(size_of(wide), device=model.device.torch)

    def decide(piece: Region) -> None:
        image.check()
        features = features_of(part_of(wide, piece))
        probability[(slice(None), *piece)] = model.classify(features.flatten(1)).view(-1, *features.shape[1:])
        guide[piece] = features[0]

    side_by_side(decide, _pieces(wide, _PIECE_VOXELS, model))
    inner = within(region, wide)
    return _smoothed(model, guide, probability, inner, image.flat) if architecture.smoothing else probability[(slice(None), *inner)]


def _pieces(region: Region, voxels: dict[str, int], model: Model) -> Iterator[Region]:
    """Cut a region into pieces of at most so many voxels, and at least one for every thread."""
    size = size_of(region)
    share = math.prod(size) if model.device.is_cuda else math.prod(size) // thread_count()
    return blocks_of(size, _even_size(size, min(voxels[model.device.torch.type], share)))


def _even_size(size: Shape, voxels: int) -> Shape:
    """Give pieces of about so many voxels, as near to cubes as their region allows: thin ones would be mostly halo."""
    found = dict.fromkeys(range(3), 1)
    for place, axis in enumerate(sorted(range(3), key=lambda axis: size[axis])):
        side = min(size[axis], max(1, round((voxels / math.prod(found.values())) ** (1 / (3 - place)))))
        found[axis] = -(-size[axis] // -(-size[axis] // side))
    return found[0], found[1], found[2]


def _features(model: Model, image: Image, wide: Region) -> FeaturesOf:
    """Give a way to come by the features of parts of a box: each part computed when asked for, or all kept on the image's shelf."""
    bank = pixel_architecture_of(model).bank
    if image.shelf is None:
        box = bank.around(wide, image.shape)
        held = Held(box, image.read(box), image.read)
        return _Neighbourhood(model, image.shape, held, _coarser(model, held.read, wide, image.shape)).features
    scaled = model.manifest.normalisation
    key = (bank, scaled.center, scaled.scale)
    found: Tensor = image.shelf.fetch((*key, str(wide)), lambda: _features_nearby(model, image, wide, key))
    return lambda part: found[(slice(None), *within(part, wide))]


def _features_nearby(model: Model, image: Image, wide: Region, key: tuple[Any, ...]) -> Tensor:
    """Compute the features of a box; the coarse scales, for which one reads far around it, serve the slices beside it as well."""
    assert image.shelf is not None
    bank = pixel_architecture_of(model).bank
    aligned, near = bank.aligned(wide, image.shape), bank.near(wide, image.shape)
    coarser = image.shelf.fetch((key, str(aligned)), lambda: _Coarser(_coarser(model, image.read, aligned, image.shape)))
    neighbourhood = _Neighbourhood(model, image.shape, Held(near, image.read(near), image.read), coarser.levels)
    features = torch.empty((bank.channels, *size_of(wide)), device=model.device.torch)

    def compute(piece: Region) -> None:
        features[(slice(None), *piece)] = neighbourhood.features(part_of(wide, piece))

    side_by_side(compute, _pieces(wide, _PIECE_VOXELS, model))
    return features


@dataclass(frozen=True, slots=True)
class _Coarser:
    """The coarser scales of an image near a box."""

    levels: list[Part]

    @property
    def nbytes(self) -> int:
        """Give what they take in memory."""
        return sum(level.voxels.nbytes for level in self.levels)


def _coarser(model: Model, read: Callable[[Region], NDArray[Any]], region: Region, shape: Shape) -> list[Part]:
    bank = pixel_architecture_of(model).bank
    box = read(bank.around(region, shape))
    return bank.coarser(lambda part: _sent(model, box[part]), region, shape)


@dataclass(frozen=True, slots=True)
class _Neighbourhood:
    """All that the features of a box depend on: the voxels near it, and the coarser scales farther around."""

    model: Model
    shape: Shape
    near: Held
    coarser: list[Part]

    def features(self, region: Region) -> Tensor:
        """Compute the features of a part of the box."""
        bank = pixel_architecture_of(self.model).bank
        near = bank.near(region, self.shape)
        return bank.features(Part(_sent(self.model, self.near.read(near)), corner_of(near)), self.coarser, region)


def _sent(model: Model, voxels: NDArray[Any]) -> Tensor:
    return normalised(voxels, model.manifest.normalisation).to(model.device.torch)


def _smoothed(model: Model, guide: Tensor, probability: Tensor, inner: Region, flat: int | None) -> Tensor:
    """Smooth a part of probabilities; piece by piece, each with what lies around it."""
    architecture = pixel_architecture_of(model)
    z, y, x = guide.shape
    found = torch.empty((len(probability), *size_of(inner)), device=guide.device)

    def smooth(piece: Region) -> None:
        part = part_of(inner, piece)
        around = grown(part, _reach(architecture, flat), (z, y, x))
        answer = _steady(guide[around], probability[(slice(None), *around)], architecture, flat)
        found[(slice(None), *piece)] = answer[(slice(None), *within(part, around))]

    side_by_side(smooth, _pieces(inner, _SMOOTHED_VOXELS, model))
    return found


def _steady(guide: Tensor, probability: Tensor, architecture: PixelArchitecture, flat: int | None) -> Tensor:
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
