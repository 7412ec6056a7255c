"""Flood fill, smart fill and the fills of a slice in chromium, against what numpy and the server's own regions say."""

import numpy as np
import pytest

from tests.browser.geometry import rectangle
from tests.browser.painting import DISC, SHAPE, Painter, image
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

PLANE = SHAPE[1:]
MIDDLE = SHAPE[0] // 2


def block(painter: Painter, z: int, a: tuple[float, float], b: tuple[float, float], value: int = 1) -> np.ndarray:
    """Paint a rectangle on slice z by the server's own route, and give it as labels."""
    mask = rectangle(PLANE, a, b)
    rows, cols = np.nonzero(mask)
    box = [[z, z + 1], [int(rows.min()), int(rows.max()) + 1], [int(cols.min()), int(cols.max()) + 1]]
    size = int(mask.sum())
    stroke = {"id": f"block-{z}-{a}-{b}".translate(str.maketrans("(),. ", "-----")), "tool": "brush", "value": value, "index": z}
    painter.client.post(f"/api/volumes/{painter.volume}/strokes", stroke | {"box": box, "runs": [0, size]})
    labels = np.zeros(SHAPE, np.uint8)
    labels[z][mask] = value
    painter.page.wait_for_function("z => window.voxloop.session.state.marks.z.includes(z)", arg=z)
    return labels


def test_flood_fill_takes_what_is_joined_and_alike(painter: Painter) -> None:
    painter.press("w")
    painter.option("tolerance", "500")
    painter.click((DISC[0], DISC[1]))
    painter.settle()
    expected = np.zeros(SHAPE, np.uint8)
    expected[MIDDLE][image()[MIDDLE] == 3000] = 1
    np.testing.assert_array_equal(painter.labels(), expected)
    wait_until(lambda: np.array_equal(painter.shown(), expected[MIDDLE]))
    assert painter.say() == f"flood fill: {expected.sum()} voxels"


def test_the_tolerance_of_flood_fill_is_set_by_keys_and_by_the_slider(painter: Painter) -> None:
    painter.press("w")
    before = painter.state("options")["tolerance"]
    painter.press("Shift+>")
    assert painter.state("options")["tolerance"] > before
    slider = painter.page.locator('.vx-options [data-option="toleranceSlider"]')
    slider.fill("20")
    assert painter.state("options")["tolerance"] == 20
    place = painter.click((5, 30))
    painter.settle()
    column = int(place[1])
    plane = image()[MIDDLE].astype(int)
    expected = abs(plane - (100 + column)) <= 20
    np.testing.assert_array_equal(painter.labels()[MIDDLE], expected)


def test_flood_fill_in_3d_stays_within_its_slices_and_the_visible_region(painter: Painter) -> None:
    painter.choose("flood")
    painter.option("tolerance", "500")
    painter.option("dims", "3")
    painter.option("slices", "5")
    painter.click((DISC[0], DISC[1]))
    painter.settle()
    expected = np.zeros(SHAPE, np.uint8)
    expected[MIDDLE - 5 : MIDDLE + 6][image()[MIDDLE - 5 : MIDDLE + 6] == 3000] = 1
    np.testing.assert_array_equal(painter.labels(), expected)


def test_flood_fill_heeds_the_rule_and_erases(painter: Painter) -> None:
    base = block(painter, MIDDLE, (20, 30), (30, 50), value=2)
    rod = image()[MIDDLE] == 3000
    painter.choose("flood")
    painter.option("tolerance", "500")
    painter.option("overwrite", "unlabelled")
    painter.click((DISC[0], DISC[1]))
    painter.settle()
    np.testing.assert_array_equal(painter.labels()[MIDDLE], np.where(base[MIDDLE] == 2, 2, rod))
    painter.page.click('.vx-options [data-option="isErasing"]')
    painter.option("overwrite", "all")
    painter.click((DISC[0], DISC[1]))
    painter.settle()
    np.testing.assert_array_equal(painter.labels()[MIDDLE], np.where(rod, 0, base[MIDDLE]))


def regions_of(painter: Painter, size: int) -> np.ndarray:
    query = {"axis": "z", "index": MIDDLE, "y0": 0, "y1": PLANE[0], "x0": 0, "x1": PLANE[1], "size": size}
    answer = painter.client.request("GET", f"/api/volumes/{painter.volume}/regions", params=query)
    return np.frombuffer(answer.content, np.uint16).reshape(PLANE)


