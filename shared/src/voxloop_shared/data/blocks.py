"""Blocks: a grid cut into pieces that fit into memory."""

from collections.abc import Iterable, Iterator, Sequence
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


def regions_of(chunks: Iterable[Sequence[int]], shape: Sequence[int], size: Sequence[int]) -> list[Region]:
    """Turn the places of chunks of a size in their grid into regions of an array."""
    return [tuple(slice(c * s, min((c + 1) * s, n)) for c, s, n in zip(chunk, size, shape, strict=True)) for chunk in chunks]  # type: ignore[misc]


def blocks_holding(chunks: Iterable[Region], shape: tuple[int, int, int], size: tuple[int, int, int]) -> list[Region]:
    """Give those blocks of a grid of `size` in which some of the chunks begin, in C order."""
    return regions_of(sorted({tuple(part.start // s for part, s in zip(chunk, size, strict=True)) for chunk in chunks}), shape, size)


def clip_region(region: Region, to: Region) -> Region | None:
    """Give what two regions share, None if nothing."""
    z, y, x = (slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(region, to, strict=True))
    return (z, y, x) if all(part.start < part.stop for part in (z, y, x)) else None


def size_of(region: Region) -> tuple[int, int, int]:
    """Give the extent of a region (z, y, x)."""
    z, y, x = (part.stop - part.start for part in region)
    return z, y, x


def grown(region: Region, by: tuple[int, int, int], shape: tuple[int, int, int]) -> Region:
    """Widen a region by so many voxels (z, y, x) on both sides, as far as an array of a shape goes."""
    z, y, x = (slice(max(0, part.start - b), min(n, part.stop + b)) for part, b, n in zip(region, by, shape, strict=True))
    return z, y, x


def part_of(outer: Region, region: Region) -> Region:
    """Give where the part of a larger region lies that is counted from its corner; `within` is the way back."""
    z, y, x = (slice(a.start + b.start, a.stop + b.start) for a, b in zip(region, outer, strict=True))
    return z, y, x


def within(region: Region, outer: Region) -> Region:
    """Give where a region lies in a larger one that holds it, counted from the larger one's corner."""
    z, y, x = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(region, outer, strict=True))
    return z, y, x
