"""Chains on arrays and on disk: what each step does, and that cutting into blocks changes nothing."""

from datetime import UTC, datetime

import numpy as np
import pytest
import zarr
from scipy import ndimage

from voxloop_infer.postprocessing import masking
from voxloop_infer.postprocessing.components import UNCUT
from voxloop_infer.postprocessing.masking import process_block, process_volume
from voxloop_infer.postprocessing.plan import plan_chain
from voxloop_shared.chain import Chain, preset
from voxloop_shared.errors import InvalidInput, UnknownClass
from voxloop_shared.schemas import Intensity, LabelClass, VolumeInfo

CLASSES = [LabelClass(id=n, name=f"class {n}", color="#112233") for n in (1, 2, 5)]
SHAPE = (21, 45, 50)


def volume_of(shape=SHAPE, voxel_size=(1.0, 1.0, 1.0), unit="mm") -> VolumeInfo:
    return VolumeInfo(
        id="rock", name="rock", shape=shape, dtype="float32", voxel_size=voxel_size, unit=unit, levels=[], digest="d", source="",
        intensity=Intensity(min=0, max=1, mean=0, std=1, percentiles={}), created=datetime.now(UTC),
    )  # fmt: skip


def blobs(shape=SHAPE, seed=0) -> np.ndarray:
    """Classes 1, 2 and 5 in blobs of all sizes, with specks."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.normal(size=shape), 2)
    found = np.digitize(smooth, np.quantile(smooth, [0.5, 0.8]))
    specks = rng.random(shape) < 0.03
    found[specks] = rng.integers(0, 3, specks.sum())
    return np.array([1, 2, 5], np.uint8)[found]


def image_of(shape=SHAPE) -> np.ndarray:
    return np.random.default_rng(5).normal(60, 80, shape).astype("float32")


def run(chain: Chain, numbers: np.ndarray, image: np.ndarray | None = None, volume: VolumeInfo | None = None) -> np.ndarray:
    volume = volume or volume_of(numbers.shape)
    return process_block(plan_chain(chain, CLASSES, volume), numbers, image, volume, UNCUT)


def run_in_blocks(chain: Chain, numbers: np.ndarray, image: np.ndarray, monkeypatch, block, volume=None) -> np.ndarray:
    monkeypatch.setattr(masking, "BLOCK", block)
    volume = volume or volume_of(numbers.shape)
    root = zarr.create_group(zarr.storage.MemoryStore())
    target = root.create_array("target", shape=numbers.shape, chunks=(4, 16, 16), dtype="uint8")
    visits: list[tuple[int, int]] = []
    plan = plan_chain(chain, CLASSES, volume)
    scratch = root.create_group("scratch")
    process_volume(plan, lambda r: numbers[r], lambda r: image[r], target, scratch, volume, lambda n, of: visits.append((n, of)))
    assert [n for n, _ in visits] == list(range(visits[0][1]))
    assert list(scratch) == []
    return np.asarray(target[:])


def of(*steps: dict, **options) -> Chain:
    return Chain.model_validate({"steps": steps} | options)


STEPS = {
    "range": {"kind": "range", "low": 0, "high": 100},
    "closing 2D": {"kind": "closing", "size": 5},
    "closing 3D": {"kind": "closing", "size": 3, "extent": "volume"},
    "opening": {"kind": "opening", "size": 3, "extent": "volume"},
    "dilation": {"kind": "dilation", "size": 5, "extent": "volume"},
    "erosion": {"kind": "erosion", "size": 3},
    "majority": {"kind": "majority", "size": 5, "extent": "volume"},
    "gaussian": {"kind": "gaussian", "sigma": 1.5, "extent": "volume"},
    "remove small 3D": {"kind": "remove_small", "minimum": 30},
    "remove small 2D": {"kind": "remove_small", "minimum": 12, "extent": "slice"},
    "fill holes 3D": {"kind": "fill_holes", "extent": "volume"},
    "fill holes 2D": {"kind": "fill_holes", "maximum": 20, "extent": "slice"},
    "keep largest 3D": {"kind": "keep_largest", "count": 3},
    "keep largest 2D": {"kind": "keep_largest", "count": 2, "extent": "slice"},
}


@pytest.mark.parametrize("block", [(8, 16, 16), (21, 7, 50), (1, 45, 50)], ids=str)
@pytest.mark.parametrize("name", STEPS)
def test_every_step_gives_the_same_voxels_in_blocks(monkeypatch, name: str, block):
    numbers, image = blobs(), image_of()
    chain = of(STEPS[name])
    whole = run(chain, numbers, image)
    assert (whole != numbers).any(), "the step changes something here"
    np.testing.assert_array_equal(run_in_blocks(chain, numbers, image, monkeypatch, block), whole)


@pytest.mark.parametrize("block", [(8, 16, 16), (5, 45, 11)], ids=str)
def test_a_long_chain_gives_the_same_voxels_in_blocks(monkeypatch, block):
    numbers, image = blobs(seed=3), image_of()
    steps = [
        {"kind": "closing", "size": 3, "classes": [2, 5]},
        {"kind": "remove_small", "minimum": 40, "classes": [5]},
        {"kind": "gaussian", "sigma": 1, "extent": "volume"},
        {"kind": "fill_holes", "extent": "volume", "classes": [2]},
        {"kind": "range", "low": -40},
        {"kind": "keep_largest", "count": 4, "extent": "slice"},
    ]
    chain = of(*steps, fallback=1, priority=[5, 2])
    np.testing.assert_array_equal(run_in_blocks(chain, numbers, image, monkeypatch, block), run(chain, numbers, image))


def test_components_that_wind_through_many_blocks_are_one(monkeypatch):
    """A spiral of one voxel's width, cut into small blocks, next to specks of nearly its size."""
    numbers = np.ones((6, 40, 40), np.uint8)
    numbers[3, ::4, :] = 2
    for row in range(0, 36, 4):
        numbers[3, row : row + 4, -1 if row % 8 == 0 else 0] = 2
    length = int((numbers == 2).sum())
    numbers[0, 0, :36] = numbers[5, 39, :36] = 2
    assert ndimage.label(numbers == 2)[1] == 3
    found = run_in_blocks(of({"kind": "remove_small", "minimum": length}), numbers, image_of(numbers.shape), monkeypatch, (2, 8, 8))
    assert (found == 2).sum() == length
    assert (found[3] == 2).sum() == length
    kept = run_in_blocks(of({"kind": "keep_largest"}), numbers, image_of(numbers.shape), monkeypatch, (2, 8, 8))
    np.testing.assert_array_equal(kept, found)


