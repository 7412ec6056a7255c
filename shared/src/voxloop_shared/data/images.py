"""Image files of other programs, read block by block."""

import gzip
import os
import struct
import tokenize
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import nibabel
import numpy as np
import tifffile
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from voxloop_shared.errors import UnreadableFile

FORMATS = (".tif", ".tiff", ".nii", ".nii.gz", ".npy")


class ImageSource(Protocol):
    """A 3D image somewhere else; axes (z, y, x), native byte order.

    `voxel_size` is None where the file does not say; `unit` is then meaningless.
    """

    shape: tuple[int, int, int]
    dtype: np.dtype[np.generic]
    voxel_size: tuple[float, float, float] | None
    unit: str

    def read(self, z: slice, y: slice) -> NDArray[np.generic]:
        """Give rows `y` of slices `z`, whole in x."""
        ...


class ArraySource:
    """An array in memory, or anything that slices like one."""

    def __init__(self, array: NDArray[np.generic], voxel_size: tuple[float, float, float] | None = None, unit: str = "") -> None:
        self.shape = _shape_3d(array.shape, "the array")
        self.dtype = array.dtype.newbyteorder("=")
        self.voxel_size = voxel_size
        self.unit = unit
        self._array = array

    def read(self, z: slice, y: slice) -> NDArray[np.generic]:
        """Give rows `y` of slices `z`."""
        return np.asarray(self._array[z, y]).astype(self.dtype, copy=False)


@contextmanager
def open_image(path: Path) -> Iterator[ImageSource]:
    """Open a TIFF, NIfTI or NPY file; raises UnreadableFile when it is missing, corrupt or not a 3D grey image.

    A file that turns out corrupt while it is read raises UnreadableFile, too.
    """
    if not path.is_file():
        raise UnreadableFile(f"no file {path}")
    name = path.name.lower()
    opener = next((opener for ending, opener in _OPENERS.items() if name.endswith(ending)), None)
    if opener is None:
        raise UnreadableFile(f"{path.name}: unknown kind of file; voxloop reads {', '.join(FORMATS)}")
    with ExitStack() as stack:
        with _translated(path.name):
            source = stack.enter_context(opener(path))
        yield _CheckedSource(source, path.name)


_CORRUPT = (
    tifffile.TiffFileError, ImageFileError, HeaderDataError, ValueError, TypeError, EOFError, LookupError, ArithmeticError,
    RuntimeError, AssertionError, SyntaxError, tokenize.TokenError, struct.error, zlib.error, gzip.BadGzipFile,
)  # fmt: skip
"""What the readers raise for damaged files, as fuzzing them has shown; imagecodecs' own errors are RuntimeErrors."""


@contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except _CORRUPT as error:
        raise UnreadableFile(f"{name} cannot be read: {_one_line(error)}") from error
    except OSError as error:
        if error.errno is None:  # not the system's: nibabel's way to say that a file is too short
            raise UnreadableFile(f"{name} cannot be read: {_one_line(error)}") from error
        raise


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


class _CheckedSource:
    """A source whose reader's errors are ours."""

    def __init__(self, source: ImageSource, name: str) -> None:
        self.shape = source.shape
        self.dtype = source.dtype
        self.voxel_size = source.voxel_size
        self.unit = source.unit
        self._source = source
        self._name = name

    def read(self, z: slice, y: slice) -> NDArray[np.generic]:
        with _translated(self._name):
            return self._source.read(z, y)


class _TiffSource:
    def __init__(self, tiff: tifffile.TiffFile) -> None:
        series = tiff.series[0]
        if len(tiff.series) > 1:
            raise UnreadableFile(f"{tiff.filename} holds {len(tiff.series)} images of different kinds, not one 3D image")
        if "S" in series.axes:
            raise UnreadableFile(f"{tiff.filename} is a colour image (axes {series.axes}, shape {series.shape}); voxloop needs grey values")
        _check_last_page(tiff)
        self.shape = _shape_3d(series.shape, tiff.filename)
        self.dtype = series.dtype.newbyteorder("=")
        self._stored = series.dtype.newbyteorder(tiff.byteorder)
        self.voxel_size, self.unit = _tiff_voxel_size(tiff)
        self._tiff = tiff
        self._pages = series.pages
        self._offset = series.dataoffset
        self._row_bytes = self.shape[2] * self.dtype.itemsize
        if self._offset is None and len(self._pages) != self.shape[0]:
            raise UnreadableFile(f"{tiff.filename} stores its {self.shape[0]} slices in {len(self._pages)} pages")

    def read(self, z: slice, y: slice) -> NDArray[np.generic]:
        planes = [self._plane(index, y) for index in range(z.start, z.stop)]
        return np.stack(planes).astype(self.dtype, copy=False)

    def _plane(self, index: int, y: slice) -> NDArray[np.generic]:
        if self._offset is None:
            page = self._pages[index]
            plane = page.asarray() if page is not None else np.zeros(self.shape[1:], self.dtype)
            return np.asarray(plane).reshape(self.shape[1:])[y]
        # contiguous in the file: read just the rows; a memory map would count against the process's memory
        handle = self._tiff.filehandle
        handle.seek(self._offset + (index * self.shape[1] + y.start) * self._row_bytes)
        raw = handle.read((y.stop - y.start) * self._row_bytes)
        return np.frombuffer(raw, self._stored).reshape(y.stop - y.start, self.shape[2])


