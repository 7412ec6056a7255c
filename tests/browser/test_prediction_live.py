"""A prediction that is watched while it is made: chosen in the panel, seen block by block, paused, and gone on with."""

import hashlib
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from safetensors.torch import save

from tests.annotate.conftest import RunningAnnotate, running_annotate
from tests.browser.seeing import Viewer, looking
from tests.infer.conftest import manifest_of, random_state, voxels
from tests.waiting import wait_until
from voxloop_shared.client import ServiceClient
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.predictions import list_predictions
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.schemas import LabelClass

pytestmark = pytest.mark.browser

SHAPE = (64, 300, 300)
MIDDLE = 32


@pytest.fixture(scope="module")
def running() -> Iterator[RunningAnnotate]:
    """annotate, infer and registry over a volume, with two models that tell the same classes and one that tells others."""
    with running_annotate("registry", "infer") as service:
        info = import_volume(service.workspace, ArraySource(voxels(SHAPE)), name="Rock", origin="test")
        service.client.post("/api/volumes", {"id": info.id})
        classes = [{"id": n, "name": f"class {n}", "color": color} for n, color in ((2, "#e69f00"), (7, "#56b4e9"), (9, "#999999"))]
        service.client.put(f"/api/volumes/{info.id}/classes", {"classes": classes})
        with ServiceClient(service.socket_of("registry")) as registry:
            deep = {"classes": 3, "width": 16, "depth": 3, "in_channels": 1}
            for name, numbers in (("rocks", (2, 7, 9)), ("stones", (2, 7, 9)), ("bones", (1, 2, 3))):
                told = [LabelClass(id=n, name=f"class {n}", color="#112233") for n in numbers]
                publish(registry, name, architecture=deep, classes=told)
        yield service


def publish(registry: ServiceClient, name: str, **options) -> None:
    manifest = manifest_of(**options)
    content = save(random_state(manifest))
    digest = hashlib.sha256(content).hexdigest()
    registry.request("PUT", f"/blobs/{digest}", content=content)
    registry.post(f"/models/{name}/versions", {"manifest": manifest.model_dump(mode="json"), "weights": digest})


@pytest.fixture
def viewer(chromium: Browser, running: RunningAnnotate) -> Iterator[Viewer]:
    with looking(chromium, running, "rock") as viewer:
        yield viewer


def predicted(page: Page) -> int:
    """Count the voxels of the large plane that have a class by now."""
    return page.evaluate(
        "() => (window.voxloop.layout.main.scene.shown.prediction?.slice.data ?? []).reduce((sum, value) => sum + (value > 0), 0)"
    )


def test_a_prediction_is_chosen_seen_while_it_is_made_paused_and_gone_on_with(viewer: Viewer, running: RunningAnnotate) -> None:
    page = viewer.page
    page.goto(f"{viewer.url}&volume=rock#axis=z&index={MIDDLE}&layout=one&prediction=1")
    page.wait_for_function("() => window.voxloop?.session?.state.sliceState === 'ready'")
    page.locator("#predict-model option[value='rocks:1']").wait_for(state="attached")
    page.locator("#predict-model").select_option("rocks:1")
    page.get_by_text("Options", exact=True).click()
    page.locator("#predict-planes").select_option("zyx")
    expect(page.locator("#predict-also label")).to_have_count(1)  # bones tells other classes
    page.locator("#predict-also label").filter(has_text="stones:1").click()
    page.get_by_label("Mirrored, too").check()
    page.locator("#predict-start").click()

    card = page.locator("#predict-job .vx-job")
    page.wait_for_function("() => window.voxloop.session.state.predictions.some(({ partial }) => partial)")
    wait_until(lambda: predicted(page) > 0)
    (draft,) = list_predictions(running.workspace, "rock", partial=True)
    assert (draft.partial, draft.planes, draft.flips, sorted(model.name for model in draft.models)) == (
        True,
        "zyx",
        True,
        ["rocks", "stones"],
    )

    card.get_by_label("Pause this job").click()
    expect(card).to_have_attribute("data-state", "interrupted")
    expect(card).to_contain_text("Prediction paused")
    assert page.locator(".vx-toast[data-kind=error]").count() == 0
    assert list_predictions(running.workspace, "rock", partial=True) != []

    card.get_by_label("Resume this job").click()
    expect(page.locator("#predict-job .vx-job[data-state=running]")).to_be_visible()
    card.get_by_label("Cancel this job").click()
    expect(card).to_have_attribute("data-state", "cancelled")
    wait_until(lambda: list_predictions(running.workspace, "rock", partial=True) == [])


def test_a_whole_prediction_of_several_voices_can_be_taken_away_with_its_uncertainty(viewer: Viewer, running: RunningAnnotate) -> None:
    with ServiceClient(running.run_dir / "infer/http.sock") as infer:
        job = infer.post("/jobs", {"volume": "rock", "models": ["rocks", "stones"], "planes": "z"})
        wait_until(lambda: infer.get(f"/jobs/{job['id']}")["state"] == "succeeded")
    viewer.open(f"axis=z&index={MIDDLE}&layout=one&prediction=1")
    wait_until(lambda: predicted(viewer.page) == SHAPE[1] * SHAPE[2])
    viewer.page.locator('[data-export="menu"]').click()
    row = viewer.page.locator(".vx-export-row").filter(has_text="Uncertainty")
    with viewer.page.expect_download() as download:
        row.get_by_text("TIFF").click()
    assert download.value.suggested_filename == "rock-uncertainty.tif"