def test_removal_agrees_with_scipy_on_the_whole_volume():
    numbers = blobs()
    found = run(of({"kind": "remove_small", "minimum": 50, "classes": [5]}), numbers)
    labels, _ = ndimage.label(numbers == 5)
    sizes = np.bincount(labels.ravel())
    small = (labels > 0) & (sizes[labels] < 50)
    np.testing.assert_array_equal(found, np.where(small, 1, numbers))


def test_holes_agree_with_scipy():
    numbers = blobs()
    found = run(of({"kind": "fill_holes", "extent": "volume", "classes": [2]}, priority=[2]), numbers)
    np.testing.assert_array_equal(found == 2, ndimage.binary_fill_holes(numbers == 2))
    found = run(of({"kind": "fill_holes", "extent": "slice", "classes": [2]}, priority=[2]), numbers)
    np.testing.assert_array_equal(found == 2, np.stack([ndimage.binary_fill_holes(plane) for plane in numbers == 2]))


def test_closing_at_the_end_of_the_volume_eats_nothing():
    numbers = np.full((3, 9, 9), 2, np.uint8)
    numbers[:, 4, 4] = 1
    found = run(of({"kind": "closing", "size": 3, "extent": "volume"}), numbers)
    assert (found == 2).all()
    assert (run(of({"kind": "erosion", "size": 3, "extent": "volume"}), np.full((3, 9, 9), 2, np.uint8)) == 2).all()


def test_a_range_keeps_its_ends_and_drops_nan():
    numbers = np.full((1, 1, 5), 2, np.uint8)
    image = np.array([-29, -29.5, 150, 151, np.nan], np.float32).reshape(1, 1, 5)
    assert run(of({"kind": "range", "low": -29, "high": 150}), numbers, image).ravel().tolist() == [2, 1, 2, 1, 1]


def test_removed_voxels_become_what_the_chain_says():
    numbers = np.array([1, 2, 1, 5, 5], np.uint8).reshape(1, 1, 5)
    small = {"kind": "remove_small", "minimum": 2}
    assert run(of(small), numbers).ravel().tolist() == [1, 1, 1, 5, 5]
    assert run(of(small, fallback=5), numbers).ravel().tolist() == [5, 5, 5, 5, 5]
    assert run(of(small, fallback=0), numbers).ravel().tolist() == [0, 0, 0, 5, 5]


def test_where_classes_overlap_the_one_of_higher_priority_wins():
    numbers = np.array([2, 1, 5, 1, 1], np.uint8).reshape(1, 1, 5)
    grow = {"kind": "dilation", "size": 3}
    assert run(of(grow), numbers).ravel().tolist() == [2, 2, 5, 5, 1]
    assert run(of(grow, priority=[5]), numbers).ravel().tolist() == [2, 5, 5, 5, 1]
    assert run(of(grow | {"classes": [2]}, priority=[5, 1]), numbers).ravel().tolist() == [2, 1, 5, 1, 1]


