"""A slowly moving average of a network's weights: it generalises better than the last step (Polyak and Juditsky 1992)."""

import copy

import torch
from torch import nn

_DECAY = 0.99
_WARM_UP = 10


class AveragedNetwork:
    """A copy of a network whose weights, and batch statistics, are the exponential average of the network's."""

    def __init__(self, network: nn.Module) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
        self._updates = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move towards a network; faster at first, so that the random start is forgotten."""
        self._updates += 1
        decay = min(_DECAY, self._updates / (_WARM_UP + self._updates))
        for mean, value in zip(self.network.state_dict().values(), network.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - decay)
            else:
                mean.copy_(value)
