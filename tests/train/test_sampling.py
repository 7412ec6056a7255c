import numpy as np
import pytest
import torch
import zarr

from voxloop_shared.data.chunks import CachedArray, ChunkCache
from voxloop_shared.schemas import Normalisation
from voxloop_train.crops import CropSource, Place, PlaneLabels
from voxloop_train.holdout import hold_out
from voxloop_train.losses import IGNORED
from voxloop_train.points import LabelPoints
from voxloop_train.sampling import Sampler
from voxloop_train.validation import Validator

CLASSES = [3, 7]


def source_of(array, size, context=0):
    stored = zarr.create_array(zarr.storage.MemoryStore(), data=array, chunks=tuple(min(16, n) for n in array.shape))
    return CropSource(CachedArray(stored, ChunkCache(1 << 20), "a"), Normalisation(center=0, scale=1), context, size)


def points_of(shape, marks):
    image = np.zeros(shape, np.uint8)
    for place, number in marks:
        image[place] = number
    position = np.flatnonzero(image)
    return LabelPoints(shape, position, image.ravel()[position])


@pytest.mark.parametrize("shape", [(1, 9, 11), (7, 40, 13), (3, 100, 90)])
@pytest.mark.parametrize("planes", ["z", "zyx"])
def test_crops_carry_each_label_on_its_own_voxel(shape, planes):
    array = (np.arange(np.prod(shape)).reshape(shape) % 7).astype(np.uint8)
    points = points_of(shape, [((0, 3, slice(2, 8)), 3), ((shape[0] - 1, 6, slice(0, 5)), 7)])
    sampler = Sampler(hold_out(points, 0, 0), CLASSES, source_of(array, 32), planes, seed=0)
    images, targets, _ = sampler.batch(24)
    assert images.shape == (24, 1, 32, 32)
    labelled = targets != IGNORED
    assert labelled.flatten(1).any(dim=1).all()
    own = array.ravel()[points.position]
    for number, channel in ((3, 0), (7, 1)):
        assert set(images[:, 0][targets == channel].tolist()) <= set(own[points.number == number].tolist())


def test_draws_both_classes_alike_however_rare_one_is():
    points = points_of((4, 300, 300), [((0, slice(0, 200), slice(0, 200)), 3), ((3, 290, 290), 7)])
    sampler = Sampler(hold_out(points, 0, 0), CLASSES, source_of(np.zeros((4, 300, 300), np.uint8), 32), "z", seed=0)
    _, targets, _ = sampler.batch(100)
    assert 30 < (targets == 1).flatten(1).any(dim=1).sum() < 70


def test_the_same_seed_draws_the_same_crops():
    points = points_of((4, 64, 64), [((0, 5, slice(0, 60)), 3), ((3, 40, slice(0, 60)), 7)])
    array = np.random.default_rng(0).integers(0, 99, (4, 64, 64)).astype(np.uint8)
    first, again = (Sampler(hold_out(points, 0, 0), CLASSES, source_of(array, 32, 1), "z", seed=5).batch(8) for _ in range(2))
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])


def test_context_slices_lie_around_the_slice_and_repeat_at_the_ends():
    array = np.arange(4, dtype=np.uint8)[:, None, None] * np.ones((4, 32, 32), np.uint8)
    image = source_of(array, 32, context=2).image(Place("z", 0, 0, 0))
    assert image[:, 0, 0].tolist() == [0, 0, 0, 1, 2]


def test_validation_judges_each_held_out_voxel_once():
    points = points_of((3, 70, 50), [((1, slice(0, 70), slice(0, 50)), 3), ((2, 69, slice(0, 50)), 7)])
    validator = Validator(points, CLASSES, source_of(np.zeros((3, 70, 50), np.uint8), 32), "z", seed=0)
    assert validator.voxels == len(points)


def test_labels_of_other_slices_stay_out_of_a_crop():
    points = points_of((3, 40, 40), [((0, 5, 5), 3), ((1, 6, 6), 7)])
    target = PlaneLabels(points, CLASSES, "z").target(Place("z", 1, 0, 0), 32)
    assert np.argwhere(target != IGNORED).tolist() == [[6, 6]]
