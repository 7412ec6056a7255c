"""The 2D U-Net that sees neighbouring slices."""

from itertools import pairwise
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from voxloop_shared.schemas import LAST_CLASS, Schema


class UnetArchitecture(Schema):
    """A 2D U-Net (Ronneberger et al. 2015, arXiv 1505.04597) with batch normalisation.

    `in_channels` are context slices: the slice itself in the middle, its neighbours around it.
    """

    kind: Literal["unet"] = "unet"
    in_channels: int = Field(default=1, ge=1, le=15)
    classes: int = Field(ge=2, le=LAST_CLASS)
    width: int = Field(default=16, ge=4, le=128)
    depth: int = Field(default=3, ge=1, le=6)

    @property
    def stride(self) -> int:
        """Give the number that rows and columns must be multiples of."""
        return 1 << self.depth

    @property
    def reach(self) -> int:
        """Give how many rows or columns away a voxel can still change an answer: half the receptive field."""
        convolutions = sum(2 << level for level in range(self.depth + 1)) + sum(2 << level for level in range(self.depth))
        return convolutions + self.stride  # halving aligns to the stride

    @property
    def context(self) -> int:
        """Give the number of neighbouring slices on either side."""
        return self.in_channels // 2


class Unet(nn.Module):
    """An encoder that halves `depth` times, and a decoder that sees each resolution again.

    (n, in_channels, rows, columns) → logits (n, classes, rows, columns).
    """

    def __init__(self, architecture: UnetArchitecture) -> None:
        super().__init__()
        widths = [architecture.width * 2**level for level in range(architecture.depth + 1)]
        self.entry = _double(architecture.in_channels, widths[0])
        self.down = nn.ModuleList(_double(a, b) for a, b in pairwise(widths))
        self.up = nn.ModuleList(_double(a + b, a) for a, b in pairwise(widths))
        self.exit = _Exit(widths[0], architecture.classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Give logits; rows and columns must be multiples of the architecture's stride."""
        features = [self.entry(image)]
        for block in self.down:
            features.append(block(functional.max_pool2d(features[-1], 2)))
        out = features.pop()
        for block in reversed(self.up):
            larger = functional.interpolate(out, scale_factor=2.0, mode="nearest")
            out = block(torch.cat([features.pop(), larger], dim=1))
        logits: Tensor = self.exit(out)
        return logits


class _Exit(nn.Conv2d):
    """A 1 by 1 convolution, out of training a matrix product: the convolution's last bits depend on the number of threads."""

    def forward(self, features: Tensor) -> Tensor:
        """Give logits (n, classes, rows, columns) of features (n, width, rows, columns)."""
        if self.training:
            return super().forward(features)  # its gradient is sooner there
        return functional.linear(features.movedim(1, -1), self.weight.flatten(1), self.bias).movedim(-1, 1)


def _double(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(*_single(channels, width), *_single(width, width))


def _single(channels: int, width: int) -> tuple[nn.Module, ...]:
    # the batch normalisation makes a bias useless
    return nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