class _NiftiSource:
    def __init__(self, path: Path) -> None:
        image = nibabel.load(path, mmap=False, keep_file_open=True)
        shape = _shape_3d(image.shape, path.name)
        self.shape = (shape[2], shape[1], shape[0])  # NIfTI stores (x, y, z), x fastest: in C order that is (z, y, x)
        self._data = image.dataobj
        self._rank = len(image.shape)
        self.dtype = np.dtype(self._data[(slice(0, 1),) * 3 + (0,) * (self._rank - 3)].dtype).newbyteorder("=")
        zooms = image.header.get_zooms()[:3]
        unit = image.header.get_xyzt_units()[0]
        self.unit = {"mm": "mm", "micron": "um", "meter": "m"}.get(unit, "mm")
        self.voxel_size: tuple[float, float, float] | None = (float(zooms[2]), float(zooms[1]), float(zooms[0]))

    def read(self, z: slice, y: slice) -> NDArray[np.generic]:
        block = self._data[(slice(None), y, z) + (0,) * (self._rank - 3)]
        return np.ascontiguousarray(np.asarray(block).T, self.dtype)


@contextmanager
def _open_tiff(path: Path) -> Iterator[ImageSource]:
    with tifffile.TiffFile(path) as tiff:
        yield _TiffSource(tiff)


@contextmanager
def _open_nifti(path: Path) -> Iterator[ImageSource]:
    yield _NiftiSource(path)


@contextmanager
def _open_npy(path: Path) -> Iterator[ImageSource]:
    with path.open("rb") as stream:
        version = np.lib.format.read_magic(stream)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, is_fortran, dtype = header(stream)
        if dtype.hasobject or is_fortran:
            raise UnreadableFile(
                f"{path.name} holds {'objects' if dtype.hasobject else 'an array in Fortran order'}: save it as a C-order array of numbers"
            )
        yield _RawSource(stream.fileno(), stream.tell(), _shape_3d(shape, path.name), dtype)


class _RawSource:
    def __init__(self, descriptor: int, offset: int, shape: tuple[int, int, int], dtype: np.dtype[np.generic]) -> None:
        self.shape = shape
        self.dtype = dtype.newbyteorder("=")
        self.voxel_size: tuple[float, float, float] | None = None
        self.unit = ""
        self._stored = dtype
        self._file = descriptor
        self._offset = offset

    def read(self, z: slice, y: slice) -> NDArray[np.generic]:
        row = self.shape[2] * self.dtype.itemsize
        planes = []
        for index in range(z.start, z.stop):
            raw = _read_at(self._file, (y.stop - y.start) * row, self._offset + (index * self.shape[1] + y.start) * row)
            planes.append(np.frombuffer(raw, self._stored).reshape(-1, self.shape[2]))
        return np.stack(planes).astype(self.dtype, copy=False)


def _read_at(descriptor: int, size: int, offset: int) -> bytes:
    raw = os.pread(descriptor, size, offset)
    if len(raw) != size:
        raise EOFError("the file ends before its last voxel")
    return raw


def _shape_3d(shape: tuple[int, ...], name: str) -> tuple[int, int, int]:
    """Drop leading and trailing axes of length 1; raises UnreadableFile unless three are left."""
    kept = tuple(shape)
    while len(kept) > 3 and kept[0] == 1:
        kept = kept[1:]
    while len(kept) > 3 and kept[-1] == 1:
        kept = kept[:-1]
    if len(kept) != 3 or 0 in kept:
        raise UnreadableFile(f"{Path(name).name} has shape {tuple(shape)}: voxloop needs a 3D image (z, y, x)")
    return kept


def _check_last_page(tiff: tifffile.TiffFile) -> None:
    """Raise UnreadableFile when the last page points at another, which lies beyond the end: tifffile would drop it silently."""
    layout, handle = tiff.tiff, tiff.filehandle
    start = tiff.pages[-1].offset
    handle.seek(start)
    count = struct.unpack(layout.tagnoformat, handle.read(layout.tagnosize))[0]
    handle.seek(start + layout.tagnosize + count * layout.tagsize)
    following = struct.unpack(layout.offsetformat, handle.read(layout.offsetsize))[0]
    if following >= handle.size:
        raise UnreadableFile(f"{Path(tiff.filename).name} ends after {len(tiff.pages)} pages, before its last")


def _tiff_voxel_size(tiff: tifffile.TiffFile) -> tuple[tuple[float, float, float] | None, str]:
    """Read the voxel size that ImageJ and voxloop write: spacing for z, resolution tags for y and x."""
    meta: dict[str, Any] = tiff.imagej_metadata or next(iter(tiff.shaped_metadata or ()), {})
    tags = tiff.pages[0].tags
    unit = {"micron": "um", "µm": "um", "\\u00B5m": "um", "um": "um", "nm": "nm", "mm": "mm", "m": "m", "voxel": "voxel"}.get(
        str(meta.get("unit", ""))
    )
    if unit is None or "YResolution" not in tags or "XResolution" not in tags:
        return None, ""
    per_y, per_x = (tags[name].value for name in ("YResolution", "XResolution"))
    if not (per_y[0] and per_x[0]):
        return None, ""
    return (float(meta.get("spacing", 1.0)), per_y[1] / per_y[0], per_x[1] / per_x[0]), unit


_OPENERS = {".tif": _open_tiff, ".tiff": _open_tiff, ".nii": _open_nifti, ".nii.gz": _open_nifti, ".npy": _open_npy}