def test_smart_fill_outlines_the_region_under_the_pointer_and_paints_it(painter: Painter) -> None:
    painter.press("s")
    painter.option("regionSize", "12")
    place = painter.hover((DISC[0], DISC[1]))
    line = painter.page.locator("#canvas .vx-mark-light")
    line.wait_for(state="attached")
    regions = regions_of(painter, 12)
    region = regions == regions[int(place[0]), int(place[1])]
    edge = sum(int((np.diff(np.pad(region, 1).astype(int), axis=axis) != 0).sum()) for axis in (0, 1))
    assert painter.page.evaluate(
        "d => { const p = document.createElementNS('http://www.w3.org/2000/svg', 'path');"
        " p.setAttribute('d', d); return p.getTotalLength(); }",
        line.first.get_attribute("d"),
    ) == pytest.approx(edge)
    painter.click((DISC[0], DISC[1]))
    painter.settle()
    np.testing.assert_array_equal(painter.labels()[MIDDLE], region)


def test_smart_fill_paints_every_region_that_is_crossed(painter: Painter) -> None:
    painter.choose("smart")
    painter.option("regionSize", "8")
    painter.option("reach", "slab")
    painter.option("slices", "1")
    painter.hover((20, 10))
    painter.page.locator("#canvas .vx-mark-light").wait_for(state="attached")
    (row, left), (_, right) = painter.drag((20, 10), (20, 60), steps=2)
    regions = regions_of(painter, 8)
    crossed = np.unique(regions[int(row), int(left) : int(right) + 1])
    expected = np.zeros(SHAPE, np.uint8)
    expected[MIDDLE - 1 : MIDDLE + 2, np.isin(regions, crossed)] = 1
    np.testing.assert_array_equal(painter.labels(), expected)
    assert len(crossed) > 4


def test_interpolation_fills_the_slices_between(painter: Painter) -> None:
    lower = block(painter, 3, (20, 20), (40, 40))
    upper = block(painter, 11, (20, 20), (40, 40))
    painter.press("Shift+T")
    painter.settle()
    expected = np.maximum(lower, upper)
    expected[3:12] = lower[3]
    np.testing.assert_array_equal(painter.labels(), expected)
    assert painter.say().startswith("interpolate: ")


def test_interpolation_says_why_it_does_nothing(painter: Painter) -> None:
    painter.press("Shift+T")
    painter.settle()
    assert painter.say().startswith("interpolate: ")
    assert len(painter.say()) > len("interpolate: ")
    assert not painter.labels().any()


def test_the_previous_annotated_slice_is_copied(painter: Painter) -> None:
    base = block(painter, 4, (10, 10), (20, 20), value=2)
    painter.press("Shift+D")
    painter.settle()
    base[MIDDLE] = base[4]
    np.testing.assert_array_equal(painter.labels(), base)
    assert painter.say() == "copy previous: 100 voxels"


def test_holes_of_the_chosen_class_are_filled(painter: Painter) -> None:
    block(painter, MIDDLE, (10, 10), (30, 30))
    painter.choose("rectangle")
    painter.page.click('.vx-options [data-option="isErasing"]')
    painter.drag((15, 15), (20, 20))
    assert painter.labels().sum() == 375
    painter.press("1")
    painter.press("Shift+F")
    painter.settle()
    np.testing.assert_array_equal(painter.labels()[MIDDLE], rectangle(PLANE, (10, 10), (30, 30)))


def test_islands_smaller_than_asked_for_are_removed_from_the_menu(painter: Painter) -> None:
    large = block(painter, MIDDLE, (10, 10), (20, 20))
    small = block(painter, MIDDLE, (40, 40), (45, 45))
    painter.press("j")
    menu = painter.page.locator(".vx-fill-menu")
    menu.wait_for()
    menu.locator('[data-option="smallest"]').fill("25")
    menu.locator('[data-tool="islands"]').click()
    painter.settle()
    np.testing.assert_array_equal(painter.labels(), np.maximum(large, small))
    painter.choose("fills")
    menu.locator('[data-option="smallest"]').fill("26")
    menu.locator('[data-tool="islands"]').click()
    painter.settle()
    np.testing.assert_array_equal(painter.labels(), large)


def test_a_fill_under_way_is_seen_and_no_second_one_begins(painter: Painter) -> None:
    painter.page.route("**/fills", lambda route: None)  # no answer for now
    painter.choose("flood")
    painter.click((DISC[0], DISC[1]))
    painter.page.locator(".vx-options-busy").wait_for()
    painter.page.evaluate("() => window.voxloop.session.set({ progress: { id: 'x', done: 3, total: 4 } })")
    assert painter.page.locator(".vx-options-busy").inner_text() == "flood fill 75 %"
    painter.click((DISC[0], DISC[1]))
    assert painter.say() == "wait: flood fill"
