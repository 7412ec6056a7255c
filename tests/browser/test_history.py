"""The history in the panel: what was done, by whom, and going back to any of it."""

import pytest
from playwright.sync_api import Locator

from tests.browser.painting import Painter
from tests.waiting import wait_until

pytestmark = pytest.mark.browser


def row(painter: Painter, name: str) -> Locator:
    return painter.page.locator(".vx-history-row", has_text=name)


def act(painter: Painter, name: str, number: int) -> None:
    """Click one of the buttons of a row, which are seen while the mouse is over it: a list that still grows moves it away."""
    button = row(painter, name).locator(".vx-history-act").nth(number)

    def is_over() -> bool:
        row(painter, name).hover()
        return button.is_visible()

    wait_until(is_over)
    button.click()


def counts(painter: Painter) -> dict[str, int]:
    return dict(painter.client.get(f"/api/volumes/{painter.volume}/classes")["counts"])


def paint_three(painter: Painter) -> list[dict[str, int]]:
    """Paint one stroke of each class; gives the counts after each."""
    states = []
    for number, place in enumerate((10, 25, 40), start=1):
        painter.page.locator(f'[data-class-id="{number}"]').click()
        painter.drag((place, 10), (place, 30))
        states.append(counts(painter))
    return states


def test_each_change_has_a_name_and_the_newest_stands_first(painter: Painter) -> None:
    paint_three(painter)
    index = painter.state("index")
    wait_until(lambda: painter.page.locator(".vx-history-row").count() == 3)
    names = painter.page.locator(".vx-history-row .vx-history-name").all_text_contents()
    assert names == [f"brush class {number} z={index}" for number in (3, 2, 1)]


def test_jumping_back_and_forth_undoes_and_redoes(painter: Painter) -> None:
    states = paint_three(painter)
    act(painter, "class 1", 0)
    wait_until(lambda: counts(painter) == states[0])
    wait_until(lambda: painter.page.locator(".vx-history-row[data-undone]").count() == 2)
    wait_until(lambda: set(painter.shown().ravel().tolist()) == {0, 1})
    act(painter, "class 3", 0)
    wait_until(lambda: counts(painter) == states[2])
    painter.page.get_by_text("Back to the start").click()
    wait_until(lambda: counts(painter) == {})


def test_undo_and_redo_go_on_after_a_reload(painter: Painter) -> None:
    states = paint_three(painter)
    painter.page.reload()
    painter.wait_for_slice()
    painter.press("Control+z")
    wait_until(lambda: counts(painter) == states[1])
    painter.page.reload()
    painter.wait_for_slice()
    painter.press("Control+Shift+z")
    wait_until(lambda: counts(painter) == states[2])


def test_earlier_labels_are_restored_as_a_change_that_can_be_undone(painter: Painter) -> None:
    states = paint_three(painter)
    act(painter, "class 2", 1)
    wait_until(lambda: counts(painter) == states[1])
    wait_until(lambda: set(painter.shown().ravel().tolist()) == {0, 1, 2})
    assert painter.page.locator(".vx-history-row[data-undone]").count() == 0
    painter.press("Control+z")
    wait_until(lambda: counts(painter) == states[2])


def test_what_a_tool_filled_is_told_from_what_was_painted(painter: Painter) -> None:
    painter.page.locator('[data-class-id="1"]').click()
    painter.drag((10, 10), (10, 30))
    fill = {"kind": "flood", "value": 2, "axis": "z", "index": 7, "seed": [7, 30, 40], "tolerance": 5, "dims": 2, "overwrite": "all"}
    painter.page.evaluate("body => window.voxloop.annotation.fill(body)", fill)
    painter.settle()
    wait_until(lambda: painter.page.locator(".vx-history-row").count() == 2)
    assert painter.page.locator(".vx-history-row").first.get_attribute("data-by") == "tool"
    assert painter.page.locator(".vx-history-row").nth(1).get_attribute("data-by") == "hand"


def test_a_row_leads_to_its_place(painter: Painter) -> None:
    paint_three(painter)
    index = painter.state("index")
    for _ in range(3):
        painter.press("ArrowUp")
    painter.wait_for_slice()
    assert painter.state("index") == index + 3
    row(painter, "class 2").click()
    assert painter.state("index") == index
