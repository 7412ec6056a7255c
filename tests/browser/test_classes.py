"""The class list: rename, recolour, move, hide, delete and get back."""

from typing import Any

import pytest

from tests.browser.painting import Painter
from tests.waiting import wait_until

pytestmark = pytest.mark.browser


def classes(painter: Painter) -> list[dict[str, Any]]:
    return list(painter.client.get(f"/api/volumes/{painter.volume}/classes")["classes"])


def counts(painter: Painter) -> dict[str, int]:
    return dict(painter.client.get(f"/api/volumes/{painter.volume}/classes")["counts"])


def test_a_class_is_added_named_and_painted_with(painter: Painter) -> None:
    painter.page.locator(".vx-class-add").click()
    painter.page.locator(".vx-class-input").fill("crack")
    painter.page.keyboard.press("Enter")
    wait_until(lambda: [entry["name"] for entry in classes(painter)][-1] == "crack")
    painter.drag((10, 10), (10, 30))
    assert set(counts(painter)) == {"4"}


def test_a_class_is_renamed_and_recoloured(painter: Painter) -> None:
    painter.page.locator('[data-class-id="2"]').dblclick()
    painter.page.locator(".vx-class-input").fill("pore")
    painter.page.keyboard.press("Enter")
    wait_until(lambda: classes(painter)[1]["name"] == "pore")
    painter.page.locator('[data-class-id="2"] input[type=color]').fill("#112233")
    wait_until(lambda: classes(painter)[1]["color"] == "#112233")


def test_classes_move_by_key_and_by_dragging_and_their_numbers_follow(painter: Painter) -> None:
    painter.page.locator('[data-class-id="1"]').focus()
    painter.page.keyboard.press("Alt+ArrowDown")
    wait_until(lambda: [entry["id"] for entry in classes(painter)] == [2, 1, 3])
    painter.page.locator('[data-class-id="3"]').drag_to(painter.page.locator('[data-class-id="2"]'))
    wait_until(lambda: [entry["id"] for entry in classes(painter)] == [3, 2, 1])
    painter.press("1")
    assert painter.state("classId") == 3


def test_a_hidden_class_is_not_drawn_but_stays(painter: Painter) -> None:
    painter.drag((10, 10), (10, 30))
    painter.page.locator('[data-class-id="1"] .vx-class-eye').click()
    wait_until(lambda: painter.page.evaluate("() => window.voxloop.session.state.hiddenClasses.has(1)"))
    assert set(counts(painter)) == {"1"}


def test_the_amount_is_given_in_voxels_and_in_space(painter: Painter) -> None:
    painter.page.locator('[data-class-id="1"]').click()
    painter.drag((10, 10), (10, 30))
    voxels = counts(painter)["1"]
    text = painter.page.locator(".vx-class-amount").inner_text()
    assert text == f"class 1: {voxels:,} voxels, {voxels * 0.5:g} µm³"


def test_deleting_a_class_says_what_becomes_of_its_voxels_and_can_be_undone(painter: Painter) -> None:
    painter.page.locator('[data-class-id="1"]').click()
    painter.drag((10, 10), (10, 30))
    voxels = counts(painter)["1"]
    painter.page.locator('[data-class-id="1"]').hover()
    painter.page.locator('[data-class-id="1"] .vx-class-delete').click()
    dialog = painter.page.locator("dialog.vx-dialog")
    assert "voxels carry this class" in dialog.inner_text()
    dialog.get_by_text("Keep it").click()
    assert counts(painter) == {"1": voxels}

    painter.page.locator('[data-class-id="1"]').hover()
    painter.page.locator('[data-class-id="1"] .vx-class-delete').click()
    dialog.locator("select").select_option("2")
    dialog.locator('[data-action="delete-class"]').click()
    wait_until(lambda: counts(painter) == {"2": voxels} and len(classes(painter)) == 2)
    wait_until(lambda: painter.page.locator('[data-class-id="1"]').count() == 0)
    painter.press("Control+z")
    wait_until(lambda: counts(painter) == {"1": voxels} and len(classes(painter)) == 3)
    wait_until(lambda: painter.page.locator('[data-class-id="1"]').count() == 1)


def test_a_class_without_voxels_goes_at_once(painter: Painter) -> None:
    painter.page.locator('[data-class-id="3"]').focus()
    painter.page.keyboard.press("Delete")
    wait_until(lambda: [entry["id"] for entry in classes(painter)] == [1, 2])
