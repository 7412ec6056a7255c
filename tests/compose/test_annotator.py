"""The simulated annotator draws as a person would, and never generously."""

import numpy as np
import pytest

from voxloop_compose.demo.annotator import Hand, draw_strokes
from voxloop_compose.demo.loop import PAINTED_SLICES, SCORED_SLICES, simulate_strokes
from voxloop_compose.demo.nerve import CLASSES, reference_labels
from voxloop_compose.demo.scores import dice
from voxloop_shared.data.masks import check_box, decode_mask, slices_of


@pytest.fixture(scope="module")
def reference():
    return reference_labels()


def painted(strokes, shape):
    labels = np.zeros(shape, np.uint8)
    for stroke in strokes:
        check_box(stroke.box, shape)
        part = labels[slices_of(stroke.box)]
        part[decode_mask(stroke.runs, part.shape)] = stroke.value
    return labels


@pytest.mark.parametrize("seed", range(5))
def test_strokes_stay_inside_their_class_and_cover_little(reference, seed):
    labels = painted(simulate_strokes(reference, seed), reference.shape)

    assert np.array_equal(labels[labels > 0], reference[labels > 0])
    assert set(np.flatnonzero(labels.any(axis=(1, 2)))) == set(PAINTED_SLICES)
    for z in PAINTED_SLICES:
        assert set(np.unique(labels[z])) == {0, 1, 2, 3}
        assert 0.005 <= (labels[z] > 0).mean() <= 0.025


def test_nothing_is_scored_where_something_is_painted():
    assert not set(PAINTED_SLICES) & set(SCORED_SLICES)


def test_the_same_seed_draws_the_same_strokes(reference):
    assert simulate_strokes(reference, 3) == simulate_strokes(reference, 3)
    assert simulate_strokes(reference, 3) != simulate_strokes(reference, 4)


def test_a_class_too_thin_for_the_brush_gets_no_stroke():
    thin = np.ones((20, 20), np.uint8)
    thin[:, 10] = 2

    values = {stroke.value for stroke in draw_strokes(thin, 0, np.random.default_rng(0), Hand())}

    assert values == {1}


def test_dice_is_twice_the_overlap_over_both_sizes():
    found, expected = np.array([1, 1, 1, 0], np.uint8), np.array([0, 1, 1, 1], np.uint8)

    assert dice(found, expected, 1) == pytest.approx(4 / 6)
    assert dice(found, expected, 9) == 1.0


def test_the_classes_differ_in_lightness():
    lightness = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (bytes.fromhex(entry.color[1:]) for entry in CLASSES))

    assert min(np.diff(lightness)) > 25
