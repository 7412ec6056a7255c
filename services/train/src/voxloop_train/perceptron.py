"""Descent for a multi-layer perceptron, written out: in steps this small torch's own autograd and optimizer take longer than the sums.

All weights lie in one vector, as do the gradient and AdamW's averages, so that a step is three products per layer and a few operations on
vectors. To import torch's optimizers alone takes a second of the first training of a process.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

_WEIGHT_DECAY = 1e-4
_SECOND, _EPSILON = 0.999, 1e-8
_WARM_UP, _SLOWER, _SLOWEST = 0.3, 25.0, 1e4
_LONG, _SHORT = 0.95, 0.85
"""How long AdamW remembers gradients: where the rate is lowest, and where it is highest."""


class Perceptron:
    """Linear layers with rectifiers between them, and how they learn: AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101)."""

    def __init__(self, layers: nn.Sequential) -> None:
        self._layers = [layer for layer in layers if isinstance(layer, nn.Linear)]
        parameters = [parameter for layer in self._layers for parameter in (layer.weight, layer.bias)]
        self._values = torch.cat([parameter.detach().flatten() for parameter in parameters])
        self._gradient, self._mean, self._square = (torch.zeros_like(self._values) for _ in range(3))
        sizes, shapes = [parameter.numel() for parameter in parameters], [parameter.shape for parameter in parameters]
        self._weights, self._biases = _in_turns(self._values, sizes, shapes)
        self._weight_gradients, self._bias_gradients = _in_turns(self._gradient, sizes, shapes)
        self._steps = 0

    def keep(self) -> None:
        """Write what was learned into the layers."""
        for layer, weight, bias in zip(self._layers, self._weights, self._biases, strict=True):
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)

    def step(self, inputs: Tensor, answers: Tensor, rate: float, memory: float) -> None:
        """Learn from inputs (voxels, channels) what a teacher answers (voxels, classes; rows add up to 1), by cross-entropy."""
        hidden = [inputs]
        for weight, bias in zip(self._weights[:-1], self._biases[:-1], strict=True):
            hidden.append(torch.addmm(bias, hidden[-1], weight.T).relu_())
        logits = torch.addmm(self._biases[-1], hidden[-1], self._weights[-1].T)
        error = logits.softmax(dim=1).sub_(answers).div_(len(inputs))
        for place in reversed(range(len(hidden))):
            torch.mm(error.T, hidden[place], out=self._weight_gradients[place])
            torch.sum(error, dim=0, out=self._bias_gradients[place])
            if place:
                error = torch.mm(error, self._weights[place]).mul_(hidden[place] > 0)
        self._descend(rate, memory)

    def _descend(self, rate: float, memory: float) -> None:
        self._steps += 1
        self._mean.lerp_(self._gradient, 1 - memory)
        self._square.mul_(_SECOND).addcmul_(self._gradient, self._gradient, value=1 - _SECOND)
        spread = (self._square / (1 - _SECOND**self._steps)).sqrt_().add_(_EPSILON)
        self._values.mul_(1 - rate * _WEIGHT_DECAY)
        self._values.addcdiv_(self._mean, spread, value=-rate / (1 - memory**self._steps))


def one_cycle(steps: int, highest: float) -> Iterator[tuple[float, float]]:
    """Give rate and memory of each step: up, and down to nearly nothing (Smith and Topin 2019, arXiv 1708.07120), along cosines."""
    lowest = highest / _SLOWER
    top = max(_WARM_UP * steps - 1, 1e-9)
    for step in range(steps):
        if step <= top:
            share = (1 - math.cos(math.pi * step / top)) / 2
            yield _between(lowest, highest, share), _between(_LONG, _SHORT, share)
        else:
            share = (1 - math.cos(math.pi * (step - top) / (steps - 1 - top))) / 2
            yield _between(highest, lowest / _SLOWEST, share), _between(_SHORT, _LONG, share)


def _between(start: float, stop: float, share: float) -> float:
    return start + (stop - start) * share


def _in_turns(flat: Tensor, sizes: list[int], shapes: list[torch.Size]) -> tuple[list[Tensor], list[Tensor]]:
    """Give views of weights and of biases, which lie by turns in a vector."""
    views = [part.view(shape) for part, shape in zip(torch.split(flat, sizes), shapes, strict=True)]
    return views[0::2], views[1::2]
