"""How much of each class there is, and one class as an array."""

import csv
import io
from datetime import UTC, datetime

import numpy as np
import pytest

from voxloop_shared.data.classmasks import ClassMask, find_class
from voxloop_shared.data.exports import export_array
from voxloop_shared.data.images import open_image
from voxloop_shared.data.statistics import amounts_csv, count_classes, measure_classes
from voxloop_shared.errors import UnknownClass
from voxloop_shared.schemas import Intensity, LabelClass, VolumeInfo

CLASSES = [LabelClass(id=n, name=name, color="#102030") for n, name in ((1, "air"), (2, "bone, dense"), (7, "2"))]
NUMBERS = np.random.default_rng(0).choice(np.array([0, 1, 2], np.uint8), (33, 40, 50), p=[0.1, 0.6, 0.3])


def volume_of(unit: str, voxel_size=(2.0, 0.5, 0.5)) -> VolumeInfo:
    return VolumeInfo(
        id="rock", name="rock", shape=NUMBERS.shape, dtype="uint8", voxel_size=voxel_size, unit=unit, levels=[], digest="d", source="",
        intensity=Intensity(min=0, max=1, mean=0, std=1, percentiles={}), created=datetime.now(UTC),
    )  # fmt: skip


def test_counts_every_voxel():
    seen: list[float] = []
    counts = count_classes(NUMBERS, seen.append)
    assert counts == {n: int((n == NUMBERS).sum()) for n in (0, 1, 2)}
    assert seen[-1] == 1.0


@pytest.mark.parametrize(("unit", "ml"), [("nm", 0.5e-21), ("um", 0.5e-12), ("mm", 0.5e-3), ("m", 0.5e6)])
def test_amounts_are_in_physical_units(unit: str, ml: float):
    """A voxel of 2 × 0.5 × 0.5 is 0.5 of the unit cubed."""
    found = measure_classes(count_classes(NUMBERS), CLASSES, volume_of(unit), "p1")
    assert [entry.name for entry in found.classes] == ["air", "bone, dense", "2", "unlabelled"]
    assert (found.unit, found.voxels) == (f"{unit}3", NUMBERS.size)
    assert sum(entry.fraction for entry in found.classes) == pytest.approx(1)
    bone = found.classes[1]
    assert (bone.space, bone.ml) == (bone.voxels * 0.5, pytest.approx(bone.voxels * ml))
    assert (found.classes[2].voxels, found.classes[2].fraction) == (0, 0.0)


def test_without_a_physical_unit_space_is_voxels():
    found = measure_classes(count_classes(NUMBERS), CLASSES, volume_of("voxel"), "p1")
    assert found.unit == "voxels"
    assert [(entry.space, entry.ml) for entry in found.classes] == [(entry.voxels, None) for entry in found.classes]
    assert amounts_csv(found).splitlines()[0] == "id,class,voxels,fraction"


def test_a_csv_comes_back():
    found = measure_classes(count_classes(NUMBERS), CLASSES, volume_of("um"), "p1")
    rows = list(csv.DictReader(io.StringIO(amounts_csv(found))))
    assert [row["class"] for row in rows] == ["air", "bone, dense", "2", "unlabelled"]
    assert float(rows[1]["volume_um3"]) == pytest.approx(found.classes[1].space)
    assert float(rows[1]["volume_ml"]) == pytest.approx(found.classes[1].ml)
    assert int(rows[0]["voxels"]) == (NUMBERS == 1).sum()


@pytest.mark.parametrize("name", ["a.tif", "a.nii.gz"])
def test_a_mask_is_one_class(tmp_path, name: str):
    export_array(ClassMask(NUMBERS, 2), tmp_path / name, (1, 1, 1), "um")
    with open_image(tmp_path / name) as source:
        found = source.read(slice(0, 33), slice(0, 40))
    np.testing.assert_array_equal(found, NUMBERS == 2)
    assert found.dtype == np.uint8


def test_a_class_is_found_by_id_before_name():
    assert find_class(CLASSES, "2").name == "bone, dense"
    assert find_class(CLASSES, "air").id == 1
    with pytest.raises(UnknownClass, match="there are 1 air"):
        find_class(CLASSES, "9")
