"""Linear filters of images (z, y, x) along chosen axes, each giving only the part that is asked for; edge voxels go on beyond the edges."""

import math
from functools import lru_cache

import torch
from torch import Tensor

from voxloop_shared.data.blocks import Region


def smooth(image: Tensor, sigma: float, axes: tuple[int, ...], part: Region) -> Tensor:
    """Give a part of the image smoothed with a Gaussian, one axis after the other."""
    image = _cut(image, axes, part)
    kernel = gaussian(sigma)
    for axis in axes:
        image = convolve(image, kernel, axis, part[axis])
    return image


def slope(image: Tensor, axis: int, part: Region) -> Tensor:
    """Give the central difference along an axis, in a part of the image."""
    image = _cut(image, (axis,), part)
    if image.shape[axis] == 1:
        return torch.zeros_like(image)
    start, stop = part[axis].start, part[axis].stop
    around = extended(image, axis, start - 1, stop + 1)
    return (around.narrow(axis, 2, stop - start) - around.narrow(axis, 0, stop - start)).mul_(0.5)


@lru_cache
def gaussian(sigma: float) -> tuple[float, ...]:
    """Give the weights of a Gaussian, cut at three standard deviations; no tensor, which would belong to the mode torch is in."""
    reach = int(3 * sigma + 0.5)
    kernel = [math.exp(-(step**2) / (2 * sigma * sigma)) for step in range(-reach, reach + 1)]
    return tuple(weight / math.fsum(kernel) for weight in kernel)


def extended(image: Tensor, axis: int, start: int, stop: int) -> Tensor:
    """Give start..stop of an axis, which may reach beyond both ends."""
    length = image.shape[axis]
    inner = image.narrow(axis, max(0, start), min(length, stop) - max(0, start))
    before, after = [image.narrow(axis, 0, 1)] * max(0, -start), [image.narrow(axis, length - 1, 1)] * max(0, stop - length)
    return torch.cat([*before, inner, *after], axis) if before or after else inner


def convolve(image: Tensor, kernel: tuple[float, ...], axis: int, part: slice) -> Tensor:
    """Convolve along an axis as a sum of shifted copies: for so few taps faster than a library's convolution of one channel."""
    reach, length = len(kernel) // 2, part.stop - part.start
    padded = extended(image, axis, part.start - reach, part.stop + reach)
    out = padded.narrow(axis, reach, length) * kernel[reach]
    for shift, weight in enumerate(kernel[:reach]):
        out.add_(padded.narrow(axis, shift, length) + padded.narrow(axis, 2 * reach - shift, length), alpha=weight)
    return out


def _cut(image: Tensor, but: tuple[int, ...], part: Region) -> Tensor:
    """Give the part along all axes but some."""
    return image[tuple(slice(None) if axis in but else of for axis, of in enumerate(part))]
