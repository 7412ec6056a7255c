"""A guide for the U-Net: what a forest on image features says of voxels that nobody has labelled.

Strokes avoid borders, and there are few of them: a network that sees only these blurs what a forest draws sharply, and paints
rare classes all over what no stroke has named. A forest of the same strokes, taught to a small network (see distillation), is
asked about a few blocks of the volume; in these the U-Net learns to agree where the forest is sure, while strokes go first.
"""

import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from voxloop_shared.data.blocks import Region, clip_region, within
from voxloop_shared.nets.inputs import PLANE_AXES, box_of
from voxloop_shared.nets.pixel import PixelArchitecture, PixelNetwork
from voxloop_train.checkpoint import Checkpoint
from voxloop_train.crops import Place
from voxloop_train.distillation import answers_on_strokes, ask, grow_forest, teach
from voxloop_train.featuresource import FeatureSource
from voxloop_train.points import LabelPoints, Uncertain
from voxloop_train.pupils import draw_probes, take_pupils

log = logging.getLogger(__name__)

Shape = tuple[int, int, int]
Answers = NDArray[np.uint8]

_TREES = 60
_MOST_VOXELS = 2_500_000
_MOST_BYTES = 48 << 20
_BLOCK_3D: Shape = (64, 96, 96)
_BLOCK_2D: Shape = (4, 256, 256)
_BLOCK_BYTES = 12 << 20
"""Answers of one block: with many classes blocks are smaller."""
_MOST_BLOCKS = 64
_AT_ONCE = 1 << 16
"""Voxels whose features pass the network together."""


@dataclass(frozen=True, slots=True)
class GuideBlock:
    """A region of the volume with the guide's probabilities (classes, z, y, x), 0..255."""

    region: Region
    answers: Answers


class Guide:
    """What is known of some blocks of a volume, cut to crops."""

    def __init__(self, blocks: list[GuideBlock], classes: int) -> None:
        self._blocks = blocks
        self._classes = classes

    def target(self, place: Place, size: int) -> Answers:
        """Give a crop's probabilities (classes, size, size), 0..255; all 0 where nothing is known."""
        target = np.zeros((self._classes, size, size), np.uint8)
        spans = box_of(place.axis, (place.index, place.index + 1), (place.row, place.row + size), (place.column, place.column + size))
        z, y, x = (slice(*span) for span in spans)
        slices, rows, columns = PLANE_AXES[place.axis]
        for block in self._blocks:
            if shared := clip_region((z, y, x), block.region):
                known = block.answers[(slice(None), *within(shared, block.region))]
                piece = known.transpose(0, slices + 1, rows + 1, columns + 1)[:, 0]
                top, left = shared[rows].start - place.row, shared[columns].start - place.column
                target[:, top : top + piece.shape[1], left : left + piece.shape[2]] = piece
        return target

    def draw(self, random: np.random.Generator) -> NDArray[np.int64]:
        """Draw a voxel (z, y, x) of a block at random."""
        block = self._blocks[int(random.integers(len(self._blocks)))]
        return np.array([random.integers(part.start, part.stop) for part in block.region])

    def checkpoint(self) -> Checkpoint:
        """Give all that `of` needs."""
        regions = [[[part.start, part.stop] for part in block.region] for block in self._blocks]
        found = Checkpoint(values={"regions": regions, "classes": self._classes})
        found.put("answers", {str(number): torch.from_numpy(block.answers) for number, block in enumerate(self._blocks)})
        return found

    @staticmethod
    def of(stored: Checkpoint) -> "Guide":
        """Read a checkpoint."""
        answers = stored.group("answers")
        regions = [tuple(slice(*part) for part in region) for region in stored.values["regions"]]
        blocks = [GuideBlock(region, answers[str(number)].numpy()) for number, region in enumerate(regions)]  # type: ignore[arg-type]
        return Guide(blocks, stored.values["classes"])

    @property
    def blocks(self) -> list[GuideBlock]:
        """Give the blocks; they do not overlap."""
        return self._blocks

    @property
    def voxels(self) -> int:
        """Count the voxels of all blocks."""
        return sum(block.answers[0].size for block in self._blocks)


