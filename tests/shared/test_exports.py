"""What is exported is what was there."""

import os
from pathlib import Path

import nibabel
import numpy as np
import pytest
import tifffile
import zarr

from voxloop_shared.data import exports
from voxloop_shared.data.exports import export_array
from voxloop_shared.data.images import open_image
from voxloop_shared.errors import DiskFull, InvalidInput, NameTaken, from_os_error
from voxloop_shared.schemas import LabelClass

SIZE = (2.5, 0.65, 0.5)
SHAPES = [(1, 4, 5), (33, 40, 51), (65, 3, 130)]
CLASSES = [LabelClass(id=1, name="background", color="#102030"), LabelClass(id=2, name="bone", color="#FFFFFF")]


def voxels(dtype: str, shape=(33, 40, 51)) -> np.ndarray:
    low = 0 if "u" in dtype else -100
    return np.random.default_rng(0).integers(low, 120, shape).astype(dtype)


def read(path: Path) -> np.ndarray:
    with open_image(path) as source:
        return source.read(slice(0, source.shape[0]), slice(0, source.shape[1]))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize("name", ["a.tif", "a.tiff", "a.nii", "a.nii.gz", "A.TIF"])
def test_files_come_back_with_shape_dtype_values_and_voxel_size(tmp_path: Path, name: str, dtype: str, shape: tuple):
    array = voxels(dtype, shape)
    export_array(array, tmp_path / name, SIZE, "um")
    found = read(tmp_path / name)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)
    with open_image(tmp_path / name) as source:
        in_um = {"um": 1, "mm": 1000}[source.unit]
        assert np.multiply(source.voxel_size, in_um) == pytest.approx(SIZE, rel=1e-6)
    assert list(tmp_path.iterdir()) == [tmp_path / name]


@pytest.mark.parametrize("unit", ["nm", "um", "mm", "m", "voxel"])
@pytest.mark.parametrize("dtype", ["uint8", "int16"])
def test_every_unit_comes_back_from_a_tiff(tmp_path: Path, unit: str, dtype: str):
    export_array(voxels(dtype), tmp_path / "a.tif", SIZE, unit)
    with open_image(tmp_path / "a.tif") as source:
        assert (source.voxel_size, source.unit) == (pytest.approx(SIZE, rel=1e-6), unit)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_other_programs_read_the_files(tmp_path: Path, dtype: str):
    array = voxels(dtype)
    export_array(array, tmp_path / "a.tif", SIZE, "um")
    export_array(array, tmp_path / "a.nii.gz", SIZE, "um")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), array)
    image = nibabel.load(tmp_path / "a.nii.gz")
    assert image.get_data_dtype() == array.dtype
    assert image.header.get_zooms() == pytest.approx((0.0005, 0.00065, 0.0025))
    np.testing.assert_array_equal(np.asarray(image.dataobj), array.T)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_a_zarr_comes_back(tmp_path: Path, dtype: str, shape: tuple):
    array = voxels(dtype, shape)
    export_array(array, tmp_path / "a.zarr", SIZE, "um")
    group = zarr.open_group(tmp_path / "a.zarr", mode="r")
    assert group["0"].dtype == array.dtype
    np.testing.assert_array_equal(group["0"][:], array)
    (image,) = group.attrs["ome"]["multiscales"]
    assert image["datasets"][0]["coordinateTransformations"][0]["scale"] == list(SIZE)
    assert len(image["datasets"]) == len(list(group.array_keys()))


def test_classes_stay_classes_at_every_level_of_a_zarr(tmp_path: Path):
    array = np.where(voxels("uint8", (4, 300, 300)) > 60, np.uint8(250), np.uint8(1))
    export_array(array, tmp_path / "a.zarr", SIZE, "um", CLASSES)
    group = zarr.open_group(tmp_path / "a.zarr", mode="r")
    for name, level in group.arrays():
        assert set(np.unique(level[:])) <= {1, 250}, name
    label = group.attrs["ome"]["image-label"]
    assert label["colors"] == [{"label-value": 1, "rgba": [16, 32, 48, 255]}, {"label-value": 2, "rgba": [255, 255, 255, 255]}]
    assert label["properties"] == [{"label-value": 1, "name": "background"}, {"label-value": 2, "name": "bone"}]


@pytest.mark.parametrize("name", ["a.tif", "a.nii", "a.nii.gz", "a.zarr"])
def test_a_file_that_exists_is_left_alone(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(NameTaken, match=name):
        export_array(voxels("uint8"), tmp_path / name, SIZE, "um")
    assert (tmp_path / name).read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [tmp_path / name]


@pytest.mark.parametrize("name", ["a.png", "a", "a.gz", "none/a.tif"])
def test_refuses_other_endings_and_missing_folders(tmp_path: Path, name: str):
    with pytest.raises(InvalidInput):
        export_array(voxels("uint8"), tmp_path / name, SIZE, "um")
    assert list(tmp_path.iterdir()) == []


class _Failing:
    shape, dtype = (100, 20, 20), np.dtype("uint8")

    def __getitem__(self, region):
        if region[0].start >= 32:
            raise OSError("the disk broke")
        return np.zeros((region[0].stop - region[0].start, 20, 20), np.uint8)


@pytest.mark.parametrize("name", ["a.tif", "a.nii", "a.nii.gz", "a.zarr"])
def test_an_export_that_fails_leaves_nothing(tmp_path: Path, name: str):
    with pytest.raises(OSError, match="the disk broke"):
        export_array(_Failing(), tmp_path / name, SIZE, "um")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.tif", "a.nii", "a.nii.gz", "a.zarr"])
def test_a_full_disk_is_named_and_nothing_is_left(small_disk: Path, name: str):
    noise = np.frombuffer(os.urandom(12 << 20), np.uint8).reshape(12, 1024, 1024)
    with pytest.raises(OSError, match="No space left") as refusal:
        export_array(noise, small_disk / name, SIZE, "um")
    assert isinstance(from_os_error(refusal.value), DiskFull)
    assert list(small_disk.iterdir()) == []


@pytest.mark.parametrize("slab_bytes", [1, 5000, 20_000])
@pytest.mark.parametrize("name", ["a.tif", "a.nii"])
def test_slices_too_wide_for_a_slab_are_written_right(tmp_path: Path, monkeypatch, name: str, slab_bytes: int):
    monkeypatch.setattr(exports, "_SLAB_BYTES", slab_bytes)
    export_array(voxels("uint16"), tmp_path / name, SIZE, "um")
    np.testing.assert_array_equal(read(tmp_path / name), voxels("uint16"))


@pytest.mark.parametrize("name", ["a.tif", "a.nii", "a.zarr"])
def test_progress_grows_to_one(tmp_path: Path, name: str):
    seen: list[float] = []
    export_array(voxels("uint8", (100, 20, 20)), tmp_path / name, SIZE, "um", on_progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
