"""A slowly moving average of a network's weights: it generalises better than the last step (Polyak and Juditsky 1992)."""

import copy

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

_WARM_UP = 10


class AveragedNetwork:
    """A copy of a network whose weights, and batch statistics, are the exponential average of the network's."""

    def __init__(self, network: nn.Module, decay: float, *, is_trained: bool = False) -> None:
        self._decay = decay
        self.network = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
        self.updates = round(decay * _WARM_UP / (1 - decay)) if is_trained else 0  # after so many the decay no longer grows
        """How often it has moved; a network that was trained before is not forgotten as a random start is."""

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move towards a network; faster at first, so that the random start is forgotten."""
        self.updates += 1
        decay = min(self._decay, self.updates / (_WARM_UP + self.updates))
        pairs = list(zip(self.network.state_dict().values(), network.state_dict().values(), strict=True))
        means, values = zip(*(pair for pair in pairs if pair[0].is_floating_point()), strict=True)
        move = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        move(means, values, None)  # all at once: on a GPU each call costs as much as the work
        for mean, value in pairs:
            if not mean.is_floating_point():
                mean.copy_(value)

    @torch.no_grad()
    def settle(self, network: nn.Module) -> None:
        """Give a network the average's batch statistics, to stand still from now on."""
        for own, mean in zip(network.buffers(), self.network.buffers(), strict=True):
            own.copy_(mean)
        keep_statistics(network)


def keep_statistics(network: nn.Module) -> None:
    """Have batch normalisation normalise as it does in prediction, by the statistics that it knows, and learn no others."""
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
