"""Linear filters of images (z, y, x) along chosen axes, each giving only the part that is asked for; edge voxels go on beyond the edges."""

from functools import lru_cache

import torch
from torch import Tensor

from voxloop_shared.data.blocks import Region

_TILE = 16
"""Coarse voxels found by one product: with more the matrices are wide and mostly zeros, with fewer the products are many."""


def smooth(image: Tensor, sigma: float, axes: tuple[int, ...], part: Region) -> Tensor:
    """Give a part of the image smoothed with a Gaussian, one axis after the other."""
    image = _cut(image, axes, part)
    kernel = _gaussian(sigma)
    for axis in axes:
        image = _convolve(image, kernel, axis, part[axis])
    return image


def slope(image: Tensor, axis: int, part: Region) -> Tensor:
    """Give the central difference along an axis, in a part of the image."""
    image = _cut(image, (axis,), part)
    if image.shape[axis] == 1:
        return torch.zeros_like(image)
    start, stop = part[axis].start, part[axis].stop
    around = _extended(image, axis, start - 1, stop + 1)
    return (around.narrow(axis, 2, stop - start) - around.narrow(axis, 0, stop - start)) * 0.5


def halve(image: Tensor, sigmas: tuple[float, ...], axes: tuple[int, ...], part: Region) -> Tensor:
    """Give a part of the image smoothed by Gaussians, one after the other, and of half the resolution along the axes.

    `part` counts coarse voxels; each is the mean of two. All that is done along an axis is one matrix, which spares the
    fine voxels between the steps: they are the most.
    """
    image = _cut(image, axes, part)
    for axis in axes:
        if image.shape[axis] > 1:
            image = _shrink(image, sigmas, axis, part[axis])
    return image


def halving_reach(sigmas: tuple[float, ...]) -> int:
    """Give how many voxels beyond its own two a coarse voxel depends on; even, for pairs must not be split."""
    reach = sum(len(_gaussian(sigma)) // 2 for sigma in sigmas)
    return reach + reach % 2


def _cut(image: Tensor, but: tuple[int, ...], part: Region) -> Tensor:
    """Give the part along all axes but some."""
    return image[tuple(slice(None) if axis in but else of for axis, of in enumerate(part))]


@lru_cache
def _gaussian(sigma: float) -> Tensor:
    reach = int(3 * sigma + 0.5)
    kernel = torch.exp(-(torch.arange(-reach, reach + 1, dtype=torch.float32) ** 2) / (2 * sigma * sigma))
    return kernel / kernel.sum()


def _extended(image: Tensor, axis: int, start: int, stop: int) -> Tensor:
    """Give start..stop of an axis, which may reach beyond both ends."""
    length = image.shape[axis]
    inner = image.narrow(axis, max(0, start), min(length, stop) - max(0, start))
    before, after = [image.narrow(axis, 0, 1)] * max(0, -start), [image.narrow(axis, length - 1, 1)] * max(0, stop - length)
    return torch.cat([*before, inner, *after], axis) if before or after else inner


def _convolve(image: Tensor, kernel: Tensor, axis: int, part: slice) -> Tensor:
    """Convolve along an axis as a sum of shifted copies: for so few taps faster than a library's convolution of one channel."""
    reach, length = len(kernel) // 2, part.stop - part.start
    padded = _extended(image, axis, part.start - reach, part.stop + reach)
    weights: list[float] = kernel.tolist()
    out = padded.narrow(axis, reach, length) * weights[reach]
    for shift, weight in enumerate(weights[:reach]):
        out.add_(padded.narrow(axis, shift, length) + padded.narrow(axis, 2 * reach - shift, length), alpha=weight)
    return out


def _shrink(image: Tensor, sigmas: tuple[float, ...], axis: int, part: slice) -> Tensor:
    length, reach = image.shape[axis], halving_reach(sigmas)
    size = list(image.shape)
    size[axis] = part.stop - part.start
    out = image.new_empty(size)
    for start in range(part.start, part.stop, _TILE):
        stop = min(start + _TILE, part.stop)
        low, high = max(0, 2 * start - reach), min(length, 2 * stop + reach)
        weights = _halving(sigmas, high - low, start - low // 2, stop - low // 2).to(image.device)
        out.narrow(axis, start - part.start, stop - start).copy_(_mixed(weights, image.narrow(axis, low, high - low), axis))
    return out


@lru_cache(256)
def _halving(sigmas: tuple[float, ...], length: int, start: int, stop: int) -> Tensor:
    """Give the matrix (coarse, fine) that smooths and halves so many voxels, its rows start..stop: what becomes of each voxel alone."""
    matrix = torch.eye(length)
    for sigma in sigmas:
        matrix = _convolve(matrix, _gaussian(sigma), 0, slice(0, length))
    pairs = _extended(matrix, 0, 0, length + length % 2)
    return ((pairs[::2] + pairs[1::2]) / 2)[start:stop].contiguous()


def _mixed(weights: Tensor, image: Tensor, axis: int) -> Tensor:
    """Multiply a matrix (new, old) with an axis of the image (z, y, x)."""
    if axis == 2:
        return image @ weights.T
    if axis == 1:
        return torch.bmm(weights.expand(len(image), -1, -1), image)
    return (weights @ image.flatten(1)).view(-1, *image.shape[1:])
