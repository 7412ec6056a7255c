"""Embedding: what a network's own features say of a square, as one vector."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from voxloop_infer.classifying import features_of
from voxloop_infer.model import Model
from voxloop_infer.reading import Image
from voxloop_infer.review.candidates import Candidates
from voxloop_shared.data.blocks import Region
from voxloop_shared.nets.inputs import PLANE_AXES, box_of, facing, read_extended, rounded_up
from voxloop_shared.nets.pixel import PixelNetwork
from voxloop_shared.nets.unet import Unet

_SAMPLES = 1024
"""Voxels of a square whose features are averaged."""
_WIDEST = 64
"""Rows and columns of a square that are looked at, from its middle outward: what features cost grows with the area."""


def embed(model: Model, image: Image, candidates: Candidates, check: Callable[[int], None] = lambda _done: None) -> NDArray[np.float32]:
    """Give features (n, channels) of squares; `check` is told how many are done, and may raise to end.

    Of a U-Net its deepest layer, averaged over the square (as Yang et al. 2017, arXiv 1706.04737, compare regions); of a network
    that reads features its last hidden layer, mean and spread over the square's voxels.
    """
    found = []
    for number in range(len(candidates)):
        check(number)
        z, y, x = (slice(*span) for span in candidates.box(number))
        found.append(_of_square(model, image, candidates.axis(number), (z, y, x)))
    return np.stack(found)


@torch.inference_mode()
def _of_square(model: Model, image: Image, axis: str, region: Region) -> NDArray[np.float32]:
    network = model.network
    if isinstance(network, PixelNetwork):
        return _of_voxels(model, network, image, _middle(region))
    assert isinstance(network, Unet)
    return _of_slice(model, network, image, axis, region)


def _of_voxels(model: Model, network: PixelNetwork, image: Image, region: Region) -> NDArray[np.float32]:
    """Average the last hidden layer of a network that reads features."""
    features = features_of(model, image, region).flatten(1)
    some = features[:, :: max(1, features.shape[1] // _SAMPLES)].T
    hidden: Tensor = network.layers[:-1]((some - network.mean) / network.deviation)
    return torch.cat([hidden.mean(dim=0), hidden.std(dim=0)]).float().cpu().numpy()


def _of_slice(model: Model, network: Unet, image: Image, axis: str, region: Region) -> NDArray[np.float32]:
    """Average the deepest layer of a U-Net."""
    of_slice, rows, columns = (region[a] for a in PLANE_AXES[axis])
    context, stride = len(_context(network)) // 2, 1 << len(network.down)
    spans = [(part.start, part.start + rounded_up(part.stop - part.start, stride)) for part in (rows, columns)]
    box = box_of(axis, (of_slice.start - context, of_slice.stop + context), *spans)
    block = facing(read_extended(image.read, image.shape, box), axis)
    voxels = torch.from_numpy(np.ascontiguousarray(model.normalise(block))).to(model.device.torch)[None]
    with model.device.autocast():
        deep = network.entry(voxels)
        for down in network.down:
            deep = down(functional.max_pool2d(deep, 2))
    found: NDArray[np.float32] = deep.float().mean(dim=(2, 3))[0].cpu().numpy()
    return found


def _context(network: Unet) -> range:
    """Count the slices that a U-Net sees at once."""
    first = network.entry[0]
    assert isinstance(first, torch.nn.Conv2d)
    return range(first.in_channels)


def _middle(region: Region) -> Region:
    """Cut a square down to its middle."""
    parts = []
    for part in region:
        cut = max(0, part.stop - part.start - _WIDEST)
        parts.append(slice(part.start + cut // 2, part.stop - (cut - cut // 2)))
    return parts[0], parts[1], parts[2]
