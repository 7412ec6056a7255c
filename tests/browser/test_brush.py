"""Brush and eraser in chromium: sizes, depth, intensities, rules; what the server has is worked out voxel by voxel."""

import numpy as np
import pytest
from playwright.sync_api import Route

from tests.browser.geometry import capsule
from tests.browser.painting import SHAPE, Painter, image
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

PLANE = SHAPE[1:]
MIDDLE = SHAPE[0] // 2
FLAT = (1.0, 1.0)
ASPECT = (4.0, 1.0, 1.0)


def plane_of(mask: np.ndarray, value: int = 1) -> np.ndarray:
    """Give labels in which only the middle slice is painted."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[MIDDLE][mask] = value
    return labels


def test_the_brush_paints_the_voxels_within_its_radius(painter: Painter) -> None:
    painter.option("size", "7")
    a, b = painter.drag((20, 10), (20, 50))
    expected = plane_of(capsule(PLANE, a, b, 7, FLAT))
    np.testing.assert_array_equal(painter.labels(), expected)
    np.testing.assert_array_equal(painter.shown(), expected[MIDDLE])


def test_the_brush_is_round_on_a_plane_of_long_voxels(painter: Painter) -> None:
    painter.press("y")
    painter.wait_for_slice()
    painter.option("size", "9")
    place = painter.click((7.3, 31.2))
    painter.settle()
    expected = np.zeros(SHAPE, np.uint8)
    expected[:, SHAPE[1] // 2][capsule((SHAPE[0], SHAPE[2]), place, place, 9, (4.0, 1.0))] = 1
    np.testing.assert_array_equal(painter.labels(), expected)
    assert expected.any(axis=2).sum() < expected.any(axis=0).sum()


def test_keys_and_the_wheel_change_the_size(painter: Painter) -> None:
    painter.press("[")
    assert painter.state("brushSize") == 10
    painter.press("]")
    assert painter.state("brushSize") == 11
    painter.hover((30, 40))
    painter.page.keyboard.down("Shift")
    painter.page.mouse.wheel(0, -120)
    painter.page.keyboard.up("Shift")
    painter.page.wait_for_function("() => window.voxloop.session.state.brushSize > 11")


def test_the_outline_is_that_of_the_voxels_to_be_painted(painter: Painter) -> None:
    painter.option("size", "8")
    place = painter.hover((33.2, 44.1))
    path = painter.page.locator("#canvas .vx-mark-light").first.get_attribute("d")
    mask = capsule(PLANE, place, place, 8, FLAT)
    inside = painter.page.evaluate(
        "([d, places]) => { const p = new Path2D(d), c = document.createElement('canvas').getContext('2d');"
        " return places.map(([r, k]) => c.isPointInPath(p, k, r)); }",
        [path, [[r + 0.5, c + 0.5] for r in range(PLANE[0]) for c in range(PLANE[1])]],
    )
    np.testing.assert_array_equal(np.reshape(inside, PLANE), mask)
    assert mask.sum() > 40


def test_a_size_in_pixels_stays_the_same_on_the_screen(painter: Painter) -> None:
    zoom = painter.state("zoom")
    painter.option("unit", "pixels")
    assert painter.state("brushSize") == round(12 * zoom)
    painter.option("size", "80")
    place = painter.click((30, 40))
    painter.settle()
    np.testing.assert_array_equal(painter.labels(), plane_of(capsule(PLANE, place, place, 80 / zoom, FLAT)))


def test_the_eraser_takes_labels_away(painter: Painter) -> None:
    painter.option("size", "9")
    a, b = painter.drag((20, 10), (20, 50))
    painter.press("e")
    c, d = painter.drag((20, 30), (20, 60))
    expected = capsule(PLANE, a, b, 9, FLAT) & ~capsule(PLANE, c, d, 9, FLAT)
    np.testing.assert_array_equal(painter.labels(), plane_of(expected))


def test_a_slab_paints_the_slices_beside_as_well(painter: Painter) -> None:
    painter.option("size", "5")
    painter.press("m")
    painter.press("}")
    assert (painter.state("options")["reach"], painter.state("options")["slices"]) == ("slab", 3)
    a, b = painter.drag((20, 10), (20, 50))
    expected = np.zeros(SHAPE, np.uint8)
    expected[MIDDLE - 3 : MIDDLE + 4, capsule(PLANE, a, b, 5, FLAT)] = 1
    np.testing.assert_array_equal(painter.labels(), expected)


@pytest.mark.parametrize("tool", ["brush", "erase"])
def test_a_sphere_is_round_in_physical_units(painter: Painter, tool: str) -> None:
    before = 0
    if tool == "erase":
        painter.option("size", "60")
        painter.option("reach", "slab")
        painter.option("slices", "20")
        painter.drag((30, 10), (30, 70))
        before = painter.labels()
        painter.choose("erase")
    painter.option("size", "20")
    painter.option("reach", "sphere")
    a, b = painter.drag((30, 30), (30, 50))
    ball = capsule(SHAPE, (MIDDLE + 0.5, *a), (MIDDLE + 0.5, *b), 20, ASPECT)
    expected = np.where(ball, 1 if tool == "brush" else 0, before).astype(np.uint8)
    np.testing.assert_array_equal(painter.labels(), expected)
    assert set(np.nonzero(ball)[0]) == set(range(MIDDLE - 2, MIDDLE + 3))


def test_a_threshold_paints_only_intensities_in_its_range(painter: Painter) -> None:
    painter.option("size", "30")
    painter.press("Shift+B")
    painter.option("low", "130")
    painter.option("high", "2999")
    a, b = painter.drag((30, 20), (30, 60))
    inside = (image()[MIDDLE] >= 130) & (image()[MIDDLE] <= 2999)
    expected = plane_of(capsule(PLANE, a, b, 30, FLAT) & inside)
    np.testing.assert_array_equal(painter.labels(), expected)
    np.testing.assert_array_equal(painter.shown(), expected[MIDDLE])


def test_a_relative_threshold_paints_what_is_like_the_start_in_3d(painter: Painter) -> None:
    painter.option("size", "40")
    painter.option("threshold", "relative")
    painter.option("tolerance", "999")
    painter.option("reach", "slab")
    painter.option("slices", "5")
    a, b = painter.drag((30, 40), (30, 45))
    expected = np.zeros(SHAPE, np.uint8)
    slab = slice(MIDDLE - 5, MIDDLE + 6)
    expected[slab][np.broadcast_to(capsule(PLANE, a, b, 40, FLAT), (11, *PLANE)) & (image()[slab] >= 2001)] = 1
    np.testing.assert_array_equal(painter.labels(), expected)
    assert expected[9].any()
    assert not expected[10].any()


def test_what_the_image_lets_through_is_shown_before_the_server_answers(painter: Painter) -> None:
    painter.page.route("**/strokes", lambda route: None)  # no answer for now
    painter.option("size", "30")
    painter.option("threshold", "range")
    painter.option("low", "2500")
    painter.option("high", "4000")
    place = painter.click((30, 52))
    expected = capsule(PLANE, place, place, 30, FLAT) & (image()[MIDDLE] == 3000)
    np.testing.assert_array_equal(painter.shown() == 1, expected)


def test_the_range_comes_from_the_window(painter: Painter) -> None:
    painter.page.evaluate("() => window.voxloop.session.setLayer('image', { min: 150.2, max: 800, isSet: true })")
    painter.option("threshold", "range")
    painter.page.click('.vx-options [data-option="window"]')
    options = painter.state("options")
    assert (options["low"], options["high"]) == (150, 800)


def test_rules_protect_what_is_painted_already(painter: Painter) -> None:
    painter.option("size", "9")
    first = capsule(PLANE, *painter.drag((20, 10), (20, 40)), 9, FLAT)
    painter.press("2")
    painter.press("o")
    second = capsule(PLANE, *painter.drag((20, 20), (20, 60)), 9, FLAT)
    expected = np.where(first, 1, np.where(second, 2, 0))
    np.testing.assert_array_equal(painter.labels()[MIDDLE], expected)
    painter.press("u")
    painter.option("overwrite", "class2")
    third = capsule(PLANE, *painter.drag((20, 30), (20, 50)), 9, FLAT)
    expected = np.where(third & (expected == 2), 255, expected)
    np.testing.assert_array_equal(painter.labels()[MIDDLE], expected)
    painter.press("e")
    painter.option("overwrite", "class1")
    fourth = capsule(PLANE, *painter.drag((20, 10), (20, 70)), 9, FLAT)
    np.testing.assert_array_equal(painter.labels()[MIDDLE], np.where(fourth & (expected == 1), 0, expected))


@pytest.mark.parametrize("way", ["key", "alt click", "tool"])
def test_the_class_under_the_pointer_is_picked(painter: Painter, way: str) -> None:
    painter.press("3")
    painter.drag((20, 10), (20, 40))
    painter.press("1")
    painter.hover((20, 20))
    if way == "key":
        painter.page.keyboard.press("k")
    elif way == "alt click":
        painter.page.keyboard.down("Alt")
        painter.click((20, 20))
        painter.page.keyboard.up("Alt")
    else:
        painter.choose("pick")
        painter.click((20, 20))
    assert (painter.state("classId"), painter.state("tool"), painter.say()) == (3, "brush", "picked class 3")
    painter.hover((50, 70))
    painter.page.keyboard.press("k")
    assert painter.state("classId") == 3
    assert painter.say() == "no label here to pick"


def test_where_only_the_server_knows_the_stroke_is_shown_faintly_until_it_answers(painter: Painter) -> None:
    held: list[Route] = []
    painter.page.route("**/strokes", lambda route: held.append(route))
    painter.page.evaluate("() => { const { main } = window.voxloop.layout; main.imagePatch = () => null; }")  # as at a coarse level
    painter.option("size", "30")
    painter.option("threshold", "range")
    painter.option("low", "2500")
    painter.option("high", "4000")
    place = painter.click((30, 52))
    painter.page.locator("#canvas .vx-mark-ghost.vx-mark-light").wait_for(state="attached")
    assert not painter.shown().any()
    wait_until(lambda: painter.state("pendingStrokes") and held)
    held[0].continue_()
    painter.page.locator("#canvas .vx-mark-ghost").first.wait_for(state="detached")
    expected = capsule(PLANE, place, place, 30, FLAT) & (image()[MIDDLE] == 3000)
    np.testing.assert_array_equal(painter.labels()[MIDDLE], expected)
    wait_until(lambda: np.array_equal(painter.shown(), expected))
