"""How soon the first voxels of a volume job are on the screen: from the order to the moment when the page shows some of them.

A U-Net with default settings predicts 256³ voxels on all three planes, and is cancelled once something is seen. `rested` are jobs before
which nothing was asked for a while, so that a process stands by; `at_once` those that follow upon another: they wait until torch is loaded.
"""

import hashlib
from typing import Any

from playwright.sync_api import Page
from safetensors.torch import save

from tests.benchmarks.page import browser_page, open_volume, stack_over
from tests.benchmarks.report import percentiles_ms, print_figures
from tests.benchmarks.service import new_workspace, running
from tests.infer.conftest import manifest_of, random_state, voxels
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.nets.unet import UnetArchitecture
from voxloop_shared.workspace import Workspace

SIDE = 256
REPEATS = 6
_REST_MS = 12_000

_ORDER = """async () => {
  const order = { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"model": "rocks:1", "planes": "zyx"}' };
  const start = performance.now();
  const answer = await fetch("api/volumes/rock/predict", order);
  if (!answer.ok) throw new Error(await answer.text());
  const { id } = await answer.json();
  const seen = () => (window.voxloop.layout.main.scene.shown.prediction?.slice.data ?? []).some((value) => value > 0);
  await new Promise((done) => { const look = () => (seen() ? done() : requestAnimationFrame(look)); look(); });
  return [id, performance.now() - start];
}"""
_CANCEL = "async (id) => { await fetch(`api/jobs/infer/${id}/cancel`, { method: 'POST' }); }"
_IS_OVER = """() => {
  const { jobs, predictions } = window.voxloop.session.state;
  return jobs.infer?.state === "cancelled" && !predictions.length && !window.voxloop.layout.main.scene.shown.prediction;
}"""


def main() -> dict[str, Any]:
    """Measure and print."""
    with new_workspace() as workspace:
        _prepare(workspace)
        with stack_over(workspace) as url, browser_page(1280, 720) as page:
            open_volume(page, url, "rock", f"axis=z&index={SIDE // 2}")
            pairs = [(_first_seen_s(page, _REST_MS), _first_seen_s(page, 0)) for _ in range(REPEATS)]
    rested, at_once = zip(*pairs, strict=True)
    figures = percentiles_ms(rested, "rested") | percentiles_ms(at_once, "at_once")
    return print_figures("first_result", figures, goal="<= 2000")


def _first_seen_s(page: Page, rest_ms: int) -> float:
    page.wait_for_timeout(rest_ms)
    job, milliseconds = page.evaluate(_ORDER)
    page.evaluate(_CANCEL, job)
    page.wait_for_function(_IS_OVER)
    return float(milliseconds) / 1e3


def _prepare(workspace: Workspace) -> None:
    import_volume(workspace, ArraySource(voxels((SIDE, SIDE, SIDE))), name="Rock", origin="benchmark")
    manifest = manifest_of(architecture=UnetArchitecture(in_channels=3, classes=3).model_dump(), planes="zyx")
    weights = save(random_state(manifest))
    digest = hashlib.sha256(weights).hexdigest()
    with running("registry", workspace) as registry:
        registry.request("PUT", f"/blobs/{digest}", content=weights)
        registry.post("/models/rocks/versions", {"manifest": manifest.model_dump(mode="json"), "weights": digest})


if __name__ == "__main__":
    main()
