"""Class and confidence of a box of voxels: the network run over slices of one or three orientations, probabilities averaged."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voxloop_infer.classifying import classify
from voxloop_infer.model import Model
from voxloop_shared.data.blocks import Region, blocks_of
from voxloop_shared.nets.inputs import PLANE_AXES, Span, box_of, facing, read_mirrored, rounded_up
from voxloop_shared.nets.pixel import PixelArchitecture
from voxloop_shared.nets.unet import UnetArchitecture

Read = Callable[[Region], NDArray[Any]]
Shape = tuple[int, int, int]
Answer = tuple[NDArray[np.uint8], NDArray[np.uint8]]

_EDGE = 32
"""Rows and columns of its mirror image that the network sees beyond the volume's edge."""
_TILE = (256, 512)
"""Rows and columns without halo; larger ones spend less on halo, and more memory on what is between the layers."""
_VOTE_BYTES = 32 << 20


def vote(model: Model, read: Read, shape: Shape, region: Region, planes: str) -> Answer:
    """Give class and confidence (0..255) of a region; reads around it, in memory that does not grow with the volume."""
    if isinstance(model.architecture, PixelArchitecture):
        return classify(model, model.architecture, read, shape, region)
    size = tuple(part.stop - part.start for part in region)
    numbers, confidence = np.empty(size, np.uint8), np.empty(size, np.uint8)
    for piece in blocks_of(size, _piece_size(model, planes)):
        inside = tuple(slice(p.start + r.start, p.stop + r.start) for p, r in zip(piece, region, strict=True))
        numbers[piece], confidence[piece] = _vote_piece(model, read, shape, inside, planes)  # type: ignore[arg-type]
    return numbers, confidence


def _piece_size(model: Model, planes: str) -> Shape:
    """Give how much is voted on at once: whole tiles of single slices, or a cube whose probabilities fit."""
    if len(planes) == 1:
        return (1 << 30, *_TILE)
    voxels = _VOTE_BYTES // (4 * len(model.manifest.classes))
    side = max(32, int(min(256, voxels ** (1 / 3))) // 32 * 32)
    return (side, side, side)


def _vote_piece(model: Model, read: Read, shape: Shape, region: Region, planes: str) -> Answer:
    if len(planes) == 1:
        return _answer_slices(model, read, shape, region, planes)
    return _answer_cube(model, read, shape, region, planes)


def _answer_slices(model: Model, read: Read, shape: Shape, region: Region, axis: str) -> Answer:
    """Decide slice by slice: no probability outlives its slice."""
    size = tuple(part.stop - part.start for part in region)
    numbers, confidence = np.empty(size, np.uint8), np.empty(size, np.uint8)
    numbers_facing, confidence_facing = facing(numbers, axis), facing(confidence, axis)
    for part, probability in slice_probabilities(model, read, shape, region, axis):
        numbers_facing[part], confidence_facing[part] = decide(model, probability)
    return numbers, confidence


def _answer_cube(model: Model, read: Read, shape: Shape, region: Region, planes: str) -> Answer:
    """Sum the probabilities of all orientations, then decide (soft voting)."""
    size = tuple(part.stop - part.start for part in region)
    total = torch.zeros((len(model.manifest.classes), *size))
    for axis in planes:
        order = PLANE_AXES[axis]
        of_axis = total.permute(order[0] + 1, 0, order[1] + 1, order[2] + 1)  # (slice, class, row, column), a view
        for part, probability in slice_probabilities(model, read, shape, region, axis):
            of_axis[part] += probability.cpu()
    numbers, confidence = np.empty(size, np.uint8), np.empty(size, np.uint8)
    for z in range(size[0]):  # a slice at a time: the intermediate results are larger than the sum
        numbers[z : z + 1], confidence[z : z + 1] = decide(model, total[:, z].unsqueeze(0) / len(planes))
    return numbers, confidence


def decide(model: Model, probability: Tensor) -> Answer:
    """Take the likeliest class; `probability` is (slices, classes, rows, columns)."""
    best, channel = probability.max(dim=1)
    confidence = (best * 255).round().clamp(0, 255).to(torch.uint8).cpu().numpy()
    return model.class_ids[channel.cpu().numpy()], confidence


def slice_probabilities(model: Model, read: Read, shape: Shape, region: Region, axis: str) -> Iterator[tuple[slice, Tensor]]:
    """Run the network over a region's slices of one orientation, a few at a time.

    Gives which slices (counted from the region's first) and their probabilities (slices, classes, rows, columns).
    """
    of_slices, of_rows, of_columns = (region[a] for a in PLANE_AXES[axis])
    architecture = model.architecture
    assert isinstance(architecture, UnetArchitecture)
    stride, context = architecture.stride, architecture.context
    _, height, width = (shape[a] for a in PLANE_AXES[axis])
    rows, columns = (_with_halo(part, length, architecture.reach, stride) for part, length in ((of_rows, height), (of_columns, width)))
    wide = box_of(axis, (of_slices.start - context, of_slices.stop + context), rows, columns)
    block = facing(read_mirrored(read, shape, wide), axis)
    count, step = of_slices.stop - of_slices.start, model.slices_per_pass(rows[1] - rows[0], columns[1] - columns[0])
    top, left = of_rows.start - rows[0], of_columns.start - columns[0]
    for start in range(0, count, step):
        stop = min(start + step, count)
        probability = model.probabilities(block[start : stop + 2 * context], architecture.in_channels)
        inner = probability[:, :, top : top + of_rows.stop - of_rows.start, left : left + of_columns.stop - of_columns.start]
        yield slice(start, stop), inner


def _with_halo(part: slice, length: int, halo: int, stride: int) -> Span:
    """Widen a span by all that its answer depends on, but no further beyond the volume's edge than any other block.

    The bounds are multiples of the stride: tiles then pool the same voxels as whole slices, and answer the same.
    """
    first, last = max(part.start - halo, -_EDGE), min(part.stop + halo, length + _EDGE)
    return first // stride * stride, rounded_up(last, stride)