def test_unlabelled_and_unknown_values_are_left_alone():
    numbers = np.array([0, 2, 0], np.uint8).reshape(1, 1, 3)
    assert run(of({"kind": "erosion", "size": 3}), np.array([0, 9, 0], np.uint8).reshape(1, 1, 3)).ravel().tolist() == [0, 9, 0]
    assert run(of({"kind": "remove_small", "minimum": 2}), numbers).ravel().tolist() == [0, 1, 0]


@pytest.mark.parametrize(("unit", "size"), [("mm", (2.0, 5.0, 5.0)), ("um", (2000, 5000, 5000)), ("m", (0.002, 0.005, 0.005))])
def test_sizes_in_ml_use_the_voxel_size(unit: str, size):
    """A voxel of 2 × 5 × 5 mm is 0.05 ml: ten of them in a slice are 0.5 ml."""
    numbers = np.ones((2, 3, 12), np.uint8)
    numbers[0, 1, :10] = numbers[1, 1, :9] = 2
    step = {"kind": "remove_small", "minimum": 0.5, "unit": "ml", "extent": "slice"}
    found = run(of(step), numbers, volume=volume_of(numbers.shape, size, unit))
    assert [(found[z] == 2).sum() for z in range(2)] == [10, 0]


def test_sarcopenia_is_its_steps_by_hand():
    """The preset against the same operations of scipy, class by class; 1 mm voxels: 0.5 ml are 500 voxels."""
    rng = np.random.default_rng(2)
    shape = (8, 120, 120)
    smooth = ndimage.gaussian_filter(rng.normal(size=shape), (1, 12, 12))
    numbers = np.array([1, 2, 5], np.uint8)[np.digitize(smooth, np.quantile(smooth, [0.4, 0.75]))]
    image = ndimage.gaussian_filter(rng.normal(size=shape), 1).astype("float32") * 600 + 60
    expected = np.ones(shape, np.uint8)
    for number in (5, 2):  # in the end class 2 wins
        is_muscle = (image >= -29) & (image <= 150)
        mask = (numbers == number) & is_muscle
        for z, plane in enumerate(mask):
            closed = ndimage.binary_closing(np.pad(plane, 2, mode="edge"), np.ones((3, 3)))[2:-2, 2:-2]
            labels, _ = ndimage.label(closed)
            mask[z] = (np.bincount(labels.ravel()) >= 500)[labels] & closed
        mask = ndimage.binary_dilation(mask, np.ones((3, 3, 3))) & is_muscle
        expected[mask] = number
    found = run(preset("sarcopenia"), numbers, image)
    assert {1, 2, 5} == set(np.unique(found))
    np.testing.assert_array_equal(found[:, 3:-3, 3:-3], expected[:, 3:-3, 3:-3])


@pytest.mark.parametrize("unit", ["ml", "mm3"])
def test_a_volume_without_a_physical_unit_has_no_ml(unit: str):
    chain = of({"kind": "remove_small", "minimum": 0.5, "unit": unit})
    with pytest.raises(InvalidInput, match="size in voxels"):
        plan_chain(chain, CLASSES, volume_of(unit="voxel"))


@pytest.mark.parametrize(
    "chain",
    [
        of({"kind": "closing", "classes": [3]}),
        of({"kind": "closing"}, fallback=9),
        of({"kind": "closing"}, priority=[7]),
    ],
)
def test_an_unknown_class_is_named(chain: Chain):
    with pytest.raises(UnknownClass, match=r"no class [379]: it has 1, 2, 5"):
        plan_chain(chain, CLASSES, volume_of())


def test_a_chain_that_changes_nothing_is_refused():
    with pytest.raises(InvalidInput, match="changes no class"):
        plan_chain(of({"kind": "closing", "classes": []}), CLASSES, volume_of())
    with pytest.raises(InvalidInput, match="each once"):
        plan_chain(of({"kind": "closing"}, priority=[2, 2]), CLASSES, volume_of())


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"kind": "closing", "size": 4}, "no middle voxel: use 3 or 5"),
        ({"kind": "closing", "size": 33}, "less than or equal to 31"),
        ({"kind": "range"}, "low"),
        ({"kind": "range", "low": 5, "high": 4}, "is empty"),
        ({"kind": "remove_small", "minimum": 0}, "greater than 0"),
        ({"kind": "remove_small", "unit": "litres"}, "'voxels', 'mm3' or 'ml'"),
        ({"kind": "sharpen"}, "sharpen"),
        ({"kind": "gaussian", "sigma": 100}, "less than or equal to 10"),
        ({"kind": "closing", "sise": 3}, "sise"),
    ],
)
def test_a_step_that_cannot_be_is_refused(step: dict, said: str):
    with pytest.raises(ValueError, match=said):
        of(step)


def test_an_empty_chain_is_refused():
    with pytest.raises(ValueError, match="at least 1 item"):
        of()
