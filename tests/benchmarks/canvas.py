"""How the canvas feels in headless chromium: frames while painting, slice changes, strokes until they are saved, memory.

Once on volumes without history and once with 10,000 strokes in it. Chromium has no GPU here and shares two cores with the
services, so these are figures of the worst machine that anyone will use.
"""

import secrets
from typing import Any

import numpy as np
from playwright.sync_api import Page

from tests.benchmarks.page import browser_page, open_volume, stack_over
from tests.benchmarks.report import print_figures
from tests.benchmarks.service import new_workspace
from tests.benchmarks.slices import BlockySource
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.labels import Labels, default_classes
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.schemas import Stroke, VolumeInfo
from voxloop_shared.workspace import Workspace

STROKES = 10_000
WIDE = (8, 2048, 2048)
_VIEW = {"width": 1480, "height": 1160}  # leaves the canvas a little more than 1024²

_SWITCH = """([index]) => new Promise((resolve) => {
  const { session } = window.voxloop;
  const start = performance.now();
  const isThere = ({ painted, index: at }) => painted && painted.axis === session.state.axis && painted.index === index && at === index;
  const end = session.watch(["painted"], (state) => {
    if (!isThere(state) || performance.now() === start) return;
    queueMicrotask(() => end());
    resolve(performance.now() - start);
  });
  session.setIndex(index);
})"""

_IDLE = """() => new Promise((resolve) => {
  let last = performance.now();
  const seen = new PerformanceObserver(() => (last = performance.now()));
  seen.observe({ type: "resource" });
  const look = () => (performance.now() - last > 400 ? (seen.disconnect(), resolve()) : setTimeout(look, 50));
  look();
})"""

_WATCH_STROKES = """() => {
  const { session } = window.voxloop;
  window.strokeTimes = [];
  let ended = null;
  let wasPainting = false;
  session.watch(["isPainting", "saveState"], ({ isPainting, saveState }) => {
    if (wasPainting && !isPainting) ended = performance.now();
    wasPainting = isPainting;
    if (ended !== null && !isPainting && saveState === "saved") {
      const spent = performance.now() - ended;
      if (spent > 0.5) { window.strokeTimes.push(spent); ended = null; }
    }
  });
}"""

_COUNT_FRAMES = """() => {
  window.frames_ = [];
  const tick = (time) => { window.frames_.push(time); window.frameLoop = requestAnimationFrame(tick); };
  window.frameLoop = requestAnimationFrame(tick);
}"""


def main() -> dict[str, Any]:
    """Measure and print."""
    with new_workspace() as workspace:
        tall = import_volume(workspace, BlockySource(), name="tall", origin="benchmark")
        wide = import_volume(workspace, wide_source(), name="wide", origin="benchmark")
        fresh = _measure(workspace)
        for volume in (tall, wide):
            _paint_many(workspace, volume)
        aged = _measure(workspace)
    ratios = {
        f"ratio_{name.removesuffix('_ms')}": round(aged[name] / fresh[name], 2) for name in fresh if name.endswith(("p95_ms", "_fps"))
    }
    figures = fresh | {f"aged_{name}": value for name, value in aged.items()} | ratios
    goal = (
        "paint_fps >= 50, switch_p95_ms <= 120, neighbour_p95_ms <= 40, stroke_p95_ms <= 60, heap_mb <= 400, aged no worse by more than 1.5"
    )
    return print_figures("canvas", figures, goal=goal)


def wide_source() -> ArraySource:
    voxels = np.random.default_rng(0).integers(0, 4000, WIDE, dtype=np.uint16)
    return ArraySource(voxels, (1.0, 1.0, 1.0), "um")


def _measure(workspace: Workspace) -> dict[str, float]:
    figures: dict[str, float] = {}
    with stack_over(workspace) as url:
        with browser_page(2560, 1440) as page:
            open_volume(page, url, "wide", "axis=z&index=4&zoom=1&center=4,1024,1024")
            figures |= paint_strokes(page)
        with browser_page(_VIEW["width"], _VIEW["height"]) as page:
            open_volume(page, url, "tall", "axis=z&index=512&zoom=1&center=512,512,512")
            figures |= _switch(page)
            figures |= _memory(page)
    return figures


def paint_strokes(page: Page) -> dict[str, float]:
    """Draw strokes with a brush of 40 pixels over the image and count the frames meanwhile."""
    page.evaluate("() => window.voxloop.session.set({ brushSize: 40 })")
    page.evaluate(_WATCH_STROKES)
    page.evaluate(_IDLE)  # the neighbours are fetched ahead in the first seconds
    box = page.locator("#canvas canvas.vx-image").first.bounding_box()
    assert box is not None
    random = np.random.default_rng(1)
    gaps: list[float] = []
    for _ in range(30):
        start, stop = random.uniform(0.1, 0.9, (2, 2)) * (box["width"], box["height"]) + (box["x"], box["y"])
        page.mouse.move(*start)
        page.mouse.down()
        page.evaluate(_COUNT_FRAMES)
        page.mouse.move(*stop, steps=60)
        times = page.evaluate("() => (cancelAnimationFrame(window.frameLoop), window.frames_)")
        page.mouse.up()
        page.wait_for_function("() => window.voxloop.session.state.saveState === 'saved'")
        gaps += np.diff(times).tolist()
    spent = page.evaluate("() => window.strokeTimes")
    assert len(spent) >= 25
    return {
        "paint_fps": round(1000 / float(np.mean(gaps)), 1),
        "paint_frame_p95_ms": round(float(np.percentile(gaps, 95)), 1),
        "stroke_p50_ms": round(float(np.percentile(spent, 50)), 1),
        "stroke_p95_ms": round(float(np.percentile(spent, 95)), 1),
    }


def _switch(page: Page) -> dict[str, float]:
    """Change to slices far away, and to neighbours that were fetched ahead."""
    random = np.random.default_rng(2)
    far, near = [], []
    for index in (random.permutation(32) * 32 + 7).tolist():
        page.evaluate(_IDLE)
        far.append(page.evaluate(_SWITCH, [index]))
        page.evaluate(_IDLE)
        near.append(page.evaluate(_SWITCH, [index + 1]))
    return {
        "switch_p50_ms": round(float(np.percentile(far, 50)), 1),
        "switch_p95_ms": round(float(np.percentile(far, 95)), 1),
        "neighbour_p50_ms": round(float(np.percentile(near, 50)), 1),
        "neighbour_p95_ms": round(float(np.percentile(near, 95)), 1),
    }


def _memory(page: Page) -> dict[str, float]:
    """Change the slice 500 times and give what the page then holds: objects and array buffers."""
    for index in range(500):
        page.evaluate(_SWITCH, [100 + index])
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    usage = session.send("Runtime.getHeapUsage")
    held = usage["usedSize"] + usage.get("backingStorageSize", 0)
    return {"heap_mb": round(held / 2**20)}


def _paint_many(workspace: Workspace, volume: VolumeInfo) -> None:
    """Put strokes into the history, as annotate would."""
    path = workspace.labels_of(volume.id)
    labels = Labels.open(path) if path.exists() else Labels.create(path, volume.shape, default_classes())
    random = np.random.default_rng(3)
    for count in range(STROKES):
        z, y, x = (int(random.integers(0, max(1, n - 24))) for n in volume.shape)
        box = ((z, z + 1), (y, y + 12), (x, x + 24))
        labels.paint(
            Stroke(id=secrets.token_hex(8), tool="brush", value=1 + count % 2, axis="z", index=z, box=box, runs=[0, 12 * 24]), "bench"
        )


if __name__ == "__main__":
    main()
