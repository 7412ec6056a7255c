"""Polygon, lasso, rectangle and ellipse in chromium; what the server has is worked out voxel by voxel."""

import numpy as np
import pytest

from tests.browser.geometry import ellipse, polygon, rectangle
from tests.browser.painting import SHAPE, Painter

pytestmark = pytest.mark.browser

PLANE = SHAPE[1:]
MIDDLE = SHAPE[0] // 2
CORNERS = ((10.2, 12.4), (14.1, 60.3), (48.7, 55.2), (40.3, 20.8), (25.4, 40.2))


def middle(painter: Painter) -> np.ndarray:
    """Give the middle slice; nothing may be painted elsewhere."""
    labels = painter.labels()
    assert not np.delete(labels, MIDDLE, axis=0).any()
    return labels[MIDDLE]


@pytest.mark.parametrize("way", ["enter", "double click", "first point"])
def test_a_polygon_is_filled_however_it_is_closed(painter: Painter, way: str) -> None:
    painter.press("n")
    places = [painter.click(corner) for corner in CORNERS]
    if way == "enter":
        painter.page.keyboard.press("Enter")
    elif way == "double click":
        painter.click(CORNERS[-1])
    else:
        painter.click(CORNERS[0])
    painter.settle()
    expected = polygon(PLANE, places)
    np.testing.assert_array_equal(middle(painter), expected)
    np.testing.assert_array_equal(painter.shown(), expected)


def test_backspace_takes_the_last_point_back_and_escape_drops_the_polygon(painter: Painter) -> None:
    painter.choose("polygon")
    places = [painter.click(corner) for corner in CORNERS]
    painter.page.keyboard.press("Backspace")
    painter.page.keyboard.press("Enter")
    painter.settle()
    expected = polygon(PLANE, places[:-1])
    np.testing.assert_array_equal(middle(painter), expected)
    for corner in CORNERS:
        painter.click(corner)
    painter.page.keyboard.press("Escape")
    assert painter.state("draft") is None
    painter.page.keyboard.press("Enter")
    painter.settle()
    np.testing.assert_array_equal(middle(painter), expected)


def test_a_polygon_stays_on_its_slice(painter: Painter) -> None:
    painter.choose("polygon")
    places = [painter.click(corner) for corner in CORNERS[:3]]
    painter.press("ArrowUp")
    painter.wait_for_slice()
    assert painter.page.locator("#canvas .vx-mark-dots").count() == 0
    painter.click((5, 5))
    assert "the polygon is on z 7" in painter.say()
    painter.page.keyboard.press("Enter")
    painter.settle()
    np.testing.assert_array_equal(middle(painter), polygon(PLANE, places))


def test_another_tool_drops_the_polygon_and_says_so(painter: Painter) -> None:
    painter.choose("polygon")
    painter.click((10, 10))
    painter.press("b")
    assert painter.say() == "polygon dropped"
    assert painter.page.locator("#canvas .vx-mark-dots").count() == 0


def test_a_lasso_fills_what_it_runs_around(painter: Painter) -> None:
    painter.press("l")
    places = painter.drag(*CORNERS, steps=1)
    np.testing.assert_array_equal(middle(painter), polygon(PLANE, places))


def test_a_lasso_drawn_slowly_fills_the_same_but_for_its_rim(painter: Painter) -> None:
    painter.press("l")
    places = painter.drag(*CORNERS, steps=25)
    expected, painted = polygon(PLANE, places), middle(painter) == 1
    assert (expected != painted).sum() <= 12
    assert expected.sum() > 500


@pytest.mark.parametrize(("tool", "key", "shape"), [("rectangle", "r", rectangle), ("ellipse", "Shift+E", ellipse)])
def test_a_shape_fills_the_space_between_its_corners(painter: Painter, tool: str, key: str, shape: type) -> None:
    painter.press(key)
    assert painter.state("tool") == tool
    places = painter.drag((45.3, 62.1), (12.8, 20.6))
    np.testing.assert_array_equal(middle(painter), shape(PLANE, *places))


@pytest.mark.parametrize(("tool", "shape"), [("rectangle", rectangle), ("ellipse", ellipse)])
def test_shift_makes_a_shape_as_high_as_wide_in_physical_units(painter: Painter, tool: str, shape: type) -> None:
    painter.press("y")
    painter.wait_for_slice()
    painter.choose(tool)
    painter.page.keyboard.down("Shift")
    a, b = painter.drag((3.2, 20.3), (6.1, 52.7))
    painter.page.keyboard.up("Shift")
    edge = b[1] - a[1]
    expected = np.zeros(SHAPE, bool)
    expected[:, SHAPE[1] // 2] = shape((SHAPE[0], SHAPE[2]), a, (a[0] + edge / 4, b[1]))
    np.testing.assert_array_equal(painter.labels(), expected)


@pytest.mark.parametrize("tool", ["polygon", "lasso", "rectangle", "ellipse"])
def test_an_area_can_be_erased_on_a_slab(painter: Painter, tool: str) -> None:
    painter.choose("rectangle")
    painter.option("reach", "slab")
    painter.option("slices", "4")
    outer = rectangle(PLANE, *painter.drag((2, 2), (58, 78)))
    painter.choose(tool)
    painter.page.click('.vx-options [data-option="isErasing"]')
    painter.option("slices", "1")
    corners = [(20.2, 20.3), (20.2, 60.1), (40.4, 60.1)]
    if tool == "polygon":
        inner = polygon(PLANE, [painter.click(corner) for corner in corners])
        painter.page.keyboard.press("Enter")
        painter.settle()
    elif tool == "lasso":
        inner = polygon(PLANE, painter.drag(*corners, steps=1))
    else:
        inner = (rectangle if tool == "rectangle" else ellipse)(PLANE, *painter.drag(corners[0], corners[2]))
    expected = np.zeros(SHAPE, np.uint8)
    expected[MIDDLE - 4 : MIDDLE + 5, outer] = 1
    expected[MIDDLE - 1 : MIDDLE + 2, inner] = 0
    np.testing.assert_array_equal(painter.labels(), expected)


def test_rules_hold_for_areas(painter: Painter) -> None:
    painter.choose("rectangle")
    first = rectangle(PLANE, *painter.drag((5, 5), (30, 30)))
    painter.press("2")
    assert painter.state("tool") == "rectangle"
    painter.option("overwrite", "unlabelled")
    second = rectangle(PLANE, *painter.drag((20, 20), (50, 60)))
    np.testing.assert_array_equal(middle(painter), np.where(first, 1, np.where(second, 2, 0)))


def test_undo_takes_an_area_back(painter: Painter) -> None:
    painter.choose("ellipse")
    painter.drag((5, 5), (30, 30))
    assert painter.labels().any()
    painter.press("Control+z")
    painter.settle()
    assert not painter.labels().any()
    assert not painter.shown().any()
