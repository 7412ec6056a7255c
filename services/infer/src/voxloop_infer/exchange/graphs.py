"""A model as one network from voxels as they are stored to class probabilities: nothing around it can be done wrong elsewhere."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from voxloop_shared.data.blocks import Region
from voxloop_shared.nets.architectures import Architecture, build_network, read_architecture, unet_of
from voxloop_shared.nets.inputs import LIMIT, rounded_up
from voxloop_shared.nets.pixel import PixelArchitecture, PixelNetwork
from voxloop_shared.nets.smoothing import steady
from voxloop_shared.nets.unet import UnetArchitecture
from voxloop_shared.nets.weights import put_weights
from voxloop_shared.schemas import Manifest, Normalisation

_SEEN = 64
"""Rows and columns of a test image that lie farther from its edges than the network sees."""
_SQUARE, _SQUARE_HALO = 256, 32
_CUBE, _CUBE_HALO = 96, 16
"""Of networks on features, whose graph is made for one size: large enough for most of it not to be halo, small enough for any memory."""


@dataclass(frozen=True, slots=True)
class Graph:
    """A network (batch, channel, …) → (batch, class, …) and the voxels it takes; `axes` names those of input and output alike.

    With a `stride` it takes any number of images, whose rows and columns are multiples of it; without one it takes `shape` only.
    Answers within `halo` voxels of an inner edge of a tile are less sure, for what lies beyond was not seen.
    """

    network: nn.Module
    axes: str
    shape: tuple[int, ...]
    halo: int
    stride: int | None


def graph_of(manifest: Manifest, state: dict[str, Tensor]) -> Graph:
    """Build a model's graph, on the CPU and in float32; raises InvalidInput for a network that this version cannot build."""
    architecture = read_architecture(manifest.architecture)
    network = build_network(manifest.architecture)
    put_weights(network, state)
    graph = _graph(architecture, network, manifest.normalisation)
    graph.network.eval().requires_grad_(requires_grad=False)
    return graph


def trial_image(graph: Graph, normalisation: Normalisation) -> Tensor:
    """Make voxels to try a graph on: waves and noise as bright as what the model learned from, but nothing of it.

    No voxel of a volume, which may be a patient, leaves the workspace with a model.
    """
    generator = torch.Generator().manual_seed(0)
    rows, columns = (torch.arange(length, dtype=torch.float32) for length in graph.shape[-2:])
    waves = torch.sin(rows / 7)[:, None] * torch.cos(columns / 5)[None] + 0.5 * torch.sin(rows / 19)[:, None]
    noise = torch.randn(graph.shape, generator=generator)
    return ((1.2 * waves + 0.4 * noise) * normalisation.scale + normalisation.center).contiguous()


def _graph(architecture: Architecture, network: nn.Module, normalisation: Normalisation) -> Graph:
    slicing = unet_of(architecture)
    if slicing is not None:
        return _slice_graph(slicing, network, normalisation)
    assert isinstance(architecture, PixelArchitecture)
    assert isinstance(network, PixelNetwork)
    if architecture.is_3d:
        cube = (_CUBE, _CUBE, _CUBE)
        return Graph(BlockGraph(network, architecture, normalisation, cube), "bczyx", (1, 1, *cube), _CUBE_HALO, None)
    flat = (1, _SQUARE, _SQUARE)
    return Graph(BlockGraph(network, architecture, normalisation, flat), "bcyx", (1, *flat), _SQUARE_HALO, None)


def _slice_graph(architecture: UnetArchitecture, network: nn.Module, normalisation: Normalisation) -> Graph:
    side = rounded_up(2 * architecture.reach + _SEEN, architecture.stride)
    shape = (1, architecture.in_channels, side, side)
    return Graph(SliceGraph(network, normalisation), "bcyx", shape, architecture.reach, architecture.stride)


class SliceGraph(nn.Module):
    """A network that sees slices: (n, neighbouring slices, rows, columns) → probabilities (n, classes, rows, columns)."""

    def __init__(self, network: nn.Module, normalisation: Normalisation) -> None:
        super().__init__()
        self._network = network
        self._normalisation = normalisation

    def forward(self, voxels: Tensor) -> Tensor:
        """Give probabilities."""
        logits: Tensor = self._network(_normalised(voxels, self._normalisation))
        return logits.softmax(dim=1)


class BlockGraph(nn.Module):
    """A network that reads features, for blocks of one size.

    (1, 1, z, y, x) → probabilities (1, classes, z, y, x), or (1, 1, y, x) → (1, classes, y, x) where features are of single slices.
    """

    def __init__(
        self, network: PixelNetwork, architecture: PixelArchitecture, normalisation: Normalisation, size: tuple[int, int, int]
    ) -> None:
        super().__init__()
        self._network = network
        self._architecture = architecture
        self._normalisation = normalisation
        self._size = size

    def forward(self, voxels: Tensor) -> Tensor:
        """Give probabilities."""
        z, y, x = self._size
        image = _normalised(voxels, self._normalisation).reshape(z, y, x)
        whole: Region = (slice(0, z), slice(0, y), slice(0, x))
        features = self._architecture.bank(image, whole)
        probability = self._network.classify(features.flatten(1)).view(-1, z, y, x)
        if self._architecture.smoothing:
            probability = steady(image, probability, self._architecture.smoothing, is_3d=self._architecture.is_3d)
        return probability.unsqueeze(0) if self._architecture.is_3d else probability.movedim(1, 0)


def _normalised(voxels: Tensor, normalisation: Normalisation) -> Tensor:
    """Do in the graph what `inputs.normalise` does: NaN becomes the middle grey, infinities and outliers the bounds."""
    image = (voxels - normalisation.center) / normalisation.scale
    return torch.where(torch.isnan(image), torch.zeros_like(image), image).clamp(-LIMIT, LIMIT)
