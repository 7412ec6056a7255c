"""Several networks that answer as one: their mean is more accurate, and where they disagree nobody should be sure.

Members that were trained apart, from other random starts, disagree where the labels leave it open, and so their spread is an
honest uncertainty (deep ensembles, Lakshminarayanan et al. 2017, arXiv 1612.01474).
"""

import math
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from voxloop_shared.nets.unet import Unet, UnetArchitecture
from voxloop_shared.schemas import Schema

MOST_MEMBERS = 8


class EnsembleArchitecture(Schema):
    """So many networks of one architecture, each with its own weights; they run wherever one of them would."""

    kind: Literal["ensemble"] = "ensemble"
    members: int = Field(ge=1, le=MOST_MEMBERS)
    member: UnetArchitecture


class EnsembleNetwork(nn.Module):
    """The mean of its members' probabilities: (n, in_channels, rows, columns) → logits (n, classes, rows, columns)."""

    def __init__(self, architecture: EnsembleArchitecture) -> None:
        super().__init__()
        self.members = nn.ModuleList(Unet(architecture.member) for _ in range(architecture.members))

    def forward(self, image: Tensor) -> Tensor:
        """Give logits whose softmax is the mean of the members' softmax."""
        return mean_logits(torch.stack([member(image) for member in self.members]))


def mean_logits(logits: Tensor) -> Tensor:
    """Give logits (n, classes, …) whose softmax is the mean of the members' (members, n, classes, …); float32, for they are logarithms."""
    return logits.float().log_softmax(dim=2).logsumexp(dim=0) - math.log(len(logits))
