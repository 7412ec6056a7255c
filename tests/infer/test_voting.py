import numpy as np
import pytest

from tests.infer.conftest import IDS, random_model, voxels
from voxloop_infer import voting
from voxloop_infer.reading import Held, Image
from voxloop_infer.slices import slice_opinions
from voxloop_infer.voting import halo_of, vote
from voxloop_shared.data.blocks import grown


def whole(shape):
    return tuple(slice(0, n) for n in shape)


def look(models, array, region=None, planes="z", **options):
    models = models if isinstance(models, list) else [models]
    return vote(models, Image(array.__getitem__, array.shape), region or whole(array.shape), planes, **options)


def regions(shape, size):
    return list(voting.blocks_of(shape, size))


@pytest.mark.parametrize("planes", ["z", "y", "zyx", "nine"])
@pytest.mark.parametrize("in_channels", [1, 3])
def test_block_by_block_answers_as_all_at_once(planes, in_channels):
    model, array = random_model(in_channels=in_channels), voxels((40, 90, 110))
    numbers, confidence, _ = look(model, array, None, planes)
    assert set(np.unique(numbers)) == set(IDS)
    few = slice(0, None, 5 if planes == "nine" else 1)
    for region in regions(array.shape, (16, 64, 64))[few]:
        block = look(model, array, region, planes)
        assert (block[0] != numbers[region]).mean() < 0.001
        assert np.abs(block[1].astype(int) - confidence[region]).max() <= 2


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_a_tile_sees_all_that_its_answer_depends_on(depth):
    model = random_model(architecture={"classes": 3, "width": 4, "depth": depth})
    array = voxels((1, 280, 290))
    numbers, *_ = look(model, array)
    for region in regions(array.shape, (1, 70, 90)):
        assert (look(model, array, region)[0] != numbers[region]).mean() < 0.001


def test_small_pieces_answer_as_large_ones(monkeypatch):
    model, array = random_model(), voxels((40, 70, 70))
    large = look(model, array, None, "zyx")
    monkeypatch.setattr(voting, "_VOTE_BYTES", 2 * 4 * 32**3)
    small = look(model, array, None, "zyx")
    assert (large[0] != small[0]).mean() < 0.001


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 3, 200), (5, 7, 11), (2, 33, 65)])
@pytest.mark.parametrize("planes", ["z", "zyx", "nine"])
def test_answers_for_every_voxel_of_odd_shapes(shape, planes):
    model = random_model(in_channels=3)
    array = voxels(shape)
    numbers, confidence, _ = look(model, array, None, planes)
    assert numbers.shape == confidence.shape == shape
    assert set(np.unique(numbers)) <= set(IDS)
    assert confidence.min() >= 255 // 3  # the likeliest of three


def test_nan_and_infinity_get_an_answer():
    array = voxels((2, 40, 40), "float32")
    array[0, 5], array[1, 7, 7] = np.nan, np.inf
    _, confidence, _ = look(random_model(), array)
    assert confidence.min() >= 255 // 3


def test_three_planes_average_the_probabilities_of_each():
    model, array = random_model(), voxels((24, 40, 32))
    expected = np.zeros((3, *array.shape))
    for axis in "zyx":
        parts = slice_opinions(model, Image(array.__getitem__, array.shape), whole(array.shape), axis)
        stacked = np.concatenate([probability.numpy() for _, probability in parts], axis=1)  # (class, slice, row, column)
        expected += np.moveaxis(stacked, 1, 1 + "zyx".index(axis)) / 3
    numbers, confidence, _ = look(model, array, None, "zyx")
    assert (numbers != np.array(IDS)[expected.argmax(axis=0)]).mean() < 0.001
    assert np.abs(confidence - expected.max(axis=0) * 255).max() < 1.5


@pytest.mark.parametrize("planes", ["z", "zyx", "nine"])
@pytest.mark.parametrize("in_channels", [1, 3])
def test_reads_nothing_beyond_the_halo_that_is_read_ahead(planes, in_channels):
    model, array = random_model(in_channels=in_channels), voxels((90, 150, 160))

    def refuse(region):
        raise AssertionError(f"{region} is not held")

    for region in (np.s_[40:48, 70:86, 60:76], np.s_[0:8, 134:150, 0:16]):
        wide = grown(region, halo_of([model], planes), array.shape)
        held = Held(wide, array[wide], refuse)
        answer = vote([model], Image(held.read, array.shape), region, planes)
        assert np.array_equal(answer.numbers, look(model, array, region, planes).numbers)


def test_seen_along_z_a_block_is_read_with_one_halo():
    model = random_model(in_channels=3)
    assert halo_of([model], "z")[0] == 1
    reach = model.architecture.reach + model.architecture.stride
    assert halo_of([model], "z")[1:] == (reach, reach)


def test_a_check_ends_it_between_the_steps():
    seen = []

    class Enough(Exception):
        pass

    def check():
        seen.append(1)
        if len(seen) == 3:
            raise Enough

    array = voxels((20, 40, 40))
    with pytest.raises(Enough):
        vote([random_model()], Image(array.__getitem__, array.shape, check), whole(array.shape), "z")
