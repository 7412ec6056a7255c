"""Starting from a parent: what its weights are to a network that may know other classes, or see another number of slices."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from voxloop_shared.nets.architectures import heads_of, read_architecture
from voxloop_shared.nets.ensemble import EnsembleArchitecture
from voxloop_shared.schemas import LabelClass, Manifest

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parent:
    """A trained model to start from, and which of its classes (by channel) each of the child's is; None for a new one."""

    manifest: Manifest
    state: Mapping[str, Tensor]
    channels: list[int | None]

    def member(self, number: int) -> Mapping[str, Tensor]:
        """Give the weights of one network: of an ensemble that of a member, over and over where more are wanted."""
        architecture = read_architecture(self.manifest.architecture)
        if not isinstance(architecture, EnsembleArchitecture):
            return self.state
        start = f"members.{number % architecture.members}."
        return {name.removeprefix(start): tensor for name, tensor in self.state.items() if name.startswith(start)}


def match_classes(classes: list[LabelClass], parent: Manifest, volume_digest: str) -> list[int | None]:
    """Find each class among the parent's: by its number on the same volume, where numbers are never given again, else by its name."""
    is_same_volume = parent.volume_digest == volume_digest
    known = {entry.id if is_same_volume else entry.name.casefold(): channel for channel, entry in enumerate(parent.classes)}
    return [known.get(entry.id if is_same_volume else entry.name.casefold()) for entry in classes]


def inherit(network: nn.Module, state: Mapping[str, Tensor], channels: list[int | None]) -> None:
    """Give a network its parent's weights; what the parent does not have stays as it is, and so does what has another shape."""
    own = network.state_dict()
    head = {id(parameter) for layer in heads_of(network) for parameter in layer.parameters()}
    heads = {name for name, parameter in network.named_parameters() if id(parameter) in head}
    taken = 0
    for name, value in own.items():
        given = state.get(name)
        if given is not None:
            taken += _take_rows(value, given, channels) if name in heads else _take(value, given)  # in place: the state is the network's
    matched = sum(channel is not None for channel in channels)
    log.info("took %d of %d weights, and %d of %d classes, from the parent", taken, len(own), matched, len(channels))


@torch.no_grad()
def shrink_and_perturb(network: nn.Module, fresh: nn.Module, shrink: float, perturb: float) -> None:
    """Move weights towards those of a random start, which helps them to learn anew (Ash and Adams 2020, arXiv 1910.08475).

    In place: shrink × weight + perturb × fresh. Batch statistics are no weights and stay.
    """
    for parameter, random in zip(network.parameters(), fresh.parameters(), strict=True):
        parameter.mul_(shrink).add_(random.to(parameter.device), alpha=perturb)


def _take(own: Tensor, given: Tensor) -> bool:
    if own.shape == given.shape:
        own.copy_(given)
        return True
    return _take_middle(own, given)


def _take_rows(own: Tensor, given: Tensor, channels: list[int | None]) -> bool:
    """Take the last layer's row of each class that the parent has."""
    if own.shape[1:] != given.shape[1:]:
        return False
    for row, channel in enumerate(channels):
        if channel is not None:
            own[row] = given[channel]
    return True


def _take_middle(own: Tensor, given: Tensor) -> bool:
    """Take a kernel that sees another number of slices: those in the middle are the same, further ones count nothing at first."""
    if own.ndim != 4 or own.shape[0] != given.shape[0] or own.shape[2:] != given.shape[2:]:
        return False
    shared = min(own.shape[1], given.shape[1])
    if (own.shape[1] - shared) % 2 or (given.shape[1] - shared) % 2:
        return False
    to, of = (own.shape[1] - shared) // 2, (given.shape[1] - shared) // 2
    own.zero_()
    own[:, to : to + shared] = given[:, of : of + shared]
    return True
