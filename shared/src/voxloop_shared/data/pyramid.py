"""Multiscale arrays: OME-Zarr 0.5 groups whose levels halve the resolution, sharded, written block by block."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec

from voxloop_shared.data.blocks import Region, blocks_of, count_blocks
from voxloop_shared.data.pipeline import use_fast_reads
from voxloop_shared.schemas import Level

use_fast_reads()

CHUNK = (4, 128, 128)
"""What is decoded at once: half as deep, a cold slice across z takes 0.6 of the time, one across y or x a tenth longer."""
SHARD = (8, 512, 512)
"""What one write handles, and one file holds."""

_SMALLEST = 128
_CODEC = BloscCodec(cname="lz4", clevel=5, shuffle="shuffle")

Reduction = Literal["mean", "nearest"]
Shape = tuple[int, int, int]
Size = tuple[float, float, float]


def plan_levels(shape: Shape, voxel_size: Size) -> list[Level]:
    """Halve until the largest side is at most 128; an axis waits while its voxels are much longer than the shortest."""
    levels = [Level(shape=shape, scale=(1, 1, 1))]
    while max(levels[-1].shape) > _SMALLEST:
        last = levels[-1]
        sizes = [v * s for v, s in zip(voxel_size, last.scale, strict=True)]
        halve = [size < 2 * min(sizes) and length > 1 for size, length in zip(sizes, last.shape, strict=True)]
        if not any(halve):
            halve = [length > 1 for length in last.shape]
        scale = tuple(s * (2 if h else 1) for s, h in zip(last.scale, halve, strict=True))
        levels.append(Level(shape=tuple(-(-n // (2 if h else 1)) for n, h in zip(last.shape, halve, strict=True)), scale=scale))
    return levels


def create_level(group: zarr.Group, name: str, shape: Shape, dtype: np.dtype[np.generic], shard: Shape = SHARD) -> zarr.Array[Any]:
    """Make one sharded level."""
    chunks = tuple(min(c, n) for c, n in zip(CHUNK, shape, strict=True))
    shards = tuple(c * max(1, min(s, n) // c) for c, s, n in zip(chunks, shard, shape, strict=True))
    return group.create_array(
        name, shape=shape, chunks=chunks, shards=shards, dtype=dtype, compressors=_CODEC, fill_value=0, dimension_names=("z", "y", "x")
    )


def build_levels(group: zarr.Group, prefix: str, levels: Sequence[Level], reduction: Reduction, on_block: Callable[[], None]) -> None:
    """Write levels 1… of `prefix` from level 0, which is there already; `on_block` is called after each block."""
    for number, (above, level) in enumerate(pairwise(levels), start=1):
        source = group[f"{prefix}{number - 1}"]
        assert isinstance(source, zarr.Array)
        target = create_level(group, f"{prefix}{number}", level.shape, source.dtype)
        factors = tuple(b // a for a, b in zip(above.scale, level.scale, strict=True))
        for region in blocks_of(level.shape, SHARD):
            target[region] = _shrink_region(source, region, factors, reduction)
            on_block()


def update_levels(group: zarr.Group, prefix: str, levels: Sequence[Level], region: Region, reduction: Reduction) -> None:
    """Write those voxels of levels 1… of `prefix`, which are there already, that lie over a region of level 0 (as `build_levels` would)."""
    for number, (above, level) in enumerate(pairwise(levels), start=1):
        source, target = group[f"{prefix}{number - 1}"], group[f"{prefix}{number}"]
        assert isinstance(source, zarr.Array)
        assert isinstance(target, zarr.Array)
        factors = tuple(b // a for a, b in zip(above.scale, level.scale, strict=True))
        region = tuple(slice(part.start // f, -(-part.stop // f)) for part, f in zip(region, factors, strict=True))  # type: ignore[assignment]
        target[region] = _shrink_region(source, region, factors, reduction)


def count_level_blocks(levels: Sequence[Level]) -> int:
    """Count the blocks of all levels, the finest included."""
    return sum(count_blocks(level.shape, SHARD) for level in levels)


def shrink(block: NDArray[Any], factors: tuple[int, ...], reduction: Reduction) -> NDArray[Any]:
    """Shrink a block by whole factors; at a ragged end the last voxels are repeated."""
    if reduction == "nearest":
        return block[tuple(slice(None, None, f) for f in factors)]
    padding = [(0, -n % f) for n, f in zip(block.shape, factors, strict=True)]
    padded = np.pad(block, padding, mode="edge").astype(np.float32)
    split = [part for n, f in zip(padded.shape, factors, strict=True) for part in (n // f, f)]
    mean = padded.reshape(split).mean(axis=(1, 3, 5))
    shrunk: NDArray[Any] = np.rint(mean) if block.dtype.kind in "iu" else mean
    return shrunk.astype(block.dtype)


def _shrink_region(source: zarr.Array[Any], region: Region, factors: tuple[int, ...], reduction: Reduction) -> NDArray[Any]:
    """Shrink what lies under a block of the next level, a chunk at a time: the float copies stay small."""
    shape: Shape = tuple(part.stop - part.start for part in region)
    out = np.empty(shape, source.dtype)
    for piece in blocks_of(shape, CHUNK):
        below = tuple(
            slice((r.start + p.start) * f, min((r.start + p.stop) * f, n))
            for r, p, f, n in zip(region, piece, factors, source.shape, strict=True)
        )
        out[piece] = shrink(np.asarray(source[below]), factors, reduction)
    return out


def multiscales(name: str, levels: Sequence[Level], paths: Sequence[str], voxel_size: Size, unit: str) -> dict[str, Any]:
    """Give the OME-Zarr 0.5 attribute of a pyramid (https://ngff.openmicroscopy.org/0.5)."""
    long_unit = {"um": "micrometer", "nm": "nanometer", "mm": "millimeter", "m": "meter"}.get(unit)
    axes = [{"name": axis, "type": "space"} | ({"unit": long_unit} if long_unit else {}) for axis in "zyx"]
    datasets = []
    for level, path in zip(levels, paths, strict=True):
        scale = [v * s for v, s in zip(voxel_size, level.scale, strict=True)]
        shift = [v * (s - 1) / 2 for v, s in zip(voxel_size, level.scale, strict=True)]
        transforms = [{"type": "scale", "scale": scale}, {"type": "translation", "translation": shift}]
        datasets.append({"path": path, "coordinateTransformations": transforms})
    return {"version": "0.5", "multiscales": [{"name": name, "axes": axes, "datasets": datasets}]}


def open_group(path: Path) -> zarr.Group:
    """Open a pyramid for reading."""
    return zarr.open_group(path, mode="r")
