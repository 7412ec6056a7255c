"""What a network says itself of voxels without a label, where it is sure and sees the same from every side."""

import itertools
import logging
import math
import time

import numpy as np
import torch
from torch import Tensor, nn

from voxloop_shared.data.blocks import Region
from voxloop_shared.nets.inputs import PLANE_AXES
from voxloop_train.crops import Place
from voxloop_train.guide import Answers, Guide, GuideBlock, Shape, block_regions, bounded
from voxloop_train.material import Material

log = logging.getLogger(__name__)

_SURE = 0.9
"""Probability, as the mean of all views, from which an answer counts."""
_MARGIN = 16
"""Rows and columns around a block that the network sees, too."""
_THICKNESS = 4
"""Slices of a block where only those across z are looked at."""
_MOST_BYTES = 16 << 20
"""Answers of all blocks: they travel in each checkpoint."""

View = tuple[str, tuple[int, ...]]
"""Orientation of the slices, and the dimensions along which they are mirrored."""


def answer_blocks(network: nn.Module, material: Material, batch: int, seed: int, allowed_s: float = math.inf) -> Guide:
    """Ask a network, in evaluation mode, about blocks in which strokes lie, and others, until the time is used; one block at least."""
    deadline = time.monotonic() + allowed_s
    classes, shape = len(material.classes), material.source.shape
    size = bounded(_block_of(material), _MOST_BYTES // classes)
    most = max(1, _MOST_BYTES // classes // math.prod(size))
    blocks: list[GuideBlock] = []
    for region in itertools.islice(block_regions(shape, material.split.train, size, np.random.default_rng(seed)), most):
        if blocks and time.monotonic() > deadline:
            break
        answers = agreed([_asked(network, material, region, view, batch) for view in _views(material.planes)])
        answers[:, material.uncertain(region)] = 0
        blocks.append(GuideBlock(region, answers))
    guide = Guide(blocks, classes)
    sure = sum(int(block.answers.any(axis=0).sum()) for block in blocks)
    log.info("of %.1f Mvoxel the network is sure of %.0f %%", guide.voxels / 1e6, 100 * sure / guide.voxels)
    return guide


def agreed(voices: list[Tensor]) -> Answers:
    """Give the mean of probabilities (classes, z, y, x), 0..255, where all voices name the same class and are sure; else 0."""
    mean = torch.stack(voices).mean(dim=0)
    guesses = torch.stack([voice.argmax(dim=0) for voice in voices])
    is_sure = (guesses == guesses[0]).all(dim=0) & (mean.amax(dim=0) >= _SURE)
    answers: Answers = ((mean * 255).round() * is_sure).to(torch.uint8).numpy()
    return answers


def _margin(material: Material) -> int:
    return min(_MARGIN, material.source.size // 4)


def _block_of(material: Material) -> Shape:
    side = material.source.size - 2 * _margin(material)
    return (side if len(material.planes) > 1 else _THICKNESS), side, side


def _views(planes: str) -> list[View]:
    """Look along each axis; where that is one only, at mirror images, too."""
    return [(axis, ()) for axis in planes] if len(planes) > 1 else [(planes, ()), (planes, (-1,)), (planes, (-2,))]


@torch.inference_mode()
def _asked(network: nn.Module, material: Material, region: Region, view: View, batch: int) -> Tensor:
    """Give a network's probabilities (classes, z, y, x) for a region."""
    axis, mirrored = view
    order = PLANE_AXES[axis]
    slices, rows, columns = (region[a] for a in order)
    margin = _margin(material)
    core = (slice(margin, margin + rows.stop - rows.start), slice(margin, margin + columns.stop - columns.start))
    places = [Place(axis, index, rows.start - margin, columns.start - margin) for index in range(slices.start, slices.stop)]
    found = []
    for i in range(0, len(places), batch):
        images = torch.from_numpy(np.stack([material.source.image(place) for place in places[i : i + batch]]))
        with material.device.autocast():
            logits = network(material.device.send(images.flip(mirrored)))
        found.append(logits.float().softmax(dim=1).flip(mirrored)[:, :, *core].cpu())
    return torch.cat(found).movedim(0, 1).permute(0, *(1 + order.index(a) for a in range(3)))
