"""Coarser copies of an image, each smoothed and of half the resolution of the finer one, and of each only a part.

All that is done along an axis, over all scales, is one matrix for each scale: the fine voxels, which are the most by far,
are looked at once. What is thin along an axis is made thin first.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from voxloop_shared.data.blocks import Region, size_of
from voxloop_shared.nets.crew import side_by_side
from voxloop_shared.nets.filters import convolve, extended, gaussian

_TILE = 16
"""Coarse voxels found by one product: with more the matrices are wide and mostly zeros, with fewer the products are many."""
_PIECE_VOXELS = 1 << 19
"""Fine voxels that a thread takes through all products at once."""

Size = tuple[int, int, int]
Sigmas = tuple[tuple[float, ...], ...]
"""Of each coarser scale the Gaussians, one after the other, by which the finer one is smoothed before it is halved."""
View = Callable[[Region], Tensor]
"""Gives voxels (z, y, x), float32, of a part of an image."""


class Tile(NamedTuple):
    """Some coarse voxels along an axis as sums of fine ones: `weights` (coarse, fine), and where both begin."""

    weights: Tensor
    coarse: int
    fine: int


Weights = list[dict[int, list[Tile]]]
"""Of each scale the tiles along each axis."""


def shrink(view: View, shape: Size, sigmas: Sigmas, axes: tuple[int, ...], wanted: Sequence[Region]) -> list[Tensor]:
    """Give of each coarser scale of an image (z, y, x) the part that is wanted, in its own voxels; each is the mean of two along the axes.

    Beyond the image's edges its outermost voxels go on.
    """
    if not wanted:
        return []
    weights: Weights = [
        {axis: list(_tiles(sigmas[: scale + 1], shape[axis], part[axis])) for axis in axes} for scale, part in enumerate(wanted)
    ]
    first, *others = sorted(axes, key=lambda axis: sum(part[axis].stop - part[axis].start for part in wanted) / shape[axis])
    thin = _shrunk_first(view, shape, first, [of[first] for of in weights])
    found = [image.new_empty(size_of(part)) for image, part in zip(thin, wanted, strict=True)]

    def go_on(piece: tuple[int, slice]) -> None:
        scale, part = piece
        image = thin[scale].narrow(first, part.start, part.stop - part.start)
        for axis in others:
            image = _shrunk(image, weights[scale][axis], axis)
        found[scale].narrow(first, part.start, part.stop - part.start).copy_(image)

    side_by_side(
        go_on,
        [
            (scale, part)
            for scale, image in enumerate(thin)
            for part in _pieces((image.shape[0], image.shape[1], image.shape[2]), first, image.is_cuda)
        ],
    )
    return found


def _shrunk_first(view: View, shape: Size, axis: int, tiles: Sequence[Sequence[Tile]]) -> list[Tensor]:
    """Shrink an image along one axis to all scales, piece by piece of another axis."""
    across = 1 if axis == 0 else 0
    corner = view((slice(0, 1), slice(0, 1), slice(0, 1)))
    lengths = [sum(len(tile.weights) for tile in of) for of in tiles]
    found = [corner.new_empty([length if a == axis else n for a, n in enumerate(shape)]) for length in lengths]

    def shrink_piece(part: slice) -> None:
        z, y, x = (part if a == across else slice(0, n) for a, n in enumerate(shape))
        image = view((z, y, x))
        for target, of in zip(found, tiles, strict=True):
            target.narrow(across, part.start, part.stop - part.start).copy_(_shrunk(image, of, axis))

    side_by_side(shrink_piece, _pieces(shape, across, corner.is_cuda))
    return found


def _pieces(shape: Size, axis: int, is_whole: bool) -> Iterator[slice]:
    """Cut an axis so that each piece fits into the cache; a GPU takes all at once."""
    length = shape[axis]
    step = length if is_whole else max(1, _PIECE_VOXELS * length // math.prod(shape))
    return (slice(start, min(start + step, length)) for start in range(0, length, step))


def _shrunk(image: Tensor, tiles: Sequence[Tile], axis: int) -> Tensor:
    parts = [_mixed(tile.weights.to(image.device), image.narrow(axis, tile.fine, tile.weights.shape[1]), axis) for tile in tiles]
    return parts[0] if len(parts) == 1 else torch.cat(parts, axis)


def _mixed(weights: Tensor, image: Tensor, axis: int) -> Tensor:
    """Multiply a matrix (new, old) with an axis of the image (z, y, x)."""
    if axis == 2:
        return image @ weights.T
    if axis == 1:
        return torch.bmm(weights.expand(len(image), -1, -1), image)
    return (weights @ image.flatten(1)).view(-1, *image.shape[1:])


def _tiles(sigmas: Sigmas, length: int, part: slice) -> Iterator[Tile]:
    """Give the tiles that make a part of the coarsest of some scales out of an axis of `length` fine voxels."""
    lengths = [length]
    while len(lengths) < len(sigmas):
        lengths.append(_halved(lengths[-1]))
    for start in range(part.start, part.stop, _TILE):
        low, high, steps = start, min(start + _TILE, part.stop), []
        for smoothed, finer in zip(reversed(sigmas), reversed(lengths), strict=True):
            reach = _reach(smoothed)
            first, last = max(0, 2 * low - reach), min(finer, 2 * high + reach)
            steps.append((smoothed, last - first, low - first // 2, high - first // 2))
            low, high = first, last
        yield Tile(_product(tuple(steps)), start - part.start, low)


def _reach(sigmas: tuple[float, ...]) -> int:
    """Give how many voxels beyond its own two a coarse voxel depends on; even, for pairs must not be split."""
    reach = sum(len(gaussian(sigma)) // 2 for sigma in sigmas)
    return reach + reach % 2


def _halved(length: int) -> int:
    return length if length == 1 else -(-length // 2)


@lru_cache(256)
@torch.inference_mode(mode=False)  # what is made within that mode could not be exported later
def _product(steps: tuple[tuple[tuple[float, ...], int, int, int], ...]) -> Tensor:
    """Multiply the matrices of several halvings; the coarsest is the first."""
    matrices = [_halving(*step) for step in steps]
    found = matrices[0]
    for matrix in matrices[1:]:
        found = found @ matrix
    return found


def _halving(sigmas: tuple[float, ...], length: int, start: int, stop: int) -> Tensor:
    """Give the matrix (coarse, fine) that smooths and halves so many voxels, its rows start..stop: what becomes of each voxel alone."""
    if length == 1:
        return torch.ones(stop - start, 1)
    matrix = torch.eye(length)
    for sigma in sigmas:
        matrix = convolve(matrix, gaussian(sigma), 0, slice(0, length))
    pairs = extended(matrix, 0, 0, length + length % 2)
    return ((pairs[::2] + pairs[1::2]) / 2)[start:stop].contiguous()
