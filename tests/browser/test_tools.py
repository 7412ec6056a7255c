"""The strip, the bar of options and the list of keys: complete, in reach, and never in the way of the image."""

import re
from pathlib import Path

import pytest

from tests.browser.painting import Painter

pytestmark = pytest.mark.browser

STATIC = Path(__file__).parents[2] / "services/annotate/src/voxloop_annotate/static"
TOOLS = {
    "brush": "b",
    "erase": "e",
    "polygon": "n",
    "lasso": "l",
    "rectangle": "r",
    "ellipse": "Shift+E",
    "flood": "w",
    "smart": "s",
    "pan": "v",
}
SIZES = [(1280, 720), (2560, 1440)]


def test_every_tool_has_a_key(painter: Painter) -> None:
    for tool, key in TOOLS.items():
        painter.press(key)
        assert painter.state("tool") == tool
        assert painter.page.locator(f'[data-tool="{tool}"]').get_attribute("aria-pressed") == "true"
    painter.page.mouse.move(2, 2)
    painter.press("k")
    assert painter.state("tool") == "pick"


@pytest.mark.parametrize("size", SIZES)
def test_options_never_move_the_image_and_all_are_in_reach(painter: Painter, size: tuple[int, int]) -> None:
    page = painter.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.wait_for_function("width => window.voxloop.session.state.screen.width > width / 2", arg=size[0])
    before = page.locator("#canvas canvas.vx-image").first.bounding_box()
    for tool in [*TOOLS, "pick"]:
        painter.choose(tool)
        for threshold in ("range", "relative"):
            if page.locator('[data-option="threshold"]').is_visible():
                painter.option("threshold", threshold)
            assert page.locator("#canvas canvas.vx-image").first.bounding_box() == before
            bar = page.locator(".vx-options")
            assert bar.evaluate("node => node.scrollWidth <= node.clientWidth"), f"{tool}: not all options fit"
    strip = page.locator("#tools").bounding_box()
    last = page.locator('[data-tool="help"]').bounding_box()
    assert strip
    assert last
    assert last["y"] + last["height"] <= strip["y"] + strip["height"]


def test_every_control_of_the_tools_has_a_name_and_a_tip(painter: Painter) -> None:
    nameless = painter.page.evaluate(
        """() => [...document.querySelectorAll('#tools button, .vx-options button, .vx-options input, .vx-options select')]
          .filter((node) => !node.classList.contains('vx-fill'))
          .filter((node) => !node.getAttribute('aria-label') || !(node.dataset.tip || node.title)).map((node) => node.outerHTML)"""
    )
    assert nameless == []


@pytest.mark.parametrize("size", SIZES)
def test_the_list_of_keys_is_complete_and_fits(painter: Painter, size: tuple[int, int]) -> None:
    page = painter.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    painter.press("?")
    dialog = page.locator("dialog.vx-help")
    dialog.wait_for()
    assert dialog.evaluate("node => node.scrollHeight <= node.clientHeight && node.scrollWidth <= node.clientWidth")
    table = (STATIC / "shortcuts.mjs").read_text()
    texts = [text for keys, text in re.findall(r'^  \["[A-Z][^"]*", "([^"]+)", "([^"]+)"', table, re.MULTILINE) if keys]
    listed = dialog.inner_text()
    assert [text for text in texts if text not in listed] == []
    assert len(texts) > 30
    for label in (
        "Brush",
        "Eraser",
        "Polygon",
        "Lasso",
        "Rectangle",
        "Ellipse",
        "Flood fill",
        "Smart fill",
        "Pick class",
        "Interpolate",
        "Fill holes",
    ):
        assert label in listed
    painter.page.keyboard.press("?")
    dialog.wait_for(state="detached")


def test_no_two_shortcuts_listen_to_the_same_key(painter: Painter) -> None:
    doubles = painter.page.evaluate(
        """async () => {
          const loaded = performance.getEntriesByType('resource').map(({ name }) => name);
          const { SHORTCUTS } = await import(loaded.find((name) => name.includes('/shortcuts.mjs')));
          const context = { session: window.voxloop.session };
          const modifiers = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
          const event = (key) => ({ key, ...modifiers, target: document.body, getModifierState: () => false });
          const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
          const named = ['Enter', 'Escape', 'Backspace', 'Home', 'End', 'PageUp', 'PageDown', 'ArrowUp', 'ArrowDown'];
          const listeners = (key) => SHORTCUTS.filter(([, , , test]) => test?.(event(key), context)).length;
          if (!listeners('b')) throw new Error('b does nothing');
          return [...printable, ...named].filter((key) => listeners(key) > 1);
        }"""
    )
    assert doubles == []


def test_the_menu_of_fills_works_by_keyboard(painter: Painter) -> None:
    painter.press("j")
    menu = painter.page.locator(".vx-fill-menu")
    menu.wait_for()
    painter.page.keyboard.press("ArrowDown")
    assert painter.page.evaluate("() => document.activeElement.dataset.tool") == "copy"
    painter.page.keyboard.press("Escape")
    menu.wait_for(state="hidden")
