"""Which blocks a volume is predicted in, and in which order."""

from voxloop_infer.reading import Shape
from voxloop_shared.data.blocks import Region, blocks_of
from voxloop_shared.data.drafts import DRAFT_SHARD

FLAT_BLOCK = (16, 256, 512)
"""Slices along z need no neighbours but a few: thin blocks are soon done, and soon seen."""
FEATURE_BLOCK = (64, 256, 256)
"""Features reach far in all directions."""
_SKETCH = (8, 256, 256)

Focus = tuple[int, int, int]


def plan_blocks(shape: Shape, size: Shape, focus: Focus | None) -> list[Region]:
    """Cut a volume into blocks; those on the three planes through the focus come first, from there outward."""
    blocks = list(blocks_of(shape, size))
    return blocks if focus is None else sorted(blocks, key=lambda block: _rank(block, focus))


def sketch_region(shape: Shape, focus: Focus | None) -> Region:
    """Give the voxels around the focus that are shown, for the time being, before the first block is done."""
    at = focus or tuple(length // 2 for length in shape)
    z, y, x = (_cell(place, step, length) for place, step, length in zip(at, _SKETCH, shape, strict=True))
    return z, y, x


def block_size(piece: Shape, *, is_flat: bool, reads_features: bool) -> Shape:
    """Give the size of a job's blocks, from what is voted on at once: whole shards wherever that fits."""
    if reads_features:
        return FEATURE_BLOCK
    if not is_flat:
        return piece
    _, rows, columns = (
        max(least, -(-side // step) * step) for least, side, step in zip(FLAT_BLOCK, (1, *piece[1:]), DRAFT_SHARD, strict=True)
    )
    return (FLAT_BLOCK[0], rows, columns)


def _rank(block: Region, focus: Focus) -> tuple[int, int]:
    apart = [max(part.start - place, place - part.stop + 1, 0) for part, place in zip(block, focus, strict=True)]
    return int(all(apart)), sum(distance**2 for distance in apart)


def _cell(place: int, step: int, length: int) -> slice:
    """Give the cell of a grid that holds a place; it keeps its size at the far end of the axis."""
    start = max(0, min(place // step * step, -(-(length - step) // step) * step))
    return slice(start, min(start + step, length))
