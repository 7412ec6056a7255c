"""Image files of other programs: read right, or refused with one clear error."""

import contextlib
import gzip
import logging
from pathlib import Path

import nibabel
import numpy as np
import pytest
import tifffile

from voxloop_shared.data.images import ArraySource, open_image
from voxloop_shared.errors import UnreadableFile

SHAPE = (5, 41, 37)


@pytest.fixture(autouse=True)
def _quiet_tifffile(caplog):
    caplog.set_level(logging.CRITICAL, "tifffile")


def voxels(dtype="uint16", shape=SHAPE) -> np.ndarray:
    return np.random.default_rng(0).integers(-100 if np.dtype(dtype).kind in "if" else 0, 120, shape).astype(dtype)


def read_back(path: Path) -> np.ndarray:
    """Read a file in pieces whose borders are odd."""
    with open_image(path) as source:
        nz, ny, _ = source.shape
        rows = [[source.read(slice(z, min(z + 2, nz)), slice(y, min(y + 15, ny))) for y in range(0, ny, 15)] for z in range(0, nz, 2)]
        assert all(block.dtype == source.dtype for row in rows for block in row)
        return np.concatenate([np.concatenate(row, axis=1) for row in rows])


def assert_reads(path: Path, right: np.ndarray) -> None:
    found = read_back(path)
    assert found.dtype == right.dtype.newbyteorder("=")
    np.testing.assert_array_equal(found, right)


TIFFS = {
    "contiguous": {},
    "zlib": {"compression": "zlib"},
    "lzw": {"compression": "lzw", "predictor": True},
    "zstd": {"compression": "zstd"},
    "tiled": {"tile": (16, 16)},
    "big-endian": {"byteorder": ">"},
    "big-endian, compressed": {"byteorder": ">", "compression": "zlib"},
    "BigTIFF": {"bigtiff": True},
    "without tifffile's own metadata": {"metadata": None},
    "strips of some rows": {"rowsperstrip": 7, "compression": "zlib"},
}


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "int32", "float64"])
@pytest.mark.parametrize("options", TIFFS.values(), ids=TIFFS)
def test_reads_a_tiff_that_is(tmp_path: Path, options: dict, dtype: str):
    tifffile.imwrite(tmp_path / "a.tif", voxels(dtype), photometric="minisblack", **options)
    assert_reads(tmp_path / "a.tif", voxels(dtype))