def make_guide(
    source: FeatureSource, points: LabelPoints, uncertain: Uncertain, classes: list[int], seed: int, allowed_s: float = math.inf
) -> Guide:
    """Ask a forest that has learned from `points` about blocks in which strokes lie, and others, until the time is used."""
    deadline = time.monotonic() + allowed_s
    random = np.random.default_rng(seed)
    network = _taught(source, points, classes, seed, random)
    blocks: list[GuideBlock] = []
    left = min(_MOST_VOXELS, _MOST_BYTES // len(classes))
    for region in block_regions(source.shape, points, _block_size(len(classes), is_3d=source.bank.is_3d), random):
        left -= math.prod(part.stop - part.start for part in region)
        if blocks and (left < 0 or time.monotonic() > deadline):
            break
        answers = _asked(network, source, region)
        answers[:, uncertain(region)] = 0
        blocks.append(GuideBlock(region, answers))
    guide = Guide(blocks, len(classes))
    log.info("a forest guides in %.1f Mvoxel", guide.voxels / 1e6)
    return guide


def guide_architecture(classes: int, *, is_3d: bool) -> PixelArchitecture:
    """Give the network that the forest teaches: that of the learner `instant`, without its smoothing."""
    return PixelArchitecture(classes=classes, is_3d=is_3d, smoothing=0)


def _taught(source: FeatureSource, points: LabelPoints, classes: list[int], seed: int, random: np.random.Generator) -> PixelNetwork:
    pupils = take_pupils(points, classes, source, random)
    forest = grow_forest(pupils.features, pupils.channel, _TREES, seed, answers_strokes=True)
    probes = source.at(draw_probes(source.shape, random))
    answers = torch.cat([ask(forest, probes, len(classes)), answers_on_strokes(forest, pupils.channel, len(classes))])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # the same guide every time, for the same seed is to learn the same
        network = PixelNetwork(guide_architecture(len(classes), is_3d=source.bank.is_3d))
    teach(network, torch.cat([probes, pupils.features]), answers, seed)
    return network


def _block_size(classes: int, *, is_3d: bool) -> Shape:
    return bounded(_BLOCK_3D if is_3d else _BLOCK_2D, _BLOCK_BYTES // classes)


def bounded(size: Shape, voxels: int) -> Shape:
    """Halve a block's longest sides until it has no more than so many voxels."""
    sides = list(size)
    while math.prod(sides) > voxels:
        sides[int(np.argmax(sides))] //= 2
    return sides[0], sides[1], sides[2]


def block_regions(shape: Shape, points: LabelPoints, size: Shape, random: np.random.Generator) -> Iterator[Region]:
    """Give the blocks of a volume in random order: by turns one in which strokes lie, and any other."""
    painted = np.unique(points.coordinates() // np.array(size)[:, None], axis=1).T
    first = [tuple(cell) for cell in random.permutation(painted).tolist()]
    grid = [-(-length // step) for length, step in zip(shape, size, strict=True)]
    drawn = random.choice(math.prod(grid), min(math.prod(grid), _MOST_BLOCKS), replace=False)
    others = [cell for cell in (tuple(int(c) for c in np.unravel_index(number, grid)) for number in drawn) if cell not in first]
    while first or others:
        for line in (first, others):
            if line:
                key = line.pop()
                yield tuple(slice(k * s, min((k + 1) * s, n)) for k, s, n in zip(key, size, shape, strict=True))  # type: ignore[misc]


@torch.inference_mode()
def _asked(network: PixelNetwork, source: FeatureSource, region: Region) -> Answers:
    features = source.box(region)
    shape = tuple(features.shape[1:])
    parts = [(network(part.T).softmax(dim=1).T * 255).round().to(torch.uint8) for part in torch.split(features.flatten(1), _AT_ONCE, dim=1)]
    answers: Answers = torch.cat(parts, dim=1).view(-1, *shape).numpy()
    return answers
