"""The result panel: amounts, files, and post-processing that is seen before it is applied."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect
from scipy import ndimage

from tests.annotate.conftest import RunningAnnotate, running_annotate
from tests.browser.seeing import Viewer, looking
from tests.infer.test_postprocessing_jobs import predict
from tests.waiting import wait_until
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.predictions import list_predictions, open_prediction
from voxloop_shared.data.volumes import import_volume

pytestmark = pytest.mark.browser

SHAPE = (12, 200, 240)
SPECKS = [(6, 40, 60), (6, 150, 200), (3, 20, 20)]
HOLE = (6, 100, 120)


def numbers() -> NDArray[np.uint8]:
    """Make a ball of class 2 with a hole of class 1 in each slice, and specks of class 5."""
    _, y, x = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    found = np.ones(SHAPE, np.uint8)
    found[np.broadcast_to((y - 100) ** 2 + (x - 120) ** 2 < 60**2, SHAPE)] = 2
    found[:, HOLE[1] - 4 : HOLE[1] + 4, HOLE[2] - 4 : HOLE[2] + 4] = 1
    for at in SPECKS:
        found[at] = 5
    found[2:9, 10:30, 200:230] = 5
    return found


@pytest.fixture(scope="module")
def running() -> Iterator[RunningAnnotate]:
    """An annotate and an infer service over a volume with a prediction."""
    with running_annotate("infer") as service:
        image = np.random.default_rng(0).integers(80, 120, SHAPE).astype("uint8")
        info = import_volume(service.workspace, ArraySource(image), name="Bone", origin="test", voxel_size=(1, 0.5, 0.5), unit="mm")
        predict(service.workspace, info, numbers())
        service.client.post("/api/volumes", {"id": info.id})
        named = ((1, "background", "#999999"), (2, "bone", "#e69f00"), (5, "metal", "#56b4e9"))
        classes = [{"id": n, "name": name, "color": color} for n, name, color in named]
        service.client.put(f"/api/volumes/{info.id}/classes", {"classes": classes})
        yield service


@pytest.fixture
def viewer(chromium: Browser, running: RunningAnnotate) -> Iterator[Viewer]:
    with looking(chromium, running, "bone") as viewer:
        yield viewer


def open_panel(viewer: Viewer) -> Page:
    viewer.open("axis=z&index=6&layout=one&labels=off&prediction=1")
    choose(viewer, "p1")
    viewer.page.locator(".vx-chain summary").click()
    viewer.page.locator('[data-chain="add"] option').nth(3).wait_for(state="attached")
    return viewer.page


def choose(viewer: Viewer, prediction: str) -> None:
    viewer.page.locator("#prediction").select_option(prediction)
    viewer.page.wait_for_function("id => window.voxloop.session.state.prediction === id", arg=prediction)
    viewer.wait()


def shown(viewer: Viewer, place: tuple[int, int]) -> int:
    """Read the class that the large plane has at a row and column."""
    viewer.wait()
    found = viewer.page.evaluate(
        """([row, col]) => {
          const { slice, scale, origin } = window.voxloop.layout.main.scene.shown.prediction;
          return slice.data[(Math.floor(row / scale[0]) - origin.r0) * slice.cols + Math.floor(col / scale[1]) - origin.c0];
        }""",
        list(place),
    )
    return int(found)


def made_since(running: RunningAnnotate, known: set[str]) -> str:
    """Wait for the prediction that a job makes."""
    new = wait_until(lambda: [info.id for info in list_predictions(running.workspace, "bone") if info.id not in known])
    return str(new[0])


def test_amounts_stand_in_the_panel_with_share_and_volume(viewer: Viewer) -> None:
    viewer.open("axis=z&index=6")
    choose(viewer, "p1")
    row = viewer.page.locator('[data-amount="class 2"]')
    voxels = int((numbers() == 2).sum())
    expect(row).to_contain_text(f"{100 * voxels / numbers().size:.1f} %")
    expect(row).to_contain_text(f"{voxels * 0.25 / 1000:.3g}"[:2])
    expect(row).to_contain_text("mm³")


def test_steps_are_previewed_live_and_then_made(viewer: Viewer, running: RunningAnnotate) -> None:
    page = open_panel(viewer)
    before = {info.id for info in list_predictions(running.workspace, "bone")}
    assert (shown(viewer, SPECKS[0][1:]), shown(viewer, HOLE[1:])) == (5, 1)
    expect(page.locator('[data-chain="preview"]')).to_be_disabled()
    page.locator('[data-chain="add"]').select_option("remove_small")
    page.locator('[data-chain="preview"]').check()
    wait_until(lambda: shown(viewer, SPECKS[0][1:]) == 1)
    assert shown(viewer, HOLE[1:]) == 1
    page.locator('[data-chain="add"]').select_option("fill_holes")
    wait_until(lambda: shown(viewer, HOLE[1:]) == 2)
    page.locator('[data-step="fill_holes"] [data-field="maximum"]').fill("10")
    page.locator('[data-step="fill_holes"] [data-field="maximum"]').press("Enter")
    wait_until(lambda: shown(viewer, HOLE[1:]) == 1)
    page.locator('[data-step="fill_holes"] [data-field="maximum"]').fill("")
    page.locator('[data-step="fill_holes"] [data-field="maximum"]').press("Enter")
    wait_until(lambda: shown(viewer, HOLE[1:]) == 2)
    assert {info.id for info in list_predictions(running.workspace, "bone")} == before, "a preview makes nothing"
    page.locator('[data-chain="apply"]').click()
    made = made_since(running, before)
    found = np.asarray(open_prediction(running.workspace, "bone", made)[1]["class/0"])
    expected = numbers()
    for at in SPECKS:
        expected[at] = 1
    expected[:, HOLE[1] - 4 : HOLE[1] + 4, HOLE[2] - 4 : HOLE[2] + 4] = 2
    np.testing.assert_array_equal(found, expected)
    page.wait_for_function("id => window.voxloop.session.state.prediction === id", arg=made)
    expect(page.locator("#predict-job")).to_contain_text("Post-processing done")
    expect(page.locator("#prediction option:checked")).to_contain_text("post-processed")


def test_a_post_processed_prediction_is_edited_from_its_source(viewer: Viewer, running: RunningAnnotate) -> None:
    chain = {"steps": [{"kind": "dilation", "size": 5, "classes": [2]}]}
    before = {info.id for info in list_predictions(running.workspace, "bone")}
    running.client.post("/api/volumes/bone/predictions/p1/postprocess", {"chain": chain})
    first = made_since(running, before)
    page = open_panel(viewer)
    choose(viewer, first)
    step = page.locator('[data-step="dilation"]')
    expect(step.locator('[data-field="size"]')).to_have_value("5")
    expect(step.locator('[data-class="5"]')).to_have_attribute("aria-pressed", "false")
    step.locator('[data-field="size"]').fill("3")
    step.locator('[data-field="size"]').press("Enter")
    page.locator('[data-chain="apply"]').click()
    again = made_since(running, before | {first})
    page.wait_for_function("id => window.voxloop.session.state.prediction === id", arg=again)
    info, group = open_prediction(running.workspace, "bone", again)
    assert info.source == "p1"
    grown = ndimage.binary_dilation(numbers() == 2, np.ones((1, 3, 3)))
    np.testing.assert_array_equal(np.asarray(group["class/0"]) == 2, grown & (numbers() != 5) | (numbers() == 2))


def test_steps_are_moved_removed_and_told_what_is_wrong(viewer: Viewer) -> None:
    page = open_panel(viewer)
    page.locator('[data-chain="preset"]').select_option("sarcopenia")
    kinds = "nodes => nodes.map(node => node.dataset.step)"
    steps = page.locator("[data-step]")
    assert steps.evaluate_all(kinds) == ["range", "closing", "remove_small", "dilation", "range"]
    steps.nth(0).locator('[data-move="1"]').click()
    assert steps.evaluate_all(kinds) == ["closing", "range", "remove_small", "dilation", "range"]
    steps.nth(4).locator("[data-remove]").click()
    assert steps.evaluate_all(kinds) == ["closing", "range", "remove_small", "dilation"]
    size = steps.nth(0).locator('[data-field="size"]')
    size.fill("4")
    expect(size).to_have_attribute("aria-invalid", "true")
    size.fill("5")
    size.press("Enter")
    for chip in (2, 5):
        for at in range(4):
            steps.nth(at).locator(f'[data-class="{chip}"]').click()
    page.locator('[data-chain="apply"]').click()
    expect(page.locator(".vx-chain-problem")).to_contain_text("changes no class")


def test_the_prediction_is_downloaded_in_any_format(viewer: Viewer, tmp_path: Path) -> None:
    viewer.open("axis=z&index=6")
    choose(viewer, "p1")
    page = viewer.page
    for name, expected in (("All classes", numbers()), ("only class 5", (numbers() == 5).astype(np.uint8))):
        page.locator('[data-export="menu"]').click()
        with page.expect_download() as started:
            page.locator(".vx-export-row", has_text=name).get_by_text("TIFF").click()
        started.value.save_as(tmp_path / "a.tif")
        np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), expected)
        page.keyboard.press("Escape")
    page.locator('[data-export="menu"]').click()
    with page.expect_download() as started:
        page.get_by_text("JSON").click()
    started.value.save_as(tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text())["voxels"] == numbers().size
