"""A bank of image features at several scales, block by block: the same numbers whether a voxel lies in a small block or a large one.

At each scale the image is smoothed and halved, and eight (3D) or six (2D) features tell edges, blobs, ridges and their
strength apart, in any direction: intensity, gradient magnitude, invariants of the Hessian and of the structure tensor
(Sommer et al. 2011, ilastik, has the same families with eigenvalues; the invariants say as much and need no roots).
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from voxloop_shared.data.blocks import Region

_TINY = 1e-12
_FINEST_SIGMA = 0.7
_HALVING_SIGMA = 1.0
_TENSOR_SIGMA = 1.0
_MARGIN = 6
"""Voxels of a scale around a block that its features depend on: two derivatives, the tensor's window, the interpolation."""

Size = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class FeatureBank:
    """Features of `scales` scales; in 3D, or slice by slice where voxels are much longer along z than across."""

    scales: int
    is_3d: bool

    @property
    def channels(self) -> int:
        """Give the number of features: those of each scale, and the intensity itself."""
        return 1 + self.scales * (8 if self.is_3d else 6)

    @property
    def step(self) -> Size:
        """Give what a block's corner must be a multiple of, in voxels (z, y, x): the coarsest scale's voxels."""
        coarsest = 2 ** (self.scales - 1)
        return (coarsest if self.is_3d else 1, coarsest, coarsest)

    @property
    def halo(self) -> Size:
        """Give the voxels (z, y, x) around a block that its features depend on, in multiples of the step."""
        z, y, x = self.step
        return (_MARGIN * z + 2 * z if self.is_3d else 0, _MARGIN * y + 2 * y, _MARGIN * x + 2 * x)

    def around(self, region: Region, shape: Size) -> tuple[Region, Region]:
        """Give the box to read for the features of a region of a volume, and where the region lies in it.

        Coarse voxels begin where they do in every other box; at the volume's edge the box ends.
        """
        spans = [
            (max(0, part.start // step * step - halo), min(length, -(-part.stop // step) * step + halo))
            for part, step, halo, length in zip(region, self.step, self.halo, shape, strict=True)
        ]
        box: Region = tuple(slice(*span) for span in spans)  # type: ignore[assignment]
        core: Region = tuple(slice(part.start - low, part.stop - low) for part, (low, _) in zip(region, spans, strict=True))  # type: ignore[assignment]
        return box, core

    def __call__(self, image: Tensor, core: Region) -> Tensor:
        """Give the features (channels, z, y, x) of `core`, a box of the image (z, y, x) with its halo around it."""
        return self.of_levels(image, self.levels(image), core)

    def levels(self, image: Tensor) -> list[Tensor]:
        """Give the image at each scale."""
        levels = [_smooth(image, _FINEST_SIGMA, self._axes)]
        while len(levels) < self.scales:
            levels.append(self._halve(levels[-1]))
        return levels

    def of_levels(self, image: Tensor, levels: list[Tensor], core: Region) -> Tensor:
        """Give the features of `core` from the image's scales, where several boxes of one image are wanted."""
        return torch.cat([image[core].unsqueeze(0), *(self._of_scale(level, core, 2**scale) for scale, level in enumerate(levels))])

    @property
    def _axes(self) -> tuple[int, ...]:
        return (0, 1, 2) if self.is_3d else (1, 2)

    def _halve(self, level: Tensor) -> Tensor:
        window = (2, 2, 2) if self.is_3d else (1, 2, 2)
        return functional.avg_pool3d(_smooth(level, _HALVING_SIGMA, self._axes)[None, None], window, ceil_mode=True)[0, 0]

    def _of_scale(self, level: Tensor, core: Region, factor: int) -> Tensor:
        """Give the features of one scale, at the core's own resolution."""
        factors = (factor if self.is_3d else 1, factor, factor)
        wide, inner = zip(*(_widened(part, f, n) for part, f, n in zip(core, factors, level.shape, strict=True)), strict=True)
        features = torch.stack(_features_3d(level[wide]) if self.is_3d else _features_2d(level[wide]))
        for axis in (3, 2, 1):  # columns first: to spread them is slowest, and there are fewest of them now
            features = _enlarged(features, axis, inner[axis - 1], factors[axis - 1])
        return features


def _widened(part: slice, factor: int, length: int) -> tuple[slice, slice]:
    """Give the part of a coarse axis that covers a part of the fine one with a margin, and where the part lies in it, in fine voxels."""
    margin = _MARGIN if length > 1 else 0
    low = max(0, part.start // factor - margin)
    high = min(length, -(-part.stop // factor) + margin)
    start = part.start - low * factor
    return slice(low, high), slice(start, start + part.stop - part.start)


def _enlarged(features: Tensor, axis: int, part: slice, factor: int) -> Tensor:
    """Give a part (in fine voxels) of an axis at `factor` times its resolution, interpolated between the coarse voxels' centres."""
    if factor == 1:
        return features.narrow(axis, part.start, part.stop - part.start)
    place = (torch.arange(part.start, part.stop, device=features.device) + 0.5) / factor - 0.5
    place = place.clamp(0, features.shape[axis] - 1)
    below = place.floor().long()
    above = (below + 1).clamp(max=features.shape[axis] - 1)
    weight = (place - below).view([-1 if a == axis else 1 for a in range(features.ndim)])
    return torch.lerp(features.index_select(axis, below), features.index_select(axis, above), weight)


def _features_3d(image: Tensor) -> list[Tensor]:
    gradient = [_slope(image, axis) for axis in range(3)]
    hessian = [_slope(gradient[a], b) for a, b in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))]
    squares = [gradient[a] * gradient[b] for a, b in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))]
    tensor = [_smooth(square, _TENSOR_SIGMA, (0, 1, 2)) for square in squares]
    return [image, _length(gradient), *_invariants(hessian), *(value.abs().sqrt() for value in _invariants(tensor))]


def _features_2d(image: Tensor) -> list[Tensor]:
    gradient = [_slope(image, axis) for axis in (1, 2)]
    hessian = [_slope(gradient[a], b) for a, b in ((0, 1), (1, 2), (0, 2))]
    tensor = [_smooth(gradient[a] * gradient[b], _TENSOR_SIGMA, (1, 2)) for a, b in ((0, 0), (1, 1), (0, 1))]
    return [image, _length(gradient), *_eigenvalues(*hessian), *(value.clamp(min=0).sqrt() for value in _eigenvalues(*tensor))]


def _invariants(matrix: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Give trace, Frobenius norm and the cube root of the determinant of symmetric matrices (zz, yy, xx, zy, zx, yx)."""
    a, b, c, d, e, f = matrix
    norm = (a * a + b * b + c * c + 2 * (d * d + e * e + f * f) + _TINY).sqrt()
    determinant = a * (b * c - f * f) - d * (d * c - f * e) + e * (d * f - b * e)
    return a + b + c, norm, determinant.sign() * (determinant.abs() + _TINY).pow(1 / 3)


def _eigenvalues(a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Give the larger and the smaller eigenvalue of symmetric matrices (yy, xx, yx)."""
    middle, radius = (a + b) / 2, (((a - b) / 2) ** 2 + c * c + _TINY).sqrt()
    return middle + radius, middle - radius


def _length(vector: list[Tensor]) -> Tensor:
    return (sum((part * part for part in vector[1:]), vector[0] * vector[0]) + _TINY).sqrt()


def _slope(image: Tensor, axis: int) -> Tensor:
    """Give the central difference along an axis; the edge voxel stands for those beyond it."""
    length = image.shape[axis]
    if length == 1:
        return torch.zeros_like(image)
    after = torch.cat([image.narrow(axis, 1, length - 1), image.narrow(axis, length - 1, 1)], axis)
    before = torch.cat([image.narrow(axis, 0, 1), image.narrow(axis, 0, length - 1)], axis)
    return (after - before) * 0.5


def _smooth(image: Tensor, sigma: float, axes: tuple[int, ...]) -> Tensor:
    """Smooth with a Gaussian, one axis after the other."""
    reach = int(3 * sigma + 0.5)
    kernel = torch.exp(-(torch.arange(-reach, reach + 1, dtype=torch.float32) ** 2) / (2 * sigma * sigma))
    kernel = (kernel / kernel.sum()).to(image.device)
    for axis in axes:
        image = _convolve(image, kernel, axis)
    return image


def _convolve(image: Tensor, kernel: Tensor, axis: int) -> Tensor:
    """Convolve along an axis as a sum of shifted copies: for so few taps faster than a library's convolution of one channel."""
    reach, length = len(kernel) // 2, image.shape[axis]
    ends = [image.narrow(axis, 0, 1)] * reach, [image.narrow(axis, length - 1, 1)] * reach
    padded = torch.cat([*ends[0], image, *ends[1]], axis)
    out = padded.narrow(axis, reach, length) * kernel[reach]
    for shift, weight in enumerate(kernel[:reach].tolist()):
        out.add_(padded.narrow(axis, shift, length) + padded.narrow(axis, 2 * reach - shift, length), alpha=weight)
    return out
