"""Live mode: from a stroke to the overlay that knows it, on a slice of 512² voxels, and how the page feels meanwhile.

`overlay` is from the moment the server has the stroke until what a model that has learned from it says is on the screen;
`felt` begins when the pointer goes up. Strokes come one after another, some while the thorough fit of the last one still runs.
`working` is painting while a training and a prediction of the whole volume run.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page
from scipy import ndimage

from tests.benchmarks.canvas import paint_strokes
from tests.benchmarks.page import browser_page, open_volume, stack_over
from tests.benchmarks.report import percentiles_ms, print_figures
from tests.benchmarks.service import new_workspace
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.labels import Labels, class_color
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.schemas import LabelClass
from voxloop_shared.workspace import Workspace

SHAPE = (48, 512, 512)
STROKES = 20
_PREDICTIONS = 8
"""One after the other, so that one of them runs all the while."""
_SLICE = 24
_LENGTH = 24
_PAUSES_S = (0.2, 3.0)

_WATCH = """() => {
  const { session, annotation } = window.voxloop;
  const snapshots = new Map();
  window.live_ = { ended: null, saved: null, snapshot: null, times: [] };
  const { sendJson } = annotation.api;
  annotation.api = { ...annotation.api, sendJson: async (...all) => {
    const answer = await sendJson(...all);
    if (all[1].endsWith("/strokes")) Object.assign(window.live_, { snapshot: answer.snapshot, saved: performance.now() });
    return answer;
  } };
  session.watch(["live"], ({ live }) => live?.model && snapshots.set(live.model.number, live.model.snapshot));
  session.watch(["preview"], ({ preview }) => {
    const { ended, saved, snapshot } = window.live_;
    const number = Number(preview?.note.split(" ")[2]);
    if (saved === null || snapshots.get(number) !== snapshot || preview.planes.z?.prediction.index !== session.state.indices[0]) return;
    requestAnimationFrame(() => window.live_.times.push([performance.now() - saved, performance.now() - ended]));
    window.live_.saved = null;
  });
}"""

_SEND = """async ([what, order]) => {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`api/volumes/phases/${what}`, { method: "POST", headers, body: JSON.stringify(order) });
  if (!answer.ok) throw new Error(await answer.text());
}"""
_IS_UNDER_WAY = "service => ['queued', 'running'].includes(window.voxloop.session.state.jobs?.[service]?.state)"


def main() -> dict[str, Any]:
    """Measure and print."""
    image, truth = phases()
    with new_workspace() as workspace:
        _prepare(workspace, image)
        with stack_over(workspace) as url, browser_page(1180, 720) as page:
            open_volume(page, url, "phases", f"axis=z&index={_SLICE}&zoom=1&center={_SLICE},256,256&layout=one")
            page.evaluate(_WATCH)
            page.evaluate("() => window.voxloop.session.set({ brushSize: 6 })")
            strokes = Strokes(page, truth[_SLICE])
            for number in (1, 2, 3):
                strokes.draw(number)
            page.locator("#live-switch").click()
            page.wait_for_function("() => window.voxloop.session.state.live?.phase === 'ready' && window.voxloop.session.state.preview")
            page.evaluate("() => (window.live_.times.length = 0)")
            for count in range(STROKES):
                strokes.draw(1 + count % 3)
                page.wait_for_function("count => window.live_.times.length === count", arg=count + 1)
                page.wait_for_timeout(1e3 * float(strokes.random.uniform(*_PAUSES_S)))
            overlay, felt = np.array(page.evaluate("() => window.live_.times")).T / 1e3
            learn_s = page.evaluate("() => window.voxloop.session.state.live.model.learn_s")
            page.locator("#live-keep").click()
            page.locator("#live .vx-live-detail", has_text="kept as").wait_for()
            page.locator("#live-switch").click()
            page.evaluate(_SEND, ["train", {"learner": "unet", "budget_s": 120, "after": "nothing"}])
            for _ in range(_PREDICTIONS):
                page.evaluate(_SEND, ["predict", {"model": "phases:1"}])
            page.wait_for_function(_IS_UNDER_WAY, arg="train")
            frames = paint_strokes(page)
            for service in ("train", "infer"):
                assert page.evaluate(_IS_UNDER_WAY, service), f"{service} had ended before the painting did"
    figures = percentiles_ms(overlay, "overlay") | percentiles_ms(felt, "felt") | {"last_learn_s": learn_s}
    figures |= {f"working_{name}": value for name, value in frames.items()}
    return print_figures("live", figures, goal="overlay_p95_ms <= 1500, working_paint_fps >= 40")


def phases() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Make a volume of three phases that differ in brightness and texture, and the truth about it, classes 1 to 3."""
    random = np.random.default_rng(0)
    field = ndimage.gaussian_filter(random.normal(size=SHAPE).astype(np.float32), 9)
    truth = (1 + np.digitize(field, np.quantile(field[::4, ::8, ::8], (0.4, 0.7)))).astype(np.uint8)
    rough = ndimage.gaussian_filter(random.normal(size=SHAPE).astype(np.float32), 1.5) * np.array([0, 20, 90, 20], np.float32)[truth]
    image = np.array([0, 90, 110, 160], np.float32)[truth] + rough + random.normal(0, 14, SHAPE)
    return image.clip(0, 255).astype(np.uint8), truth


class Strokes:
    """A hand that paints true strokes."""

    def __init__(self, page: Page, truth: NDArray[np.uint8]) -> None:
        self.page = page
        self.random = np.random.default_rng(1)
        inner = {n: ndimage.binary_erosion(truth == n, iterations=6) for n in (1, 2, 3)}
        self._places = {n: np.argwhere(mask[:, :-_LENGTH] & mask[:, _LENGTH:]) for n, mask in inner.items()}

    def draw(self, number: int) -> None:
        """Paint a short line of a class and wait until the server has it."""
        row, column = (float(part) for part in self.random.choice(self._places[number]))
        self.page.locator(f'[data-class-id="{number}"]').first.click()
        box = self.page.locator("#canvas canvas.vx-image").first.bounding_box()
        assert box is not None
        found = "([row, col]) => { const { view } = window.voxloop.layout.main; return [view.x(col), view.y(row)]; }"
        x, y = self.page.evaluate(found, [row, column])
        mouse = self.page.mouse
        mouse.move(box["x"] + x, box["y"] + y)
        mouse.down()
        mouse.move(box["x"] + x + _LENGTH, box["y"] + y, steps=12)
        self.page.evaluate("() => (window.live_.ended = performance.now())")
        mouse.up()
        self.page.wait_for_function("() => window.voxloop.session.state.saveState === 'saved'")


def _prepare(workspace: Workspace, image: NDArray[np.uint8]) -> None:
    volume = import_volume(workspace, ArraySource(image, (1.0, 1.0, 1.0), "um"), name="phases", origin="benchmark")
    classes = [LabelClass(id=n, name=name, color=class_color(n)) for n, name in ((1, "dark"), (2, "rough"), (3, "bright"))]
    Labels.create(workspace.labels_of(volume.id), volume.shape, classes)


if __name__ == "__main__":
    main()