def test_reads_a_tiff_of_one_page_after_another(tmp_path: Path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for plane in voxels():
            tiff.write(plane, metadata=None, contiguous=False, photometric="minisblack")
    assert_reads(tmp_path / "a.tif", voxels())


def test_reads_a_tiff_of_one_slice_that_says_so(tmp_path: Path):
    tifffile.imwrite(tmp_path / "a.tif", voxels(shape=(1, 41, 37)), photometric="minisblack")
    assert_reads(tmp_path / "a.tif", voxels(shape=(1, 41, 37)))


@pytest.mark.parametrize(("unit", "right"), [("micron", "um"), ("um", "um"), ("\\u00B5m", "um"), ("nm", "nm"), ("mm", "mm")])
def test_reads_the_voxel_size_of_imagej(tmp_path: Path, unit: str, right: str):
    tifffile.imwrite(
        tmp_path / "a.tif", voxels(), imagej=True, resolution=(1 / 0.65, 1 / 0.7), metadata={"axes": "ZYX", "spacing": 2.5, "unit": unit}
    )
    with open_image(tmp_path / "a.tif") as source:
        assert source.voxel_size == pytest.approx((2.5, 0.7, 0.65))
        assert source.unit == right
    assert_reads(tmp_path / "a.tif", voxels())


def test_a_tiff_without_a_unit_has_no_voxel_size(tmp_path: Path):
    tifffile.imwrite(tmp_path / "a.tif", voxels(), resolution=(72, 72), photometric="minisblack")
    with open_image(tmp_path / "a.tif") as source:
        assert source.voxel_size is None


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32"])
def test_reads_nifti_with_its_axes_and_voxel_size(tmp_path: Path, dtype: str, ending: str):
    image = nibabel.Nifti1Image(voxels(dtype).T, np.diag([0.5, 0.25, 2.0, 1.0]))
    image.header.set_xyzt_units("micron")
    image.to_filename(tmp_path / f"a{ending}")
    assert_reads(tmp_path / f"a{ending}", voxels(dtype))
    with open_image(tmp_path / f"a{ending}") as source:
        assert (source.voxel_size, source.unit) == ((2.0, 0.25, 0.5), "um")


def test_reads_nifti_that_is_scaled(tmp_path: Path):
    image = nibabel.Nifti1Image(voxels("int16").T, np.eye(4))
    image.header.set_slope_inter(0.5, 10)
    image.to_filename(tmp_path / "a.nii")
    np.testing.assert_allclose(read_back(tmp_path / "a.nii"), nibabel.load(tmp_path / "a.nii").get_fdata().T)


def test_reads_nifti_with_a_fourth_axis_of_one(tmp_path: Path):
    nibabel.Nifti1Image(voxels("int16").T[..., None], np.eye(4)).to_filename(tmp_path / "a.nii")
    assert_reads(tmp_path / "a.nii", voxels("int16"))


@pytest.mark.parametrize("dtype", ["uint8", ">u2", "int16", "float32", ">f8", "bool"])
def test_reads_npy(tmp_path: Path, dtype: str):
    np.save(tmp_path / "a.npy", voxels("uint8").astype(dtype))
    assert_reads(tmp_path / "a.npy", voxels("uint8").astype(dtype))


def test_an_array_in_memory_is_a_source():
    source = ArraySource(voxels().astype(">u2")[None], (1.0, 2.0, 3.0), "nm")
    assert (source.shape, source.dtype, source.voxel_size, source.unit) == (SHAPE, np.dtype("uint16"), (1.0, 2.0, 3.0), "nm")


REFUSED = {
    "2d": ((41, 37), {}, "needs a 3D image"),
    "4d": ((2, 5, 41, 37), {}, "needs a 3D image"),
    "colour": ((5, 41, 37, 3), {"photometric": "rgb"}, "colour"),
    "one colour picture": ((41, 37, 3), {"photometric": "rgb"}, "colour"),
}


@pytest.mark.parametrize(("shape", "options", "words"), REFUSED.values(), ids=REFUSED)
def test_refuses_a_tiff_that_is(tmp_path: Path, shape: tuple, options: dict, words: str):
    tifffile.imwrite(tmp_path / "a.tif", voxels("uint8", shape), **({"photometric": "minisblack"} | options))
    with pytest.raises(UnreadableFile, match=words):
        read_back(tmp_path / "a.tif")


def test_refuses_a_tiff_of_different_images(tmp_path: Path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(voxels(), photometric="minisblack")
        tiff.write(voxels(shape=(9, 9)), photometric="minisblack")
    with pytest.raises(UnreadableFile, match="2 images"):
        read_back(tmp_path / "a.tif")


def write_image(path: Path, **options) -> bytes:
    """Write voxels by the ending of a path, and give the file's bytes."""
    if path.suffix == ".npy":
        np.save(path, voxels("int16"))
    elif path.suffix == ".tif":
        tifffile.imwrite(path, voxels("int16"), photometric="minisblack", **options)
    else:
        nibabel.Nifti1Image(voxels("int16").T, np.eye(4)).to_filename(path)
    return path.read_bytes()


FILES = [
    ("a.tif", {}),
    ("a.tif", {"compression": "zlib"}),
    ("a.tif", {"compression": "lzw"}),
    ("a.nii", {}),
    ("a.nii.gz", {}),
    ("a.npy", {}),
]


@pytest.mark.parametrize("part", [0, 0.01, 0.3, 0.66, 0.95])
@pytest.mark.parametrize(("name", "options"), FILES)
def test_refuses_a_file_that_is_cut_off(tmp_path: Path, name: str, options: dict, part: float):
    content = write_image(tmp_path / name, **options)
    (tmp_path / name).write_bytes(content[: int(len(content) * part)])
    with pytest.raises(UnreadableFile, match=name):
        read_back(tmp_path / name)


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}])
def test_refuses_a_tiff_that_lost_whole_pages(tmp_path: Path, options: dict):
    """tifffile gives what is left without a word: a volume would be shorter than what was measured."""
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as tiff:
        for plane in voxels():
            tiff.write(plane, metadata=None, contiguous=False, photometric="minisblack", **options)
    with tifffile.TiffFile(path) as tiff:
        starts = [page.offset for page in tiff.pages]
    path.write_bytes(path.read_bytes()[: starts[3]])
    with pytest.raises(UnreadableFile, match=r"ends after 3 pages|cannot be read"):
        read_back(path)


@pytest.mark.parametrize(("name", "options"), FILES)
@pytest.mark.parametrize("seed", range(12))
def test_damage_is_refused_or_changes_voxels_but_never_crashes(tmp_path: Path, name: str, options: dict, seed: int):
    content = bytearray(write_image(tmp_path / name, **options))
    rng = np.random.default_rng(seed)
    for position in rng.integers(0, len(content) if seed % 2 else 400, 20):
        content[position % len(content)] ^= int(rng.integers(1, 256))
    (tmp_path / name).write_bytes(content)
    with contextlib.suppress(UnreadableFile):
        read_back(tmp_path / name)


@pytest.mark.parametrize("name", ["a.tif", "a.nii", "a.nii.gz", "a.npy"])
def test_refuses_text(tmp_path: Path, name: str):
    (tmp_path / name).write_text("this is no image at all, however long it may be " * 20)
    with pytest.raises(UnreadableFile, match=name):
        read_back(tmp_path / name)


def test_refuses_gzip_of_something_else(tmp_path: Path):
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(b"no image" * 1000))
    with pytest.raises(UnreadableFile):
        read_back(tmp_path / "a.nii.gz")


@pytest.mark.parametrize(("name", "words"), [("none.tif", "no file"), ("a.jpg", r"voxloop reads \.tif"), ("folder.tif", "no file")])
def test_refuses_what_it_cannot_open(tmp_path: Path, name: str, words: str):
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / "folder.tif").mkdir()
    with pytest.raises(UnreadableFile, match=words), open_image(tmp_path / name):
        pass


@pytest.mark.parametrize("array", [np.array([[[None]]]), np.zeros((0, 4, 5)), np.zeros(7), np.asfortranarray(voxels())], ids=str)
def test_refuses_an_npy_without_voxels(tmp_path: Path, array: np.ndarray):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(UnreadableFile):
        read_back(tmp_path / "a.npy")


def test_errors_of_the_reader_of_an_image_stay_what_they_are(tmp_path: Path):
    write_image(tmp_path / "a.npy")
    with pytest.raises(KeyError), open_image(tmp_path / "a.npy"):
        raise KeyError("not the file's fault")
