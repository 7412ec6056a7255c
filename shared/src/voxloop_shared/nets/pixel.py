"""A small network that tells a voxel's class from its features alone: what the learner `instant` makes."""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from voxloop_shared.nets.features import FeatureBank
from voxloop_shared.schemas import LAST_CLASS, Schema


class PixelArchitecture(Schema):
    """Features at `scales` scales, two hidden layers, and an edge-keeping average of the answers over `smoothing` voxels around."""

    kind: Literal["pixel"] = "pixel"
    classes: int = Field(ge=2, le=LAST_CLASS)
    scales: int = Field(default=4, ge=1, le=6)
    is_3d: bool = True
    width: int = Field(default=64, ge=8, le=512)
    smoothing: int = Field(default=0, ge=0, le=16)

    @property
    def bank(self) -> FeatureBank:
        """Give the features that the network reads."""
        return FeatureBank(self.scales, self.is_3d)


class PixelNetwork(nn.Module):
    """Standardises features and classifies them: (voxels, channels) → logits (voxels, classes)."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, architecture: PixelArchitecture) -> None:
        super().__init__()
        channels, width = architecture.bank.channels, architecture.width
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("deviation", torch.ones(channels))
        self.layers = nn.Sequential(
            nn.Linear(channels, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, architecture.classes)
        )

    @property
    def exit(self) -> nn.Linear:
        """Give the layer that makes the logits."""
        last = self.layers[-1]
        assert isinstance(last, nn.Linear)
        return last

    def forward(self, features: Tensor) -> Tensor:
        """Give logits."""
        logits: Tensor = self.layers((features - self.mean) / self.deviation)
        return logits

    def classify(self, features: Tensor) -> Tensor:
        """Give probabilities (classes, voxels) of features (channels, voxels), in the order in which these are computed.

        To standardise is part of the first layer: that spares two looks at all features.
        """
        first, *others = [layer for layer in self.layers if isinstance(layer, nn.Linear)]
        weight = first.weight / self.deviation
        hidden = torch.addmm((first.bias - weight @ self.mean)[:, None], weight, features)
        for layer in others:
            hidden = torch.addmm(layer.bias[:, None], layer.weight, hidden.relu_())
        return hidden.softmax(dim=0)
