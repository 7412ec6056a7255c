"""What a new user does: open the link, paint, reload, train, and see the prediction over the image."""

import os
import signal

import pytest

from tests.browser.conftest import RunningStack, Visitor
from tests.browser.pictures import look, share_changed
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

STROKES = (  # class, from, to: rows and columns of the middle slice, each inside one thing
    (1, (35, 42), (46, 22)),
    (1, (99, 44), (77, 49)),
    (2, (64, 81), (68, 73)),
    (2, (75, 66), (83, 63)),
    (3, (91, 77), (82, 77)),
    (3, (73, 87), (78, 79)),
)


@pytest.mark.slow
def test_paint_reload_train_and_see_the_prediction(visitor: Visitor, stack: RunningStack, fresh: None) -> None:
    visitor.open()
    visitor.page.get_by_text("Pick a class, paint a few strokes of each, press Train").wait_for()
    for _ in range(7):
        visitor.page.keyboard.press("[")
    for class_id, start, stop in STROKES:
        visitor.paint(class_id, visitor.fractions(start), visitor.fractions(stop))
    with stack.client() as client:
        counts = client.get("/api/volumes/nerve/classes")["counts"]
    assert set(counts) == {"1", "2", "3"}

    painted = look(visitor.page)
    visitor.page.keyboard.press("h")
    wait_until(lambda: share_changed(painted, look(visitor.page)) > 0.005)
    visitor.page.keyboard.press("h")
    wait_until(lambda: "labels=off" not in visitor.page.evaluate("location.hash"))
    visitor.page.reload()
    visitor.wait_for_slice()
    wait_until(lambda: share_changed(painted, look(visitor.page)) < 0.002)

    visitor.page.select_option("#train-budget", "30")
    visitor.page.click("#train-start")
    visitor.page.locator("#train-job .vx-job[data-state=running] .vx-bar").wait_for()
    visitor.page.locator("#train-job .vx-job[data-state=succeeded]").wait_for()
    visitor.page.locator("#predict-job .vx-job[data-state=succeeded]").wait_for()
    visitor.page.wait_for_function("() => window.voxloop.session.state.prediction")
    wait_until(lambda: share_changed(painted, look(visitor.page)) > 0.1)
    assert visitor.page.locator("#prediction option").count() >= 1

    shown = look(visitor.page)
    visitor.page.keyboard.press("p")
    wait_until(lambda: share_changed(painted, look(visitor.page)) < 0.01)
    assert share_changed(painted, shown) > 0.1
    assert visitor.complaints == []
    assert visitor.strangers == []


def test_the_page_asks_no_other_host(visitor: Visitor, stack: RunningStack) -> None:
    visitor.page.route(lambda url: not url.startswith("http://127.0.0.1"), lambda route: route.abort())
    visitor.open()
    visitor.page.click("text=Jobs")
    visitor.page.locator("#job-list > *").wait_for()
    assert visitor.strangers == []


def test_training_without_labels_says_what_to_do(visitor: Visitor, stack: RunningStack, fresh: None) -> None:
    visitor.open()
    visitor.page.click("#train-start")
    toast = visitor.page.locator(".vx-toast[data-kind=error]")
    toast.wait_for()
    assert "paint" in toast.inner_text().lower()
    with stack.client("train") as client:
        assert all(job["state"] != "queued" for job in client.get("/jobs"))


def test_strokes_painted_while_the_service_is_gone_are_saved_when_it_is_back(visitor: Visitor, stack: RunningStack, fresh: None) -> None:
    visitor.open()
    visitor.paint(1, (0.4, 0.5), (0.5, 0.5))
    os.kill(stack.pid_of("annotate"), signal.SIGKILL)
    visitor.paint(2, (0.4, 0.6), (0.5, 0.6))
    with stack.client() as client:
        counts = wait_until(lambda: client.get("/api/volumes/nerve/classes")["counts"])
    assert set(counts) == {"1", "2"}


def test_undo_takes_the_stroke_off_the_image_and_off_the_server(visitor: Visitor, stack: RunningStack, fresh: None) -> None:
    visitor.open()
    visitor.page.locator('[data-layer="prediction"]').first.click()  # one of an earlier test may have the stroke's colour
    visitor.paint(1, (0.4, 0.5), (0.5, 0.5))
    painted = look(visitor.page)
    visitor.page.keyboard.press("Control+z")
    with stack.client() as client:
        wait_until(lambda: client.get("/api/volumes/nerve/classes")["counts"] == {})
        visitor.page.keyboard.press("Control+Shift+z")
        wait_until(lambda: set(client.get("/api/volumes/nerve/classes")["counts"]) == {"1"})
        visitor.page.keyboard.press("Control+z")
        wait_until(lambda: client.get("/api/volumes/nerve/classes")["counts"] == {})
    wait_until(lambda: share_changed(painted, look(visitor.page)) > 0.005)


def test_a_strange_link_shows_a_volume_that_exists(visitor: Visitor) -> None:
    visitor.open("&volume=no-such-volume")
    assert visitor.state("volume") == "nerve"


def test_the_theme_is_remembered(visitor: Visitor) -> None:
    visitor.open()
    assert visitor.page.locator("html").get_attribute("data-bs-theme") == "dark"
    visitor.page.click("#theme")
    assert visitor.page.locator("html").get_attribute("data-bs-theme") == "light"
    visitor.page.reload()
    visitor.wait_for_slice()
    assert visitor.page.locator("html").get_attribute("data-bs-theme") == "light"
