"""Live mode on the page: strokes change what is shown by themselves, another class joins, a killed process is said, and off is off."""

import os
import signal
from collections.abc import Iterator

import psutil
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import RunningStack, Visitor
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

"""A machine that runs other tests beside this one."""

_SEEN = """() => {
  const { main } = window.voxloop.layout;
  const shown = main.shown.prediction;
  const { preview, live } = window.voxloop.session.state;
  if (!preview || !shown) return null;
  const counts = {};
  for (const value of shown.slice.data) counts[value] = (counts[value] ?? 0) + 1;
  return { note: preview.note, counts, number: live?.model?.number ?? 0, index: shown.index };
}"""


@pytest.fixture
def page_on_strokes(visitor: Visitor, fresh: None) -> Iterator[Visitor]:
    """Someone who has painted a stroke of two classes, with live mode off."""
    visitor.open("#axis=z&index=56&layout=one")
    one, two, *_ = class_ids(visitor)
    visitor.paint(one, (0.30, 0.30), (0.45, 0.30))
    visitor.paint(two, (0.55, 0.60), (0.70, 0.60))
    yield visitor
    visitor.page.evaluate("() => window.voxloop.session.state.live && document.querySelector('#live-switch').click()")
    assert visitor.complaints == []


def class_ids(visitor: Visitor) -> list[int]:
    return [entry["id"] for entry in visitor.state("classes")]


def seen(visitor: Visitor) -> dict | None:
    """Say what the large plane shows of a live model."""
    return visitor.page.evaluate(_SEEN)


def wait_for_newer(visitor: Visitor, number: int) -> dict:
    """Wait until a model after `number` is shown."""

    def look() -> dict | None:
        found = seen(visitor)
        return found if found and int(found["note"].split()[2]) > number else None

    return wait_until(look)


def shown_number(found: dict) -> int:
    return int(found["note"].split()[2])


def live_children(stack: RunningStack) -> list[psutil.Process]:
    train = psutil.Process(stack.pid_of("train"))
    return [child for child in train.children() if "spawn_main" in " ".join(child.cmdline())]


def test_strokes_change_what_is_shown_by_themselves(page_on_strokes: Visitor, stack: RunningStack) -> None:
    visitor, page = page_on_strokes, page_on_strokes.page
    one, two, three, *_ = class_ids(visitor)
    page.locator("#live-switch").click()
    expect(page.locator("#live-switch")).to_have_attribute("aria-checked", "true")
    first = wait_for_newer(visitor, 0)
    assert first["note"].startswith("live instant")
    assert set(map(int, first["counts"])) <= {one, two}
    expect(page.locator(".vx-preview-tag")).to_contain_text("not saved")
    expect(page.locator("#live .vx-live-state")).to_contain_text("model")

    visitor.paint(three, (0.40, 0.75), (0.60, 0.75))
    second = wait_for_newer(visitor, shown_number(first))
    wait_until(lambda: str(three) in (seen(visitor) or second)["counts"])

    page.keyboard.press("ArrowUp")
    wait_until(lambda: (seen(visitor) or {}).get("index") == visitor.state("index") != 56)

    page.locator("#live-keep").click()
    with stack.client("registry") as registry:
        kept = wait_until(lambda: registry.get("/models"))
    assert kept[0]["latest"]["manifest"]["settings"]["live"] is True
    expect(page.locator("#live .vx-live-detail")).to_contain_text(f"kept as {kept[0]['name']}")

    page.locator("#live-switch").click()
    expect(page.locator("#live-switch")).to_have_attribute("aria-checked", "false")
    assert visitor.state("preview") is None
    wait_until(lambda: not live_children(stack))


def test_a_killed_process_is_said_and_live_mode_goes_on_by_itself(page_on_strokes: Visitor, stack: RunningStack) -> None:
    visitor, page = page_on_strokes, page_on_strokes.page
    one, *_ = class_ids(visitor)
    page.locator("#canvas canvas.vx-image").first.focus()
    page.keyboard.press("Shift+V")
    before = wait_for_newer(visitor, 0)
    (child,) = live_children(stack)
    page.evaluate(
        """() => {
          window.said = [];
          window.voxloop.session.watch(["live"], ({ live }) => live && window.said.push(`${live.phase}: ${live.message}`));
        }"""
    )
    os.kill(child.pid, signal.SIGKILL)
    wait_until(lambda: any("died" in line for line in page.evaluate("() => window.said")))
    visitor.paint(one, (0.20, 0.80), (0.35, 0.80))
    page.wait_for_function("() => window.voxloop.session.state.live.phase === 'ready'")
    after = wait_for_newer(visitor, 0)
    assert after["counts"] != before["counts"] or shown_number(after) != shown_number(before)
    assert [child.pid] != [other.pid for other in live_children(stack)]


def test_a_closed_preview_turns_live_mode_off(page_on_strokes: Visitor) -> None:
    visitor, page = page_on_strokes, page_on_strokes.page
    page.locator("#live-switch").click()
    wait_for_newer(visitor, 0)
    page.locator("[data-action=close-preview]").click()
    expect(page.locator("#live-switch")).to_have_attribute("aria-checked", "false")
    assert visitor.state("live") is None
