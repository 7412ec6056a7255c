"""A network run over the slices of one of the three axes."""

from collections.abc import Iterator

from torch import Tensor

from voxloop_infer.model import Model
from voxloop_infer.reading import Image
from voxloop_infer.tally import Tally
from voxloop_shared.data.blocks import Region
from voxloop_shared.nets.architectures import unet_of
from voxloop_shared.nets.inputs import PLANE_AXES, Span, box_of, facing, read_extended, rounded_up
from voxloop_shared.nets.unet import UnetArchitecture

_EDGE = 32
"""Rows and columns of repeated voxels that the network sees beyond the volume's edge."""
_READ_AT_ONCE = 64
"""Slices: half a chunk's rows or columns, so that no chunk is decoded often; all that a block sees of a volume would be far more."""


def architecture_of(model: Model) -> UnetArchitecture:
    """Give the architecture of a model that sees slices; an ensemble's is its member's."""
    found = unet_of(model.architecture)
    assert found is not None
    return found


def count_slices(tally: Tally, model: Model, image: Image, region: Region, axis: str, share: float, *, flips: bool) -> None:
    """Add what a model says of a region, seen along an axis; `share` is the weight of each opinion."""
    facing_axis = tally.facing(*PLANE_AXES[axis])
    for part, probability in slice_opinions(model, image, region, axis, flips=flips):
        facing_axis.add(probability, share, (part,))


def slice_opinions(model: Model, image: Image, region: Region, axis: str, *, flips: bool = False) -> Iterator[tuple[slice, Tensor]]:
    """Run the network over a region's slices of one orientation, a few at a time.

    Gives which slices (counted from the region's first) and probabilities (classes, slices, rows, columns), several times the same
    slices where there are several opinions on them.
    """
    of_slices, of_rows, of_columns = (region[a] for a in PLANE_AXES[axis])
    architecture = architecture_of(model)
    stride, context = architecture.stride, architecture.context
    _, height, width = (image.shape[a] for a in PLANE_AXES[axis])
    rows, columns = (_with_halo(part, length, architecture.reach, stride) for part, length in ((of_rows, height), (of_columns, width)))
    inner = (slice(of_rows.start - rows[0], of_rows.stop - rows[0]), slice(of_columns.start - columns[0], of_columns.stop - columns[0]))
    count, step = of_slices.stop - of_slices.start, model.slices_per_pass(rows[1] - rows[0], columns[1] - columns[0])
    for first in range(0, count, max(step, _READ_AT_ONCE)):
        last = min(first + max(step, _READ_AT_ONCE), count)
        wide = box_of(axis, (of_slices.start + first - context, of_slices.start + last + context), rows, columns)
        slab = facing(read_extended(image.read, image.shape, wide), axis)
        for start in range(first, last, step):
            stop = min(start + step, last)
            for probability in model.opinions(
                slab[start - first : stop - first + 2 * context], architecture.in_channels, inner, flips=flips
            ):
                image.check()
                yield slice(start, stop), probability


def _with_halo(part: slice, length: int, halo: int, stride: int) -> Span:
    """Widen a span by all that its answer depends on, but no further beyond the volume's edge than any other block.

    The bounds are multiples of the stride: tiles then pool the same voxels as whole slices, and answer the same.
    """
    first, last = max(part.start - halo, -_EDGE), min(part.stop + halo, length + _EDGE)
    return first // stride * stride, rounded_up(last, stride)
