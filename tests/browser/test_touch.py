"""Fingers and pens in chromium, sent as the browser's own input events."""

from collections.abc import Sequence

import numpy as np
import pytest
from playwright.sync_api import CDPSession

from tests.browser.geometry import capsule
from tests.browser.painting import SHAPE, Painter, Place

pytestmark = pytest.mark.browser

PLANE = SHAPE[1:]
MIDDLE = SHAPE[0] // 2
FLAT = (1.0, 1.0)


class Hand:
    """Fingers on the main plane."""

    def __init__(self, painter: Painter) -> None:
        self.painter = painter
        self.session: CDPSession = painter.page.context.new_cdp_session(painter.page)

    def touch(self, kind: str, *points: Sequence[int]) -> None:
        """Say where the fingers are now; `kind` is Start, Move, End or Cancel."""
        fingers = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": fingers})

    def pen(self, kind: str, place: Place, force: float, buttons: int = 1) -> Place:
        """Say what the pen does; gives the place that is really under it."""
        point = self.painter.point(place)
        about = {"x": point[0], "y": point[1], "force": force, "buttons": buttons, "pointerType": "pen"}
        self.session.send("Input.dispatchMouseEvent", about | {"type": f"mouse{kind}", "button": "left", "clickCount": 1})
        return self.painter.place(point)


@pytest.fixture
def hand(painter: Painter) -> Hand:
    return Hand(painter)


def test_one_finger_paints(painter: Painter, hand: Hand) -> None:
    painter.option("size", "7")
    a, b = painter.point((20, 10)), painter.point((20, 50))
    hand.touch("Start", a)
    hand.touch("Move", b)
    hand.touch("End")
    painter.settle()
    expected = capsule(PLANE, painter.place(a), painter.place(b), 7, FLAT)
    np.testing.assert_array_equal(painter.labels()[MIDDLE], expected)


def test_one_finger_pans_with_the_pan_tool(painter: Painter, hand: Hand) -> None:
    painter.choose("pan")
    before = painter.place((500, 300))
    hand.touch("Start", (500, 300))
    hand.touch("Move", (560, 330))
    hand.touch("End")
    assert painter.place((560, 330)) == pytest.approx(before)
    assert not painter.labels().any()


def test_a_second_finger_takes_the_stroke_back_and_zooms(painter: Painter, hand: Hand) -> None:
    zoom = painter.state("zoom")
    middle = painter.place((540, 300))
    hand.touch("Start", (500, 300))
    hand.touch("Move", (480, 300))
    assert painter.state("isPainting")
    assert painter.shown().any()
    hand.touch("Start", (490, 300), (590, 300))
    assert not painter.state("isPainting")
    assert not painter.shown().any()
    hand.touch("Move", (440, 320), (640, 320))
    hand.touch("End", (440, 320))
    hand.touch("Move", (300, 400))
    hand.touch("End")
    assert painter.state("zoom") == pytest.approx(2 * zoom)
    assert painter.place((540, 320)) == pytest.approx(middle, abs=0.2)
    painter.settle()
    assert not painter.labels().any()
    assert painter.state("pendingStrokes") == 0


def test_a_stroke_that_the_system_interrupts_is_taken_back(painter: Painter, hand: Hand) -> None:
    hand.touch("Start", (500, 300))
    hand.touch("Move", (560, 300))
    hand.touch("Cancel")
    painter.settle()
    assert not painter.labels().any()
    assert not painter.shown().any()


@pytest.mark.parametrize("has_pressure", [True, False])
def test_a_pens_pressure_sets_the_size_if_it_may(painter: Painter, hand: Hand, has_pressure: bool) -> None:
    painter.option("size", "20")
    if not has_pressure:
        painter.page.click('.vx-options [data-option="hasPressure"]')
    place = hand.pen("Pressed", (30, 40), 0.5)
    hand.pen("Released", (30, 40), 0.0, buttons=0)
    painter.settle()
    diameter = 20 * (0.2 + 0.8 * 0.5) if has_pressure else 20
    np.testing.assert_array_equal(painter.labels()[MIDDLE], capsule(PLANE, place, place, diameter, FLAT))
