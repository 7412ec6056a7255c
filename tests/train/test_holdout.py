import numpy as np
import pytest
from scipy import ndimage

from voxloop_train.holdout import beside, held_out_digest, hold_out, strokes_of
from voxloop_train.points import LabelPoints


def points_of(image, accepted=None):
    position = np.flatnonzero(image)
    return LabelPoints(image.shape, position, image.ravel()[position], accepted=None if accepted is None else accepted.ravel()[position])


def image_of(points):
    image = np.zeros(points.shape, np.uint8)
    image[tuple(points.coordinates())] = points.number
    return image


@pytest.fixture
def strokes():
    """Separate strokes of three classes on two slices, two of which touch."""
    image = np.zeros((20, 64, 64), np.uint8)
    for z in (4, 12):
        for row, number in zip(range(2, 60, 6), (1, 2, 3, 1, 2, 1, 1, 3, 2, 1), strict=True):
            image[z, row : row + 2, 5 : 20 + row // 2] = number
    image[4, 4:6, 5:10] = 3
    return image


def test_strokes_are_the_connected_components(strokes):
    expected, count = ndimage.label(strokes, np.ones((3, 3, 3)))
    found = strokes_of(points_of(strokes))
    assert len(set(found)) == count
    assert len(set(zip(found, expected[strokes > 0], strict=True))) == count


def test_what_judged_a_model_has_a_name_that_changes_with_places_and_classes(strokes):
    def name_of(image, seed=0):
        held = hold_out(points_of(image), 0.2, seed).held
        return held_out_digest(held.coordinates(), held.number)

    named = {name_of(strokes), name_of(strokes, seed=1), name_of(np.roll(strokes, 1, axis=0)), name_of(np.where(strokes == 3, 4, strokes))}
    assert len(named) == 4
    assert name_of(strokes.copy()) in named
    assert held_out_digest(np.zeros((3, 0), np.int32), np.zeros(0, np.uint8)) is None


@pytest.mark.parametrize("seed", range(5))
def test_no_held_out_voxel_touches_a_training_voxel(strokes, seed):
    split = hold_out(points_of(strokes), 0.2, seed)
    near_training = ndimage.binary_dilation(image_of(split.train) > 0, np.ones((3, 3, 3)))
    assert not (near_training & (image_of(split.held) > 0)).any()
    assert len(split.train) + len(split.held) == np.count_nonzero(strokes)


@pytest.mark.parametrize("seed", range(5))
def test_every_class_is_on_both_sides_and_about_a_fifth_is_held_out(strokes, seed):
    split = hold_out(points_of(strokes), 0.2, seed)
    assert split.train.classes().tolist() == split.held.classes().tolist() == [1, 2, 3]
    assert 0.1 < len(split.held) / np.count_nonzero(strokes) < 0.35


def test_dense_labels_give_a_slab_with_a_gap():
    image = np.random.default_rng(0).integers(1, 4, (60, 20, 20)).astype(np.uint8)
    split = hold_out(points_of(image), 0.2, 0)
    held, train = (np.unique(part.coordinates()[0]) for part in (split.held, split.train))
    assert np.array_equal(held, np.arange(held[0], held[-1] + 1))
    assert 10 <= len(held) <= 14
    assert np.abs(held[:, None] - train[None]).min() > 2
    assert "slab" in split.note


def test_a_single_dense_slice_gives_a_slab_of_rows_or_columns():
    image = np.zeros((5, 40, 100), np.uint8)
    image[2] = np.random.default_rng(0).integers(1, 3, (40, 100))
    split = hold_out(points_of(image), 0.2, 0)
    assert split.held.classes().tolist() == split.train.classes().tolist() == [1, 2]


def test_one_stroke_per_class_holds_nothing_out_and_says_so():
    image = np.zeros((1, 30, 30), np.uint8)
    image[0, 5, 3:9], image[0, 20, 3:9] = 1, 2
    split = hold_out(points_of(image), 0.2, 0)
    assert len(split.held) == 0
    assert len(split.train) == 12
    assert "nothing held out" in split.note


def test_a_class_with_one_stroke_stays_in_training_while_the_others_are_judged():
    image = np.zeros((1, 60, 30), np.uint8)
    for row, number in zip(range(2, 58, 8), (1, 2, 1, 2, 1, 2, 3), strict=True):
        image[0, row, 3:20] = number
    split = hold_out(points_of(image), 0.2, 0)
    assert split.train.classes().tolist() == [1, 2, 3]
    assert split.held.classes().tolist() == [1, 2]


@pytest.fixture
def accepted(strokes):
    """The strokes, and a prediction accepted on all other voxels of their slices and one more; and where that is."""
    image = strokes.copy()
    for z in (4, 12, 16):
        image[z][image[z] == 0] = 1 + np.indices((64, 64))[0][image[z] == 0] // 6 % 3
    return image, (image > 0) & (strokes == 0)


@pytest.mark.parametrize("seed", range(3))
def test_accepted_voxels_are_never_judged_on_nor_learned_from_beside_what_is(strokes, accepted, seed):
    image, is_accepted = accepted
    split = hold_out(points_of(image, is_accepted), 0.2, seed)
    held = image_of(split.held)
    assert np.array_equal(held, np.where(held, strokes, 0))
    assert split.held.classes().tolist() == split.train.classes().tolist() == [1, 2, 3]
    train = image_of(split.train)
    learned = (train > 0) & is_accepted
    assert not (ndimage.maximum_filter(held > 0, 17) & learned).any()
    far = ~ndimage.maximum_filter(held > 0, 33)
    assert learned[far & is_accepted].all()
    assert learned.any()
    assert np.array_equal(train[~is_accepted] + held[~is_accepted], strokes[~is_accepted])
    assert "none of them accepted" in split.note


def test_strokes_by_hand_stay_apart_from_what_was_accepted_around_them(strokes, accepted):
    image, is_accepted = accepted
    stroke = strokes_of(points_of(image, is_accepted))
    by_hand = ~is_accepted.ravel()[np.flatnonzero(image)]
    assert len(set(stroke[by_hand])) == len(set(strokes_of(points_of(strokes))))
    assert not set(stroke[by_hand]) & set(stroke[~by_hand])


@pytest.mark.parametrize("seed", range(3))
def test_strokes_that_the_parent_has_learned_from_do_not_judge_its_child(strokes, seed):
    points = points_of(strokes)
    learned = np.flatnonzero(np.where(np.indices(strokes.shape)[0] == 4, strokes, 0))
    split = hold_out(points, 0.2, seed, learned)
    assert set(split.held.coordinates()[0].tolist()) == {12}
    assert split.held.classes().tolist() == [1, 2, 3]
    assert split.note == "whole strokes held out, all painted since the parent"


def test_where_nothing_is_new_the_note_says_so(strokes):
    points = points_of(strokes)
    split, plain = hold_out(points, 0.2, 0, points.position), hold_out(points, 0.2, 0)
    assert np.array_equal(split.held.position, plain.held.position)
    assert split.note == f"{plain.note}, though the parent may have learned from them"
    assert plain.note == "whole strokes held out"


def test_where_all_was_accepted_nothing_is_held_out(strokes):
    split = hold_out(points_of(strokes, strokes > 0), 0.2, 0)
    assert (len(split.held), len(split.train)) == (0, np.count_nonzero(strokes))
    assert "nothing held out" in split.note


def test_a_slab_of_dense_labels_holds_only_what_was_painted():
    image = np.random.default_rng(0).integers(1, 4, (60, 20, 20)).astype(np.uint8)
    is_accepted = np.broadcast_to(np.indices(image.shape)[2] < 10, image.shape)
    split = hold_out(points_of(image, is_accepted), 0.2, 0)
    held = image_of(split.held) > 0
    assert held.any()
    assert not (held & is_accepted).any()
    planes = np.flatnonzero(held.any(axis=(1, 2)))
    assert not image_of(split.train)[planes[0] - 2 : planes[-1] + 3].any()


def test_beside_is_within_eight_voxels_and_no_further_than_sixteen():
    place = np.stack([np.arange(0, 60), np.full(60, 30), np.full(60, 5)])
    near = beside(place, place[0] == 30)
    assert near[22:39].all()
    assert not near[:15].any()
    assert not near[46:].any()
