"""Nothing painted is lost: the server gone, a reload meanwhile, two people on one slice."""

import os
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.annotate.conftest import RunningAnnotate
from tests.browser.painting import Painter, at_the_page
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

_WAITING = "count => window.voxloop.session.state.pendingStrokes === count && window.voxloop.session.state.areStrokesKept"


def close_the_way(painter: Painter) -> None:
    painter.page.route("**/strokes", lambda route: route.abort())


def draw(painter: Painter, class_id: int, row: float) -> None:
    """Draw a line without waiting for the server."""
    painter.page.locator(f'[data-class-id="{class_id}"]').click()
    start, stop = painter.point((row, 10)), painter.point((row, 30))
    painter.page.mouse.move(*start)
    painter.page.mouse.down()
    painter.page.mouse.move(*stop, steps=6)
    painter.page.mouse.up()


def test_the_status_line_says_how_many_strokes_wait_and_a_reload_does_not_lose_them(painter: Painter) -> None:
    close_the_way(painter)
    draw(painter, 1, 10)
    draw(painter, 2, 40)
    painter.page.wait_for_function(_WAITING, arg=2)
    painter.page.get_by_text("offline, 2 strokes waiting").wait_for()
    assert painter.client.get(f"/api/volumes/{painter.volume}/classes")["counts"] == {}

    painter.page.reload()
    painter.wait_for_slice()
    painter.page.wait_for_function(_WAITING, arg=2)
    wait_until(lambda: set(painter.shown().ravel().tolist()) == {0, 1, 2})

    painter.page.unroute("**/strokes")
    painter.page.evaluate("() => window.voxloop.annotation.queue.retry()")
    painter.settle()
    shown = painter.shown()
    assert (painter.labels()[painter.state("index")] == shown).all()
    painter.page.reload()
    painter.wait_for_slice()
    assert (painter.shown() == shown).all()
    assert painter.state("pendingStrokes") == 0


def test_strokes_painted_while_the_service_is_dead_arrive_in_order(painter: Painter, paint_service: RunningAnnotate) -> None:
    assert paint_service.process is not None
    os.kill(paint_service.process.pid, signal.SIGKILL)
    paint_service.process.wait()
    draw(painter, 1, 20)
    draw(painter, 2, 20)
    painter.press("Control+z")
    painter.page.wait_for_function(_WAITING, arg=3)
    paint_service.start()
    painter.settle()
    assert set(painter.labels().ravel().tolist()) == {0, 1}


_BREAK_OFF = """
  const ask = window.fetch;
  window.fetch = async (resource, options) => {
    const answer = await ask(resource, options);
    if (!window.breaksOff || !String(resource).includes("_dash-update-component")) return answer;
    window.broken = true;
    return new Response(new ReadableStream({ pull: (body) => body.error(new TypeError("broken off")) }), answer);
  };
"""


def test_an_answer_that_breaks_off_stops_nothing_on_the_page(painter: Painter) -> None:
    painter.page.add_init_script(_BREAK_OFF)
    painter.page.reload()
    painter.wait_for_slice()
    painter.page.evaluate("() => { window.breaksOff = true; }")
    painter.page.get_by_role("link", name="Jobs").click()
    painter.page.wait_for_function("() => window.broken")
    painter.page.evaluate("() => { window.breaksOff = false; }")
    painter.page.get_by_role("link", name="Annotate").click()
    painter.page.get_by_role("link", name="Jobs").click()
    painter.page.locator(".vx-nav-link.active", has_text="Jobs").wait_for()


@pytest.fixture
def colleague(chromium: Browser, paint_service: RunningAnnotate, painter: Painter) -> Iterator[Painter]:
    """A second person at the painter's volume, in a browser of their own."""
    with at_the_page(chromium, paint_service, painter.volume) as someone:
        yield someone


def test_each_sees_the_other_s_strokes(painter: Painter, colleague: Painter) -> None:
    draw(painter, 1, 15)
    painter.settle()
    wait_until(lambda: 1 in colleague.shown())
    draw(colleague, 2, 45)
    colleague.settle()
    wait_until(lambda: 2 in painter.shown())
    wait_until(lambda: (painter.shown() == colleague.shown()).all())


def test_nothing_is_lost_when_both_paint_the_same_slice(painter: Painter, colleague: Painter) -> None:
    rows = range(6, 54, 8)
    for number, row in enumerate(rows):
        draw((painter, colleague)[number % 2], 1 + number % 2, row)
    painter.settle()
    colleague.settle()
    labels = painter.labels()[painter.state("index")]
    for number, row in enumerate(rows):
        assert labels[row, 20] == 1 + number % 2
    wait_until(lambda: (painter.shown() == labels).all() and (colleague.shown() == labels).all())
    assert len(painter.client.get(f"/api/volumes/{painter.volume}/history")["strokes"]) == len(rows)


def test_a_stroke_needs_no_file_of_the_page(painter: Painter) -> None:
    drawn = "() => document.querySelector('.vx-slot[data-slot=save] use').getBBox().width > 0"
    assert painter.page.evaluate(drawn)
    asked: list[str] = []
    painter.page.on("request", lambda request: asked.append(request.url))
    draw(painter, 1, 15)
    painter.settle()
    assert painter.page.evaluate(drawn)
    assert any(url.endswith("/strokes") for url in asked)
    assert [url for url in asked if "/static/" in url] == []
