"""The panel of the loop: settings, a preview after training, notices on other pages, rounds."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import RunningStack, Visitor
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

STROKES = ((1, (35, 42), (46, 22)), (1, (99, 44), (77, 49)), (2, (64, 81), (68, 73)), (2, (75, 66), (83, 63)))
"""Class, from, to: rows and columns of the middle slice."""


def paint(visitor: Visitor) -> None:
    for _ in range(7):
        visitor.page.keyboard.press("[")
    for class_id, start, stop in STROKES:
        visitor.paint(class_id, visitor.fractions(start), visitor.fractions(stop))


def test_settings_are_checked_by_the_field_marked_kept_and_set_back(visitor: Visitor, stack: RunningStack, fresh: None) -> None:
    page = visitor.page
    visitor.open()
    page.locator("#train-learner").select_option("instant")
    page.get_by_text("All settings").click()
    row = page.locator("[data-setting=trees]")
    row.locator("input").fill("5")
    row.locator("input").press("Tab")
    expect(row.get_by_role("alert")).to_have_text("5: give a whole number from 10 to 500")
    page.click("#train-start")
    expect(page.locator(".vx-toast[data-kind=error]")).to_contain_text("Trees: 5: give a whole number from 10 to 500")
    row.locator("input").fill("20")
    row.locator("input").press("Tab")
    expect(row).to_have_attribute("data-changed", "")
    expect(row.get_by_role("alert")).to_be_hidden()

    page.reload()
    visitor.wait_for_slice()
    expect(page.locator("#train-learner")).to_have_value("instant")
    expect(page.locator(".vx-expert-count")).to_have_text("1 changed")
    page.get_by_text("All settings").click()
    expect(row.locator("input")).to_have_value("20")
    row.locator("[data-reset=trees]").click()
    expect(row.locator("input")).to_have_value("100")
    expect(page.locator(".vx-expert-count")).to_have_text("")
    assert visitor.complaints == []


@pytest.mark.slow
def test_a_training_is_previewed_told_on_other_pages_and_becomes_a_round(visitor: Visitor, stack: RunningStack, fresh: None) -> None:
    page = visitor.page
    visitor.open()
    paint(visitor)
    elsewhere = page.context.new_page()
    elsewhere.goto(stack.url.replace("/?", "/jobs?") + "&volume=nerve")
    elsewhere.locator("#job-list > *").first.wait_for()
    page.bring_to_front()
    page.locator("#train-learner").select_option("instant")
    page.locator("#train-after").select_option("preview")
    page.click("#train-start")
    wait_until(lambda: page.evaluate("() => Boolean(window.voxloop.session.state.preview?.planes.z)"))
    expect(page.locator(".vx-preview-tag")).to_contain_text("nerve:1 · not saved")
    assert page.evaluate("() => new Set(window.voxloop.layout.main.shown.prediction.slice.data).size") >= 2
    notice = elsewhere.locator(".vx-toast").filter(has_text="Training done")
    notice.wait_for(state="attached")  # it leaves by itself
    assert "jobs?volume=nerve" in str(notice.locator("a").get_attribute("href"))
    with stack.client() as client:
        assert client.get("/api/volumes/nerve/predictions")["predictions"] == []
        assert client.get("/api/volumes/nerve/rounds")["rounds"][0]["by_hand"] > 0

    expect(page.locator("#train-from")).to_have_value("newest")
    page.locator("#train-after").select_option("nothing")
    page.click("#train-start")
    page.locator("#rounds [data-round='2']").wait_for()
    with stack.client("registry") as registry:
        assert registry.get("/models/nerve/versions/2")["manifest"]["parent"] == "nerve:1"
    page.locator("#rounds [data-round='2']").click()
    expect(page.locator(".vx-round-details").first).to_contain_text("0 strokes: no new labels")
    expect(page.locator("#rounds .vx-round-chart")).to_be_visible()
    page.locator("[data-action=show-labels]").first.click()
    assert page.evaluate("() => document.activeElement.dataset.snapshot") is not None
    assert visitor.complaints == []
