"""Soft voting: the probabilities of all voices are averaged, the likeliest class wins, and how far the voices differ is told."""

import math
from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Answer(NamedTuple):
    """What is said of a box of voxels (z, y, x), each uint8.

    `confidence` is the mean probability of the class, 0..255. `uncertainty` is how much the voices disagree, 0..255, None
    where there is one voice only: the mutual information of voice and class (Houlsby et al. 2011, arXiv 1112.5745), as a
    share of the most that so many voices could reach.
    """

    numbers: NDArray[np.uint8]
    confidence: NDArray[np.uint8]
    uncertainty: NDArray[np.uint8] | None


class Tally:
    """Sums over voices: of probabilities (classes, ...), and of their entropies (...) where there are several voices."""

    def __init__(self, total: Tensor, entropy: Tensor | None, voices: int) -> None:
        self._total = total
        self._entropy = entropy
        self._voices = voices

    @classmethod
    def zeros(cls, classes: int, size: tuple[int, ...], voices: int, device: torch.device) -> Self:
        """Begin: half precision on the GPU or CPU holds sums up to 1 to 0.0005, an eighth of what confidence resolves."""
        return cls(_zeros((classes, *size), device), _zeros(size, device) if voices > 1 else None, voices)

    def facing(self, *axes: int) -> "Tally":
        """View the same sums with axes in another order; those of `axes` count without the classes."""
        total = self._total.permute(0, *(axis + 1 for axis in axes))
        return Tally(total, None if self._entropy is None else self._entropy.permute(*axes), self._voices)

    def add(self, probability: Tensor, weight: float, where: tuple[slice, ...]) -> None:
        """Count what a voice says (classes, ...) of a part; all weights that a voxel gets must sum to 1."""
        self._total[(slice(None), *where)] += (probability * weight).to(self._total)
        if self._entropy is not None:
            self._entropy[where] += (entropy_of(probability) * weight).to(self._entropy)

    def add_scattered(self, probability: Tensor, weight: Tensor, first: Tensor, second: Tensor) -> None:
        """Count what a voice says (classes, n, ...) of n places, none of them twice, given along the first two axes."""
        self._total[:, first, second] += (probability * weight).to(self._total)
        if self._entropy is not None:
            self._entropy[first, second] += (entropy_of(probability) * weight).to(self._entropy)

    def decide(self, class_ids: Tensor, layers: Sequence[Tensor]) -> None:
        """Write class, confidence and, where there are several voices, uncertainty of every place into layers (uint8)."""
        for part in range(self._total.shape[1]):  # a slice at a time: what is between the steps is larger than the sums
            mean = self._total[:, part].float()
            found = [*likeliest(mean, class_ids)]
            if self._entropy is not None:
                most = math.log(min(self._voices, len(mean)))
                share = (entropy_of(mean) - self._entropy[part].float()) / most
                found.append((share * 255).round().clamp(0, 255).to(torch.uint8))
            for layer, values in zip(layers, found, strict=True):
                layer[part] = values


def _zeros(size: tuple[int, ...], device: torch.device) -> Tensor:
    """Give zeros; numpy's take memory only as they are counted up, while the block before is still being written."""
    return torch.from_numpy(np.zeros(size, np.float16)) if device.type == "cpu" else torch.zeros(size, dtype=torch.float16, device=device)


def likeliest(probability: Tensor, class_ids: Tensor) -> tuple[Tensor, Tensor]:
    """Give the ids of the likeliest classes, and their probability 0..255; the classes are the first axis."""
    best, channel = probability.max(dim=0)
    return class_ids[channel], (best * 255).round().clamp(0, 255).to(torch.uint8)


def entropy_of(probability: Tensor) -> Tensor:
    """Give the entropy over the first axis, in nats."""
    entropy: Tensor = torch.special.entr(probability).sum(dim=0)
    return entropy
