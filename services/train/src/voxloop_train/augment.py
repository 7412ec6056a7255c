"""Variations of crops that keep their labels true; computed on the device."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from voxloop_train.losses import IGNORED

_STRETCH = 0.25
_BEND = 0.04

_CONTRAST = 0.25
_BRIGHTNESS = 0.3
_GAMMA = 0.3
_NOISE = 0.15
_RANGE = (-2.0, 2.0)
"""Where normalised intensities mostly lie."""


def vary(image: Tensor, target: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Vary square crops: `image` (n, channels, rows, columns) and `target` (n, rows, columns)."""
    image, target = _warp(image, target, random)
    return _relight(image, random), target


def _warp(image: Tensor, target: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Flip, rotate by any angle, stretch and bend, each crop its own way; what comes from outside has no label."""
    grid = _grid(len(image), image.shape[-1], random).to(image.device)
    warped = functional.grid_sample(image, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    known = (IGNORED - target.float()).unsqueeze(1)  # the zeros that come in from outside then mean IGNORED
    moved = functional.grid_sample(known, grid, mode="nearest", padding_mode="zeros", align_corners=False)
    return warped, (IGNORED - moved.squeeze(1)).to(target.dtype)


def _grid(n: int, size: int, random: torch.Generator) -> Tensor:
    """Give where each voxel of the new crops comes from, (n, size, size, 2) in -1..1."""
    angle = math.pi * _draw(n, random).view(n)
    stretch = (_STRETCH * _draw(2 * n, random).view(n, 2)).exp()
    mirror = torch.randint(2, (n,), generator=random) * 2.0 - 1
    cosine, sine = angle.cos(), angle.sin()
    turn = torch.stack([cosine * mirror, -sine, sine * mirror, cosine], dim=1).view(n, 2, 2)
    matrix = torch.cat([turn * stretch.view(n, 1, 2), torch.zeros(n, 2, 1)], dim=2)
    grid = functional.affine_grid(matrix, [n, 1, size, size], align_corners=False)
    bend = functional.interpolate(torch.randn((n, 2, 5, 5), generator=random) * _BEND, size=(size, size), mode="bicubic")
    return grid + bend.movedim(1, -1)


def _relight(image: Tensor, random: torch.Generator) -> Tensor:
    """Change gamma, contrast and brightness, and add noise."""
    low, high = _RANGE
    gamma = (_GAMMA * _draw(len(image), random)).exp().to(image.device)
    contrast = (1 + _CONTRAST * _draw(len(image), random)).to(image.device)
    brightness = (_BRIGHTNESS * _draw(len(image), random)).to(image.device)
    noise = (_NOISE * _draw(len(image), random).abs()).to(image.device)
    unit = ((image - low) / (high - low)).clamp(min=0)
    lit = (unit.pow(gamma) * (high - low) + low) * contrast + brightness
    return lit + torch.randn(image.shape, generator=random).to(image.device) * noise


def _draw(n: int, random: torch.Generator) -> Tensor:
    """Give one number in -1..1 per crop."""
    return torch.rand((n, 1, 1, 1), generator=random) * 2 - 1
