"""Choosing places: what each acquisition function prefers, and what all of them keep to."""

import numpy as np
import pytest

from voxloop_infer.review.acquisition import FUNCTIONS
from voxloop_infer.review.candidates import Candidates, entropy_bound, survey
from voxloop_infer.review.orders import default_axes, default_side
from voxloop_infer.review.planes import Plane, choose_slices
from voxloop_infer.review.proposing import Wish, propose
from voxloop_infer.review.reasons import doubt_of
from voxloop_shared.review import ACQUISITIONS
from voxloop_shared.schemas import LabelClass

SIDE = 16
EXTENT = (80, 96)
UNSURE = (slice(32, 48), slice(40, 56))
RARE = (slice(8, 12), slice(80, 84))
CLASSES = [1, 2, 3]
NAMES = [LabelClass(id=n, name=name, color="#112233") for n, name in enumerate(("other", "myelin", "axon"), start=1)]


def planes() -> list[Plane]:
    """Five slices of class 1 with a stripe of 2 and, on the third, a speck of 3; unsure on the fourth, contradictory on the second."""
    made = []
    for index in range(0, 100, 20):
        classes, confidence, uncertainty = np.ones(EXTENT, np.uint8), np.full(EXTENT, 230, np.uint8), np.zeros(EXTENT, np.uint8)
        classes[:, :20] = 2
        if index == 20:
            uncertainty[UNSURE] = 200
        if index == 40:
            classes[RARE] = 3
        if index == 60:
            confidence[UNSURE], classes[32:40, 40:56] = 120, 2
        made.append(Plane("z", index, EXTENT, (1, 1), classes, confidence, uncertainty))
    return made


@pytest.fixture(scope="module")
def candidates() -> Candidates:
    return survey(planes(), SIDE, CLASSES)


def first(candidates: Candidates, acquisition: str, **changes) -> list[int]:
    wish = {"count": 6, "side": SIDE, "voxel_size": (1.0, 1.0, 1.0)} | changes
    return [number for number, _ in propose(candidates, Wish(acquisition, **wish), lambda some: some.class_share.astype(np.float32))]


def test_squares_cover_the_slice_and_sum_up_what_is_in_them(candidates):
    covered = np.zeros(EXTENT, int)
    for number in range(len(candidates)):
        assert candidates.axis(number) == "z"
        (z0, z1), rows, columns = candidates.box(number)
        assert (z1 - z0, rows[1] - rows[0], columns[1] - columns[0]) == (1, SIDE, SIDE)
        plane = next(plane for plane in planes() if plane.index == candidates.index(number))
        part = (slice(*rows), slice(*columns))
        expected = [float((plane.classes[part] == k).mean()) for k in CLASSES]
        np.testing.assert_allclose(candidates.class_share[number], expected, atol=1e-9)
        assert candidates.entropy[number] == pytest.approx(float(entropy_bound(plane.confidence[part], 3).mean()), abs=1e-6)
        covered[part] += 1
    assert covered.min() >= len(planes())


def test_a_coarser_level_says_the_same_of_a_square():
    fine = survey(planes(), SIDE, CLASSES)
    coarse = [
        Plane(each.axis, each.index, each.extent, (2, 2), each.classes[::2, ::2], each.confidence[::2, ::2], each.uncertainty[::2, ::2])
        for each in planes()
    ]
    again = survey(coarse, SIDE, CLASSES)
    np.testing.assert_array_equal(again.boxes, fine.boxes)
    np.testing.assert_allclose(again.entropy, fine.entropy, atol=1e-6)


def test_entropy_is_bounded_by_what_confidence_leaves_open():
    bound = entropy_bound(np.arange(256, dtype=np.uint8), 3)
    assert bound[255] == 0
    assert bound[85] == pytest.approx(1, abs=1e-3)
    assert (np.diff(bound[85:]) < 0).all()
    p = 0.6
    assert bound[153] == pytest.approx((-p * np.log(p) - 0.4 * np.log(0.2)) / np.log(3), abs=1e-3)


@pytest.mark.parametrize(("acquisition", "index", "part"), [("entropy", 60, UNSURE), ("disagreement", 20, UNSURE), ("balanced", 40, RARE)])
def test_the_first_place_is_what_the_function_looks_for(candidates, acquisition, index, part):
    chosen = first(candidates, acquisition)[0]
    assert candidates.index(chosen) == index
    _, *box = candidates.box(chosen)
    shared = [min(stop, of.stop) - max(start, of.start) for (start, stop), of in zip(box, part, strict=True)]
    assert min(shared) > 0


def test_combined_takes_every_class_in_turn(candidates):
    held = candidates.class_share[first(candidates, "combined", count=8)] > 0.01
    assert held.any(axis=0).all()


def test_coreset_begins_with_the_usual_and_goes_to_what_is_farthest(candidates):
    chosen = first(candidates, "coreset", count=3)
    shares = candidates.class_share[chosen]
    assert np.abs(shares[1] - shares[0]).sum() > 0.5
    seen = tuple(candidates.box(number) for number in range(len(candidates)) if candidates.class_share[number, 1] > 0.9)
    assert candidates.class_share[first(candidates, "coreset", count=1, seen=seen)[0], 1] < 0.9


