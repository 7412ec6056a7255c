"""Volumes: 3D images as OME-Zarr 0.5 pyramids, written whole or not at all, never held in memory whole."""

import hashlib
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from voxloop_shared.data.blocks import blocks_of, part_of
from voxloop_shared.data.images import ImageSource
from voxloop_shared.data.intensities import IntensityMeter
from voxloop_shared.data.pyramid import SHARD, build_levels, count_level_blocks, create_level, multiscales, open_group, plan_levels
from voxloop_shared.errors import InvalidInput, NameTaken, UnreadableFile, VolumeNotFound
from voxloop_shared.files import new_folder
from voxloop_shared.schemas import VolumeInfo
from voxloop_shared.workspace import Workspace, slug

log = logging.getLogger(__name__)

UNITS = ("nm", "um", "mm", "m", "voxel")
_STORED = {"uint8", "uint16", "int16", "float32"}
_READ_BYTES = 96 << 20

Progress = Callable[[float], None]


def open_volume(workspace: Workspace, volume_id: str) -> tuple[VolumeInfo, zarr.Group]:
    """Open a volume: what it is, and the group whose arrays "0", "1", … are its levels; raises VolumeNotFound."""
    group = _open(workspace, volume_id)
    return VolumeInfo.model_validate(group.attrs["voxloop"]), group


def read_info(workspace: Workspace, volume_id: str) -> VolumeInfo:
    """Read what a volume is; raises VolumeNotFound."""
    path = workspace.volume(volume_id) / "zarr.json"
    try:
        attributes = json.loads(path.read_bytes())["attributes"]
    except FileNotFoundError as error:
        raise VolumeNotFound(f"no volume {volume_id!r}") from error
    return VolumeInfo.model_validate(attributes["voxloop"])


def level_array(group: zarr.Group, name: str) -> zarr.Array[Any]:
    """Give one array of a pyramid."""
    array = group[name]
    assert isinstance(array, zarr.Array)
    return array


def import_volume(
    workspace: Workspace,
    source: ImageSource,
    *,
    name: str,
    origin: str,
    voxel_size: tuple[float, float, float] | None = None,
    unit: str | None = None,
    on_progress: Progress = lambda _fraction: None,
) -> VolumeInfo:
    """Write an image into the workspace as a pyramid; other dtypes than uint8, uint16, int16 and float32 are converted.

    `voxel_size` is (z, y, x) in `unit` and outdoes what the file says. Raises NameTaken, InvalidInput, and what the
    source raises; then nothing is left behind.
    """
    volume_id = slug(name)
    path = workspace.volume(volume_id)
    if path.exists():
        raise NameTaken(f"there is a volume {volume_id!r} already: choose another name")
    size, unit = _voxel_size(voxel_size, unit, source)
    levels = plan_levels(source.shape, size)
    tick = _ticker(count_level_blocks(levels), on_progress)
    try:
        with new_folder(path) as folder:
            group = zarr.create_group(folder, zarr_format=3)
            meter, digest = IntensityMeter(source.shape), hashlib.sha256()
            stored = stored_dtype(source.dtype)
            _copy(source, create_level(group, "0", source.shape, stored), meter, digest, tick)
            build_levels(group, "", levels, "mean", tick)
            info = VolumeInfo(
                id=volume_id,
                name=name,
                shape=source.shape,
                dtype=stored.name,
                voxel_size=size,
                unit=unit,
                levels=levels,
                intensity=meter.summary(),
                digest=digest.hexdigest(),
                source=origin,
                created=datetime.now(UTC),
            )
            paths = [str(number) for number in range(len(levels))]
            group.attrs.update({"ome": multiscales(name, levels, paths, size, unit), "voxloop": info.model_dump(mode="json")})
    except FileExistsError as error:
        raise NameTaken(f"there is a volume {volume_id!r} already: choose another name") from error
    log.info("imported %s: %s %s", volume_id, info.shape, info.dtype)
    return info


def stored_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Say in which dtype voxels are stored; raises UnreadableFile for what is no grey value."""
    if dtype.name in _STORED:
        return np.dtype(dtype.name)
    if dtype.kind == "b":
        return np.dtype("uint8")
    if dtype.name == "int8":
        return np.dtype("int16")
    if dtype.kind in "iuf":
        return np.dtype("float32")
    raise UnreadableFile(f"voxels of type {dtype} are no grey values")


def _copy(source: ImageSource, target: zarr.Array[Any], meter: IntensityMeter, digest: Any, tick: Callable[[], None]) -> None:
    """Fill level 0; a stripe of rows is read once and written as several blocks."""
    depth, rows = SHARD[0], source.shape[1]
    row_bytes = source.shape[2] * source.dtype.itemsize * depth
    stripe = max(SHARD[1], _READ_BYTES // max(1, row_bytes) // SHARD[1] * SHARD[1])
    for region in blocks_of(source.shape, (depth, min(stripe, rows), source.shape[2])):
        z, y, _ = region
        with np.errstate(over="ignore"):  # what is too large for float32 becomes infinite, and is left out of the statistics
            block: NDArray[Any] = source.read(z, y).astype(target.dtype, copy=False)
        digest.update(np.ascontiguousarray(block))
        meter.add(block)
        for part in blocks_of(block.shape, SHARD):
            target[part_of(region, part)] = block[part]
            tick()


def _voxel_size(given: tuple[float, float, float] | None, unit: str | None, source: ImageSource) -> tuple[tuple[float, float, float], str]:
    if given is None:
        given, unit = (source.voxel_size, unit or source.unit) if source.voxel_size else ((1.0, 1.0, 1.0), unit or "voxel")
    unit = unit or "um"
    if unit not in UNITS:
        raise InvalidInput(f"unit {unit!r} is unknown: use one of {', '.join(UNITS)}")
    if not all(np.isfinite(size) and size > 0 for size in given):
        raise InvalidInput(f"voxel size {given} is not three positive numbers (z, y, x)")
    return given, unit


def _ticker(total: int, on_progress: Progress) -> Callable[[], None]:
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        on_progress(done / total)

    return tick


def _open(workspace: Workspace, volume_id: str) -> zarr.Group:
    path = workspace.volume(volume_id)
    try:
        return open_group(path)
    except FileNotFoundError as error:
        raise VolumeNotFound(f"no volume {volume_id!r}") from error
