"""A bank of image features at several scales, block by block: the same numbers whether a voxel lies in a small block or a large one.

At each scale the image is smoothed and halved, and eight (3D) or six (2D) features tell edges, blobs, ridges and their
strength apart, in any direction: intensity, gradient magnitude, invariants of the Hessian and of the structure tensor
(Sommer et al. 2011, ilastik, has the same families with eigenvalues; the invariants say as much and need no roots).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from voxloop_shared.data.blocks import Region, clip_region, grown, part_of, size_of, within
from voxloop_shared.nets.filters import slope, smooth
from voxloop_shared.nets.scales import Size, View, shrink

_TINY = 1e-12
_FINEST_SIGMA = 0.7
_SIGMAS = ((_FINEST_SIGMA, 1.0), *[(1.0,)] * 8)
"""What each coarser scale is smoothed by before it is halved from the finer one; the finest is smoothed itself."""
_TENSOR_SIGMA = 1.0
_REACH = 4
"""Voxels of a scale that its features depend on: a derivative, and the tensor's window."""
_MARGIN = 6
"""Voxels of the image that the features of the finest scale depend on: their own reach, and the smoothing."""


class Part(NamedTuple):
    """A part of a scale: voxels (z, y, x), and where the first of them lies in the whole."""

    voxels: Tensor
    start: Size

    @property
    def region(self) -> Region:
        """Give where in the whole it lies."""
        z, y, x = (slice(start, start + length) for start, length in zip(self.start, self.voxels.shape, strict=True))
        return z, y, x


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

    def aligned(self, region: Region, shape: Size) -> Region:
        """Give the smallest region of coarse voxels that holds a region of a volume."""
        parts = zip(region, self.step, shape, strict=True)
        z, y, x = (slice(part.start // step * step, min(length, -(-part.stop // step) * step)) for part, step, length in parts)
        return z, y, x

    def around(self, region: Region, shape: Size) -> Region:
        """Give the box to read for the coarser scales near a region of a volume; coarse voxels begin where they do in every other box."""
        return grown(self.aligned(region, shape), self.halo, shape)

    def near(self, region: Region, shape: Size) -> Region:
        """Give the voxels that the features of the finest scale depend on: with the coarser scales at hand, all that must be read."""
        return grown(region, (_MARGIN if self.is_3d else 0, _MARGIN, _MARGIN), shape)

    def coarser(self, view: View, region: Region, shape: Size) -> list[Part]:
        """Give of each coarser scale the part that features of a region of a volume depend on.

        `view` gives voxels of the box `around` the region, counted from its corner.
        """
        box, found = self.around(region, shape), []
        for scale in range(1, self.scales):
            factors = self._factors(2**scale)
            shape = self._halved(shape)
            needed = grown(_covering(region, factors), self._reach, shape)
            z, y, x = (
                slice(part.start - of.start // f, part.stop - of.start // f) for part, of, f in zip(needed, box, factors, strict=True)
            )
            found.append((needed, (z, y, x)))
        images = shrink(view, size_of(box), _SIGMAS[: self.scales - 1], self._axes, [local for _, local in found])
        return [Part(image, corner_of(needed)) for image, (needed, _) in zip(images, found, strict=True)]

    def features(self, image: Part, coarser: Sequence[Part], region: Region) -> Tensor:
        """Give the features (channels, z, y, x) of a region, of which `image` holds the voxels `near` it."""
        finest = clip_region(_grown(region, self._reach), image.region)
        assert finest is not None
        smoothed = Part(smooth(image.voxels, _FINEST_SIGMA, self._axes, within(finest, image.region)), corner_of(finest))
        scales = [self._of_scale(level, region, 2**scale) for scale, level in enumerate([smoothed, *coarser])]
        return torch.cat([image.voxels[within(region, image.region)].unsqueeze(0), *scales])

    def __call__(self, image: Tensor, region: Region) -> Tensor:
        """Give the features (channels, z, y, x) of a region of a whole image (z, y, x)."""
        shape = (image.shape[0], image.shape[1], image.shape[2])
        box = self.around(region, shape)
        coarser = self.coarser(lambda part: image[part_of(box, part)], region, shape)
        near = self.near(region, shape)
        return self.features(Part(image[near], corner_of(near)), coarser, region)

    @property
    def _axes(self) -> tuple[int, ...]:
        return (0, 1, 2) if self.is_3d else (1, 2)

    @property
    def _reach(self) -> Size:
        return (_REACH if self.is_3d else 0, _REACH, _REACH)

    def _factors(self, factor: int) -> Size:
        return (factor if self.is_3d else 1, factor, factor)

    def _halved(self, shape: Size) -> Size:
        z, y, x = (-(-n // 2) if axis in self._axes else n for axis, n in enumerate(shape))
        return z, y, x

    def _of_scale(self, level: Part, core: Region, factor: int) -> Tensor:
        """Give the features of one scale, at the core's own resolution."""
        factors = self._factors(factor)
        coarse = clip_region(_covering(core, factors), level.region)
        assert coarse is not None
        inner = within(coarse, level.region)
        features = torch.stack(_features_3d(level.voxels, inner) if self.is_3d else _features_2d(level.voxels, inner))
        spread = [slice(part.start - of.start * f, part.stop - of.start * f) for part, of, f in zip(core, coarse, factors, strict=True)]
        return _spread(_enlarged(features, 1, spread[0], factors[0]), spread[1], spread[2], factor)


def _covering(core: Region, factors: Size) -> Region:
    """Give the coarse voxels that a box lies between, if need be beyond the edges."""
    parts = zip(core, factors, strict=True)
    z, y, x = (part if f == 1 else slice(part.start // f - 1, -(-part.stop // f) + 1) for part, f in parts)
    return z, y, x


def _grown(region: Region, by: Size) -> Region:
    z, y, x = (slice(part.start - b, part.stop + b) for part, b in zip(region, by, strict=True))
    return z, y, x


def corner_of(region: Region) -> Size:
    """Give where a region begins."""
    z, y, x = (part.start for part in region)
    return z, y, x


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


def _spread(features: Tensor, rows: slice, columns: slice, factor: int) -> Tensor:
    """Give rows and columns of each slice at `factor` times their resolution."""
    if factor > 1:
        features = functional.interpolate(features, scale_factor=float(factor), mode="bilinear")
    return features[:, :, rows, columns]


def _features_3d(image: Tensor, inner: Region) -> list[Tensor]:
    wide, core, gradient = _gradient(image, inner, (0, 1, 2))
    hessian = [slope(gradient[a], b, core) for a, b in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))]
    tensor = [_window(gradient[a] * gradient[b], (0, 1, 2), core) for a, b in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))]
    length = _length([part[core] for part in gradient])
    return [image[wide][core], length, *_invariants(hessian), *(value.abs().sqrt() for value in _invariants(tensor))]


def _features_2d(image: Tensor, inner: Region) -> list[Tensor]:
    wide, core, gradient = _gradient(image, inner, (1, 2))
    hessian = [slope(gradient[a], b, core) for a, b in ((0, 1), (1, 2), (0, 2))]
    tensor = [_window(gradient[a] * gradient[b], (1, 2), core) for a, b in ((0, 0), (1, 1), (0, 1))]
    length = _length([part[core] for part in gradient])
    return [image[wide][core], length, *_eigenvalues(*hessian), *(value.clamp(min=0).sqrt() for value in _eigenvalues(*tensor))]


def _gradient(image: Tensor, inner: Region, axes: tuple[int, ...]) -> tuple[Region, Region, list[Tensor]]:
    """Give the part of the image around `inner` in which the gradient is needed, where `inner` lies in it, and the gradient there."""
    by = tuple(_REACH - 1 if axis in axes else 0 for axis in range(3))
    wide = grown(inner, by, tuple(image.shape))  # type: ignore[arg-type]
    return wide, within(inner, wide), [slope(image, axis, wide) for axis in axes]


def _window(square: Tensor, axes: tuple[int, ...], core: Region) -> Tensor:
    return smooth(square, _TENSOR_SIGMA, axes, core)


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
