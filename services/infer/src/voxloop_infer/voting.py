"""Class, confidence and uncertainty of a box of voxels: models run over one or more orientations, their probabilities averaged."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from voxloop_infer.classifying import classify, pixel_halo
from voxloop_infer.diagonals import DIAGONALS, count_diagonal, diagonal_halo
from voxloop_infer.model import Model
from voxloop_infer.reading import Image, Shape
from voxloop_infer.slices import architecture_of, count_slices, slice_opinions
from voxloop_infer.tally import Answer, Tally, likeliest
from voxloop_shared.data.blocks import Region, blocks_of, part_of, size_of
from voxloop_shared.nets.inputs import PLANE_AXES
from voxloop_shared.nets.pixel import PixelArchitecture

_TILE = (256, 512)
"""Rows and columns without halo; larger ones spend less on halo, but what is between the layers leaves the cache."""
_TILE_REACHES = 4
"""A deep network's tile is at least so many times as long as its halo is wide: the halo can be exact at any depth."""
_VOTE_BYTES = 160 << 20
"""For the sums of all voices over a box."""
_SIDES = (256, 192, 128, 96, 64, 32)
_FLIPS = 4


def vote(models: Sequence[Model], image: Image, region: Region, planes: str, *, flips: bool = False) -> Answer:
    """Give class, confidence and uncertainty of a region; reads around it, in memory that does not grow with the region.

    `planes` is an axis, several of them ("zyx"), or "nine": all axes and six diagonals. Every model counts the same, and within it
    every orientation, mirror image and member. All models answer in the order of the first one's classes.
    """
    size, device = size_of(region), models[0].device.torch
    layers = [torch.empty(size, dtype=torch.uint8) for _ in range(2 + (count_voices(models, planes, flips=flips) > 1))]
    for piece in blocks_of(size, piece_size(models, planes, flips=flips)):
        wanted = [layer[piece] for layer in layers]
        found = wanted if device.type == "cpu" else [torch.empty_like(layer, device=device) for layer in wanted]
        _vote_piece(models, image, part_of(region, piece), planes, found, flips=flips)
        if found is not wanted:
            for layer, values in zip(wanted, found, strict=True):
                layer.copy_(values)
    numbers, confidence, *rest = (layer.numpy() for layer in layers)
    return Answer(numbers, confidence, rest[0] if rest else None)


def count_voices(models: Sequence[Model], planes: str, *, flips: bool) -> int:
    """Count what is averaged."""
    return sum(_voices_of(model, planes, flips=flips) for model in models)


def orientations(planes: str) -> list[str | int]:
    """Name the orientations of a plane set: axes, and numbers of diagonals."""
    return [*"zyx", *range(len(DIAGONALS))] if planes == "nine" else list(planes)


def piece_size(models: Sequence[Model], planes: str, *, flips: bool) -> Shape:
    """Give how much is voted on at once: whole tiles of single slices, or a cube whose sums fit."""
    if count_voices(models, planes, flips=flips) == 1:
        return _WHOLE if reads_features(models[0]) else _tile(models[0], planes)
    voxels = _VOTE_BYTES // (2 * (len(models[0].manifest.classes) + 1))
    if len(planes) == 1 and not reads_features(models[0]):
        tile = _tile(models[0], planes)
        flat = math.prod(min(side, voxels) for side in tile) // voxels
        return tuple(max(1, voxels // flat) if side == _WHOLE[0] else side for side in tile)  # type: ignore[return-value]
    side = next((side for side in _SIDES if side**3 <= voxels), _SIDES[-1])
    return (side, side, side)


def halo_of(models: Sequence[Model], planes: str) -> Shape:
    """Give how far around a region (z, y, x) any of its answers depends on the volume."""
    halos = [_halo(model, orientation) for model in models for orientation in orientations(planes)]
    z, y, x = (max(sizes) for sizes in zip(*halos, strict=True))
    return z, y, x


_WHOLE = (1 << 30, 1 << 30, 1 << 30)


def reads_features(model: Model) -> bool:
    """Say whether a model decides voxel by voxel on features, not on slices."""
    return isinstance(model.architecture, PixelArchitecture)


def _voices_of(model: Model, planes: str, *, flips: bool) -> int:
    """Count a model's orientations, members and mirror images; one that reads features has neither."""
    return 1 if reads_features(model) else len(orientations(planes)) * model.members * (_FLIPS if flips else 1)


def _tile(model: Model, axis: str) -> Shape:
    least = _TILE_REACHES * architecture_of(model).reach
    size = list(_WHOLE)
    _, row_axis, column_axis = PLANE_AXES[axis]
    size[row_axis], size[column_axis] = (max(side, least) for side in _TILE)
    return (size[0], size[1], size[2])


def _halo(model: Model, orientation: str | int) -> Shape:
    if reads_features(model):
        return pixel_halo(model)
    if isinstance(orientation, int):
        halo = diagonal_halo(model)
        return (halo, halo, halo)
    architecture = architecture_of(model)
    sizes = [architecture.reach + architecture.stride] * 3
    sizes[PLANE_AXES[orientation][0]] = architecture.context
    return (sizes[0], sizes[1], sizes[2])


def _vote_piece(models: Sequence[Model], image: Image, region: Region, planes: str, layers: list[Tensor], *, flips: bool) -> None:
    """Fill the layers of a piece, which are where the models are."""
    first, voices = models[0], count_voices(models, planes, flips=flips)
    ids = torch.tensor([entry.id for entry in first.manifest.classes], dtype=torch.uint8, device=first.device.torch)
    if voices == 1:
        _decide_alone(first, image, region, planes, ids, layers)
        return
    tally = Tally.zeros(len(ids), size_of(region), voices, first.device.torch)
    for model in models:
        share = 1 / (len(models) * _voices_of(model, planes, flips=flips))
        _count(tally, model, image, region, planes, share, flips=flips)
    tally.decide(ids, layers)


def _decide_alone(model: Model, image: Image, region: Region, axis: str, ids: Tensor, layers: list[Tensor]) -> None:
    """Decide part by part what one voice says: no probability outlives its part."""
    facing = layers if reads_features(model) else [layer.permute(PLANE_AXES[axis]) for layer in layers]
    parts = classify(model, image, region) if reads_features(model) else slice_opinions(model, image, region, axis)
    for part, probability in parts:
        facing[0][part], facing[1][part] = likeliest(probability, ids)
    image.tidy()


def _count(tally: Tally, model: Model, image: Image, region: Region, planes: str, share: float, *, flips: bool) -> None:
    """Add all that a model says of a region."""
    if reads_features(model):
        for piece, probability in classify(model, image, region):
            tally.add(probability, share, piece)
        return
    for orientation in orientations(planes):
        if isinstance(orientation, int):
            count_diagonal(tally, model, image, region, DIAGONALS[orientation], share, flips=flips)
        else:
            count_slices(tally, model, image, region, orientation, share, flips=flips)
        image.tidy()
