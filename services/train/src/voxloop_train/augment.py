"""Variations of crops that keep their labels true; computed on the device."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from voxloop_train.losses import IGNORED

_STRETCH = 0.15
_BEND = 0.025

_CONTRAST = 0.06
_BRIGHTNESS = 0.075
_GAMMA = 0.075
_NOISE = 0.075
_RANGE = (-2.0, 2.0)
"""Where normalised intensities mostly lie."""


def vary(
    image: Tensor, target: Tensor, guide: Tensor | None, random: torch.Generator, strength: float = 1.0
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Vary square crops: `image` (n, channels, rows, columns), `target` (n, rows, columns), `guide` (n, classes, rows, columns).

    `strength` is a factor on all but turning and mirroring. All is drawn where `random` is: best on the crops' device, for a GPU waits
    for what comes from elsewhere.

    Brightness and contrast vary little: within one volume intensities mean something, and a network that must not trust them
    loses what tells classes apart (see RESULTS.md).
    """
    grid = _grid(len(image), image.shape[-1], random, strength).to(image.device)
    if guide is not None:
        guide = functional.grid_sample(guide, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    image, target = _warp(image, target, grid)
    return _relight(image, random, strength), target, guide


def _warp(image: Tensor, target: Tensor, grid: Tensor) -> tuple[Tensor, Tensor]:
    """Flip, rotate by any angle, stretch and bend, each crop its own way; what comes from outside has no label."""
    warped = functional.grid_sample(image, grid, mode="bilinear", padding_mode="border", align_corners=False)
    known = (IGNORED - target.float()).unsqueeze(1)  # the zeros that come in from outside then mean IGNORED
    moved = functional.grid_sample(known, grid, mode="nearest", padding_mode="zeros", align_corners=False)
    return warped, (IGNORED - moved.squeeze(1)).to(target.dtype)


def _grid(n: int, size: int, random: torch.Generator, strength: float) -> Tensor:
    """Give where each voxel of the new crops comes from, (n, size, size, 2) in -1..1."""
    angle = math.pi * _draw(n, random).view(n)
    stretch = (strength * _STRETCH * _draw(2 * n, random).view(n, 2)).exp()
    mirror = torch.randint(2, (n,), generator=random, device=random.device) * 2.0 - 1
    cosine, sine = angle.cos(), angle.sin()
    turn = torch.stack([cosine * mirror, -sine, sine * mirror, cosine], dim=1).view(n, 2, 2)
    matrix = torch.cat([turn * stretch.view(n, 1, 2), torch.zeros(n, 2, 1, device=random.device)], dim=2)
    grid = functional.affine_grid(matrix, [n, 1, size, size], align_corners=False)
    knots = torch.randn((n, 2, 5, 5), generator=random, device=random.device) * (strength * _BEND)
    return grid + functional.interpolate(knots, size=(size, size), mode="bicubic").movedim(1, -1)


def _relight(image: Tensor, random: torch.Generator, strength: float) -> Tensor:
    """Change gamma, contrast and brightness, and add noise."""
    low, high = _RANGE
    gamma = (strength * _GAMMA * _draw(len(image), random)).exp().to(image.device)
    contrast = (1 + strength * _CONTRAST * _draw(len(image), random)).to(image.device)
    brightness = (strength * _BRIGHTNESS * _draw(len(image), random)).to(image.device)
    noise = (strength * _NOISE * _draw(len(image), random).abs()).to(image.device)
    unit = ((image - low) / (high - low)).clamp(min=0)
    lit = (unit.pow(gamma) * (high - low) + low) * contrast + brightness
    return lit + torch.randn(image.shape, generator=random, device=random.device).to(image.device) * noise


def _draw(n: int, random: torch.Generator) -> Tensor:
    """Give one number in -1..1 per crop."""
    return torch.rand((n, 1, 1, 1), generator=random, device=random.device) * 2 - 1
