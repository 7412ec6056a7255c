import numpy as np
import pytest

from tests.infer.conftest import IDS, random_model, voxels
from voxloop_infer import voting
from voxloop_infer.voting import vote


def whole(shape):
    return tuple(slice(0, n) for n in shape)


def regions(shape, size):
    return list(voting.blocks_of(shape, size))


@pytest.mark.parametrize("planes", ["z", "y", "zyx"])
@pytest.mark.parametrize("in_channels", [1, 3])
def test_block_by_block_answers_as_all_at_once(planes, in_channels):
    model, array = random_model(in_channels=in_channels), voxels((40, 90, 110))
    numbers, confidence = vote(model, array.__getitem__, array.shape, whole(array.shape), planes)
    assert set(np.unique(numbers)) == set(IDS)
    for region in regions(array.shape, (16, 64, 64)):
        block = vote(model, array.__getitem__, array.shape, region, planes)
        assert (block[0] != numbers[region]).mean() < 0.001
        assert np.abs(block[1].astype(int) - confidence[region]).max() <= 2


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_a_tile_sees_all_that_its_answer_depends_on(depth):
    model = random_model(architecture={"classes": 3, "width": 4, "depth": depth})
    array = voxels((1, 280, 290))
    numbers, _ = vote(model, array.__getitem__, array.shape, whole(array.shape), "z")
    for region in regions(array.shape, (1, 70, 90)):
        assert (vote(model, array.__getitem__, array.shape, region, "z")[0] != numbers[region]).mean() < 0.001


def test_small_pieces_answer_as_large_ones(monkeypatch):
    model, array = random_model(), voxels((40, 70, 70))
    large = vote(model, array.__getitem__, array.shape, whole(array.shape), "zyx")
    monkeypatch.setattr(voting, "_VOTE_BYTES", 4 * 3 * 32**3)
    small = vote(model, array.__getitem__, array.shape, whole(array.shape), "zyx")
    assert (large[0] != small[0]).mean() < 0.001


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 3, 200), (5, 7, 11), (2, 33, 65)])
@pytest.mark.parametrize("planes", ["z", "zyx"])
def test_answers_for_every_voxel_of_odd_shapes(shape, planes):
    model = random_model(in_channels=3)
    array = voxels(shape)
    numbers, confidence = vote(model, array.__getitem__, shape, whole(shape), planes)
    assert numbers.shape == confidence.shape == shape
    assert set(np.unique(numbers)) <= set(IDS)
    assert confidence.min() >= 255 // 3  # the likeliest of three


def test_nan_and_infinity_get_an_answer():
    array = voxels((2, 40, 40), "float32")
    array[0, 5], array[1, 7, 7] = np.nan, np.inf
    _, confidence = vote(random_model(), array.__getitem__, array.shape, whole(array.shape), "z")
    assert confidence.min() >= 255 // 3


def test_three_planes_average_the_probabilities_of_each():
    model, array = random_model(), voxels((24, 40, 32))
    expected = np.zeros((3, *array.shape))
    for axis in "zyx":
        parts = voting.slice_probabilities(model, array.__getitem__, array.shape, whole(array.shape), axis)
        stacked = np.concatenate([probability.numpy() for _, probability in parts])  # (slice, class, row, column)
        expected += np.moveaxis(np.moveaxis(stacked, 1, 0), 1, 1 + "zyx".index(axis)) / 3
    numbers, confidence = vote(model, array.__getitem__, array.shape, whole(array.shape), "zyx")
    assert (numbers != np.array(IDS)[expected.argmax(axis=0)]).mean() < 0.001
    assert np.abs(confidence - expected.max(axis=0) * 255).max() < 1


def test_never_reads_far_beyond_a_block():
    array = voxels((40, 300, 300))
    seen = []

    def read(region):
        seen.append([part.stop - part.start for part in region])
        return array[region]

    vote(random_model(in_channels=3), read, array.shape, (slice(0, 8), slice(100, 164), slice(100, 164)), "z")
    assert np.max(seen, axis=0).tolist() == [9, 112, 112]  # at z = 0 one context slice is a mirror image
