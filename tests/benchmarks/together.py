"""How soon one person sees what another has painted: two pages of headless chromium at one slice.

From the moment in which the first lifts the pen to the frame in which the second's page has drawn the stroke.
"""

from typing import Any

import numpy as np
from playwright.sync_api import Page

from tests.benchmarks.page import browser_page, open_volume, stack_over
from tests.benchmarks.report import percentiles_ms, print_figures
from tests.benchmarks.service import new_workspace
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.volumes import import_volume

_SHAPE = (32, 512, 512)
_STROKES = 30
_ROWS = (0.1, 0.9)
"""Of the image, from the first stroke to the last: none lies over another."""

_NOTE_THE_END = """() => {
  const { session } = window.voxloop;
  session.watch(["isPainting"], ({ isPainting }) => { if (!isPainting) window.endedAt = performance.timeOrigin + performance.now(); });
}"""

_WAIT_FOR_MORE = """() => {
  const painted = () => window.voxloop.layout.main.scene.shown.labels.slice.data.reduce((count, value) => count + (value > 0), 0);
  const before = painted();
  window.seenAt = null;
  const look = () => {
    if (painted() === before) requestAnimationFrame(look);
    else requestAnimationFrame(() => { window.seenAt = performance.timeOrigin + performance.now(); });
  };
  look();
}"""


def main() -> dict[str, Any]:
    """Measure and print."""
    with new_workspace() as workspace:
        voxels = np.random.default_rng(0).integers(0, 4000, _SHAPE, dtype=np.uint16)
        import_volume(workspace, ArraySource(voxels), name="shared", origin="benchmark")
        with stack_over(workspace) as url, browser_page(1280, 720) as painter:
            assert painter.context.browser is not None
            onlooker = painter.context.browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
            for page in (painter, onlooker):
                open_volume(page, url, "shared", "axis=z&index=16")
            painter.evaluate("() => window.voxloop.session.set({ brushSize: 2 })")
            painter.evaluate(_NOTE_THE_END)
            times = [_see_stroke(painter, onlooker, place) for place in np.linspace(*_ROWS, _STROKES)]
    figures = {**percentiles_ms(times, "seen"), "seen_worst_ms": round(max(times) * 1e3, 2)}
    return print_figures("together", figures, goal="seen_worst_ms <= 1000")


def _see_stroke(painter: Page, onlooker: Page, place: float) -> float:
    """Give the seconds from the end of a stroke across the image to the onlooker's frame that shows it."""
    box = painter.locator("#canvas canvas.vx-image").first.bounding_box()
    assert box is not None
    side = min(box["width"], box["height"])
    left, top = box["x"] + (box["width"] - side) / 2, box["y"] + (box["height"] - side) / 2
    onlooker.evaluate(_WAIT_FOR_MORE)
    painter.mouse.move(left + 0.3 * side, top + place * side)
    painter.mouse.down()
    painter.mouse.move(left + 0.7 * side, top + place * side, steps=20)
    painter.mouse.up()
    onlooker.wait_for_function("() => window.seenAt !== null")
    return float(onlooker.evaluate("() => window.seenAt") - painter.evaluate("() => window.endedAt")) / 1e3


if __name__ == "__main__":
    main()
