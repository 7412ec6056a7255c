"""Blocks: a grid cut into pieces that fit into memory."""

from collections.abc import Iterator
from itertools import product

Region = tuple[slice, slice, slice]


def blocks_of(shape: tuple[int, int, int], size: tuple[int, int, int]) -> Iterator[Region]:
    """Give regions of at most `size` that cover `shape` once, in C order."""
    steps = [range(0, length, step) for length, step in zip(shape, size, strict=True)]
    for corner in product(*steps):
        yield tuple(slice(a, min(a + s, n)) for a, s, n in zip(corner, size, shape, strict=True))  # type: ignore[misc]


def count_blocks(shape: tuple[int, int, int], size: tuple[int, int, int]) -> int:
    """Count what `blocks_of` gives."""
    nz, ny, nx = (-(-length // step) for length, step in zip(shape, size, strict=True))
    return nz * ny * nx