@pytest.mark.parametrize("acquisition", [entry.name for entry in ACQUISITIONS])
def test_places_keep_their_distance_and_are_the_same_for_a_seed(candidates, acquisition):
    chosen = first(candidates, acquisition, count=12, seed=3)
    assert len(chosen) == 12
    assert chosen == first(candidates, acquisition, count=12, seed=3)
    middles = candidates.boxes[chosen].mean(axis=2)
    apart = np.linalg.norm(middles[:, None] - middles[None], axis=2)[np.triu_indices(12, 1)]
    assert apart.min() >= 0.75 * SIDE


@pytest.mark.parametrize("acquisition", [entry.name for entry in ACQUISITIONS])
def test_places_that_were_seen_are_not_proposed_again(candidates, acquisition):
    seen = tuple(candidates.box(number) for number in first(candidates, acquisition))
    again = first(candidates, acquisition, seen=seen)
    assert again
    old, new = (np.array(boxes, float).mean(axis=2) for boxes in (seen, [candidates.box(number) for number in again]))
    assert np.linalg.norm(old[:, None] - new[None], axis=2).min() >= 0.75 * SIDE


def test_voxels_that_are_long_along_z_bring_slices_farther_apart(candidates):
    flat, cubes, long = (len(first(candidates, "entropy", count=100_000, voxel_size=(z, 1.0, 1.0))) for z in (0.1, 1.0, 5.0))
    assert flat < cubes == long


def test_what_is_painted_already_counts_less(candidates):
    best = first(candidates, "entropy")[0]
    (z, _), (y, _), (x, _) = candidates.box(best)
    beside = ((z + 1, z + 2), (y - 8, y + SIDE + 8), (x - 8, x + SIDE + 8))
    assert best not in first(candidates, "entropy", labelled=(beside,))
    far = ((z + 10, z + 11), *beside[1:])
    assert first(candidates, "entropy", labelled=(far,))[0] == best


def test_random_prefers_places_with_more_than_the_commonest_class(candidates):
    holds = candidates.class_share[:, 1:].max(axis=1) > 0.01
    drawn = np.concatenate([first(candidates, "random", seed=seed, count=4) for seed in range(40)])
    assert holds[drawn].mean() > holds.mean() + 0.15
    assert 0.1 < (~holds[drawn]).mean() < 0.6


def test_random_needs_no_prediction():
    rng = np.random.default_rng(0)
    image = np.full(EXTENT, 100.0)
    image[:, 48:] += rng.normal(0, 20, (80, 48))
    found = survey([Plane("y", 3, EXTENT, (1, 1), image=image)], SIDE, [])
    drawn = np.concatenate([[number for number, _ in propose(found, Wish("random", 2, SIDE, (1, 1, 1), seed))] for seed in range(30)])
    assert (found.boxes[drawn, 2, 0] >= 40).mean() > 0.6
    assert {found.axis(number) for number in drawn} == {"y"}


def test_every_function_is_offered_with_a_help():
    assert {entry.name for entry in ACQUISITIONS} == {*FUNCTIONS, "coreset"}
    assert all(entry.help for entry in ACQUISITIONS)


def test_a_reason_names_the_classes_between_which_the_model_hesitates():
    numbers, confidence = np.ones((20, 20), np.uint8), np.full((20, 20), 250, np.uint8)
    numbers[:2], numbers[2:4] = 2, 3
    confidence[:4] = 138
    assert doubt_of(numbers, confidence, NAMES) == "model unsure between myelin and axon here: mean confidence 0.54"
    assert doubt_of(np.full((9, 9), 3, np.uint8), np.full((9, 9), 128, np.uint8), NAMES).startswith("model unsure of axon here")
    assert doubt_of(np.full((9, 9), 3, np.uint8), np.full((9, 9), 255, np.uint8), NAMES) == "all axon: mean confidence 1.00"


@pytest.mark.parametrize(("shape", "most"), [((5, 300, 40), 96), ((200, 300, 400), 96), ((1, 8, 8), 3)])
def test_slices_are_spread_over_each_axis_and_inside_the_volume(shape, most):
    chosen = choose_slices(shape, ["z", "y", "x"], seed=1, most=most)
    assert len(chosen) == len(set(chosen)) <= max(most, 3)
    for axis, depth in zip("zyx", shape, strict=True):
        places = sorted(index for of, index in chosen if of == axis)
        assert places
        assert 0 <= places[0] <= places[-1] < depth


def test_squares_and_planes_suit_the_volume(make_volume):
    cube, thick = make_volume("cube", shape=(48, 60, 90)), make_volume("thick", shape=(6, 60, 90), voxel_size=(5, 1, 1))
    assert default_axes(cube) == ["z", "y", "x"]
    assert default_axes(thick) == ["z"]
    assert default_side(cube, ["z", "y", "x"]) == 16
    assert default_side(thick, ["z"]) == 16
    assert default_side(make_volume("large", shape=(10, 400, 600)), ["z"]) == 128
