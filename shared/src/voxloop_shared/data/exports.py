"""Arrays written as files of other programs, slab by slab."""

import errno
import gzip
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import nibabel
import numpy as np
import tifffile
import zarr
from numpy.typing import NDArray

from voxloop_shared.data.blocks import blocks_of
from voxloop_shared.data.pyramid import SHARD, build_levels, create_level, multiscales, plan_levels
from voxloop_shared.errors import InvalidInput, NameTaken
from voxloop_shared.files import new_folder
from voxloop_shared.schemas import LabelClass

ENDINGS = (".tif", ".tiff", ".nii", ".nii.gz", ".zarr")
_SLAB_BYTES = 128 << 20
"""What is read at once of wide slices; they are then thinner than a chunk, and chunks are decoded more than once."""

Progress = Callable[[float], None]


class Readable(Protocol):
    """An array (z, y, x) on disk."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def __getitem__(self, region: Any) -> Any: ...


def export_array(
    array: Readable,
    path: Path,
    voxel_size: tuple[float, float, float],
    unit: str,
    classes: list[LabelClass] | None = None,
    on_progress: Progress = lambda _fraction: None,
) -> None:
    """Write an array as TIFF (ImageJ's for small ones), NIfTI or OME-Zarr, by the ending of `path`.

    The file appears whole or not at all. Raises InvalidInput for an unknown ending or a missing folder, NameTaken
    when `path` exists.
    """
    if not path.name.lower().endswith(ENDINGS):
        raise InvalidInput(f"{path.name}: unknown kind of file; voxloop writes {', '.join(ENDINGS)}")
    if not path.parent.is_dir():
        raise InvalidInput(f"no folder {path.parent}")
    if path.exists():
        raise NameTaken(f"{path} exists already: choose another name or delete it first")
    if path.suffix.lower() == ".zarr":
        _write_zarr(array, path, voxel_size, unit, classes, on_progress)
        return
    aside = path.with_name(f".{secrets.token_hex(4)}.{path.name}")
    write = _write_tiff if path.suffix.lower() in (".tif", ".tiff") else _write_nifti
    try:
        with _named_full_disk(path):
            write(array, aside, voxel_size, unit, on_progress)
        with aside.open("rb+") as stream:
            os.fsync(stream.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def _named_full_disk(path: Path) -> Iterator[None]:
    """Give numpy's error for a write that stopped half-way the number that it hides."""
    try:
        yield
    except OSError as error:
        if error.errno is None and "requested and" in str(error):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise


def slabs_of(array: Readable, on_progress: Progress = lambda _fraction: None) -> Iterator[NDArray[Any]]:
    """Read an array in pieces along z, all in the same memory: a piece is gone when the next is asked for."""
    depth, rows, columns = array.shape
    thickness = max(1, min(SHARD[0], _SLAB_BYTES // max(1, rows * columns * array.dtype.itemsize)))
    slab = np.empty((min(thickness, depth), rows, columns), array.dtype)
    for z in range(0, depth, thickness):
        piece = slab[: min(thickness, depth - z)]
        for _, y, x in blocks_of(piece.shape, (thickness, *SHARD[1:])):
            piece[:, y, x] = array[z : z + len(piece), y, x]
        yield piece
        on_progress((z + len(piece)) / depth)


def _write_tiff(array: Readable, path: Path, voxel_size: tuple[float, float, float], unit: str, on_progress: Progress) -> None:
    planes = (plane for slab in slabs_of(array, on_progress) for plane in slab)
    size = int(np.prod(array.shape)) * array.dtype.itemsize
    # ImageJ's dialect is what most programs take a voxel size from, but it ends at 4 GB and makes one slice a 2D image
    is_imagej = array.dtype.name in ("uint8", "uint16", "float32") and array.shape[0] > 1 and size < 2**32 - 2**25
    options: dict[str, Any] = {"imagej": True} if is_imagej else {"bigtiff": size > 2**31}
    metadata = {"axes": "ZYX", "spacing": voxel_size[0], "unit": "micron" if unit == "um" else unit}
    with tifffile.TiffWriter(path, **options) as tiff:
        tiff.write(
            planes,
            shape=array.shape,
            dtype=array.dtype,
            photometric="minisblack",
            resolution=(1 / voxel_size[2], 1 / voxel_size[1]),
            metadata=metadata,
        )


def _write_nifti(array: Readable, path: Path, voxel_size: tuple[float, float, float], unit: str, on_progress: Progress) -> None:
    per_unit = {"nm": 1e-6, "um": 1e-3, "mm": 1.0, "m": 1e3}.get(unit, 1.0)
    size_mm = [size * per_unit for size in voxel_size[::-1]]
    header = nibabel.Nifti1Header()
    header.set_data_shape(array.shape[::-1])
    header.set_data_dtype(array.dtype)
    header.set_zooms(size_mm)
    header.set_xyzt_units("mm")
    header.set_sform(np.diag([*size_mm, 1.0]), code=1)
    header["vox_offset"] = 352
    with gzip.open(path, "wb", compresslevel=4) if path.suffix == ".gz" else path.open("wb") as stream:
        stream.write(header.binaryblock + b"\0\0\0\0")
        for slab in slabs_of(array, on_progress):  # C order (z, y, x) is NIfTI's order (x, y, z), x fastest
            stream.write(np.ascontiguousarray(slab, dtype=slab.dtype.newbyteorder("<")).data)


def _write_zarr(
    array: Readable, path: Path, voxel_size: tuple[float, float, float], unit: str, classes: list[LabelClass] | None, on_progress: Progress
) -> None:
    levels = plan_levels(array.shape, voxel_size)  # type: ignore[arg-type]
    with new_folder(path) as folder:
        group = zarr.create_group(folder, zarr_format=3)
        target = create_level(group, "0", array.shape, array.dtype)  # type: ignore[arg-type]
        blocks = list(blocks_of(array.shape, SHARD))  # type: ignore[arg-type]
        for done, region in enumerate(blocks, start=1):
            target[region] = np.asarray(array[region])
            on_progress(done / len(blocks))
        build_levels(group, "", levels, "nearest" if classes else "mean", lambda: None)
        ome = multiscales(path.stem, levels, [str(n) for n in range(len(levels))], voxel_size, unit)
        if classes:
            colors = [{"label-value": c.id, "rgba": [*bytes.fromhex(c.color[1:]), 255]} for c in classes]
            names = [{"label-value": c.id, "name": c.name} for c in classes]
            ome["image-label"] = {"colors": colors, "properties": names}
        group.attrs["ome"] = ome
