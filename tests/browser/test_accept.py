"""Correcting on the page: what the prediction says becomes labels where a person agrees, and places are flagged to be looked at again."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Route

from tests.annotate.conftest import RunningAnnotate
from tests.browser.geometry import capsule, rectangle
from tests.browser.painting import DISC, SHAPE, VOXEL_SIZE, Painter, image
from tests.waiting import PATIENCE_MS, wait_until
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.labels import Labels
from voxloop_shared.data.predictions import finish_prediction, new_prediction
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.schemas import LabelClass, ModelRef, PredictionInfo

pytestmark = pytest.mark.browser

MIDDLE = SHAPE[0] // 2
PLANE = SHAPE[1:]
CLASSES = [LabelClass(id=n, name=f"class {n}", color=color) for n, color in ((1, "#e69f00"), (2, "#56b4e9"), (3, "#009e73"))]


def predicted() -> NDArray[np.uint8]:
    """Say class 2 in the bright rod, 1 around it, and 3 in two squares that do not touch."""
    classes = np.where(image() >= 2000, 2, 1).astype(np.uint8)
    classes[:, 5:12, 5:12] = classes[:, 45:52, 65:72] = 3
    return classes


def confidence() -> NDArray[np.uint8]:
    """Rise along x."""
    return np.broadcast_to(np.linspace(60, 250, SHAPE[2]).astype(np.uint8), SHAPE)


@pytest.fixture
def critic(chromium: Browser, paint_service: RunningAnnotate) -> Iterator[Painter]:
    """Someone at a fresh volume with a prediction, who in the end has seen no error."""
    name = f"Stone {secrets.token_hex(4)}"
    volume = import_volume(paint_service.workspace, ArraySource(image()), name=name, origin="test", voxel_size=VOXEL_SIZE, unit="um")
    info = PredictionInfo(
        id="p1", volume=volume.id, model=ModelRef(name="unet", version=3, digest="0" * 64), snapshot="none", planes="z", job=None,
        classes=CLASSES, levels=volume.levels, author="test", created=datetime.now(UTC), duration_s=1,
    )  # fmt: skip
    with new_prediction(paint_service.workspace, volume, info.id) as group:
        group["class/0"][:] = predicted()  # type: ignore[index]
        group["confidence/0"][:] = confidence()  # type: ignore[index]
        finish_prediction(group, volume, info)
    client = paint_service.client
    client.post("/api/volumes", {"id": volume.id})
    client.put(f"/api/volumes/{volume.id}/classes", {"classes": [entry.model_dump() for entry in CLASSES]})
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    someone = Painter(page, client, volume.id)
    page.goto(f"{paint_service.door}/?token={paint_service.token}&volume={volume.id}")
    someone.wait_for_slice()
    page.wait_for_function(
        "() => { const { scene } = window.voxloop.layout.main; return scene.shown.prediction && scene.shown.confidence; }"
    )
    someone.press("Shift+A")
    yield someone
    context.close()
    assert someone.complaints == []


def origin_of(service: RunningAnnotate, volume: str) -> NDArray[np.uint8]:
    origin = Labels.open(service.workspace.labels_of(volume)).origin()
    return np.zeros(SHAPE, np.uint8) if origin is None else np.asarray(origin[:])


def on_middle(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Give the predicted classes on the middle slice where a mask says so, nothing elsewhere."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[MIDDLE] = np.where(mask, predicted()[MIDDLE], 0)
    return labels


def test_a_click_accepts_the_piece_under_the_pointer_and_undo_takes_it_back(critic: Painter, paint_service: RunningAnnotate) -> None:
    critic.click((8, 8))
    critic.settle()
    expected = on_middle(rectangle(PLANE, (5, 5), (12, 12)))
    np.testing.assert_array_equal(critic.labels(), expected)
    np.testing.assert_array_equal(origin_of(paint_service, critic.volume), expected != 0)
    wait_until(lambda: np.array_equal(critic.shown(), expected[MIDDLE]))
    assert critic.say() == "accept component: 49 voxels"
    assert critic.page.locator(".vx-history-name").first.text_content() == f"accept class 3 z={MIDDLE}"
    critic.press("Control+z")
    critic.settle()
    assert not critic.labels().any()


def test_a_piece_in_3d_stays_within_its_slices(critic: Painter) -> None:
    critic.option("dims", "3")
    critic.option("slices", "2")
    critic.click((DISC[0], DISC[1]))
    critic.settle()
    expected = np.zeros(SHAPE, np.uint8)
    expected[MIDDLE - 2 : MIDDLE + 3][image()[MIDDLE - 2 : MIDDLE + 3] >= 2000] = 2
    np.testing.assert_array_equal(critic.labels(), expected)


def test_a_class_is_accepted_wherever_it_is_on_the_slice(critic: Painter) -> None:
    critic.option("accept", "class")
    critic.click((8, 8))
    critic.settle()
    np.testing.assert_array_equal(critic.labels(), on_middle(predicted()[MIDDLE] == 3))


def test_a_slice_is_accepted_where_nobody_has_painted_and_the_prediction_is_sure(critic: Painter, paint_service: RunningAnnotate) -> None:
    critic.choose("rectangle")
    critic.press("2")
    critic.drag((5, 40), (20, 70))
    painted = critic.labels()
    critic.press("Shift+A")
    critic.option("accept", "slice")
    critic.option("confidence", "0.6")
    critic.click((DISC[0], DISC[1]))
    critic.settle()
    sure = on_middle(confidence()[MIDDLE] >= 153)
    np.testing.assert_array_equal(critic.labels(), np.where(painted, painted, sure))
    np.testing.assert_array_equal(origin_of(paint_service, critic.volume), (painted == 0) & (sure != 0))
    critic.option("acceptOver", "all")
    critic.click((DISC[0], DISC[1]))
    critic.settle()
    np.testing.assert_array_equal(critic.labels(), np.where(sure, sure, painted))


def test_a_rectangle_is_accepted(critic: Painter) -> None:
    critic.option("accept", "region")
    a, b = critic.drag((3, 3), (40, 50))
    np.testing.assert_array_equal(critic.labels(), on_middle(rectangle(PLANE, a, b)))


def test_what_is_seen_is_accepted_and_no_more(critic: Painter) -> None:
    critic.option("accept", "visible")
    critic.page.evaluate("() => window.voxloop.session.setView({ zoom: 24, center: [7, 30, 40] })")
    critic.wait_for_slice()
    seen = critic.page.evaluate("() => window.voxloop.layout.main.view.visibleRect()")
    critic.click((DISC[0], DISC[1]))
    critic.settle()
    mask = np.zeros(PLANE, bool)
    mask[seen["r0"] : seen["r1"], seen["c0"] : seen["c1"]] = True
    assert not mask.all()
    np.testing.assert_array_equal(critic.labels(), on_middle(mask))


def test_the_brush_paints_what_the_model_says_and_shows_it_at_once(critic: Painter, paint_service: RunningAnnotate) -> None:
    critic.option("accept", "brush")
    critic.option("confidence", "0.4")
    critic.option("size", "14")
    held: list[Route] = []
    critic.page.route("**/strokes", lambda route: held.append(route))
    start, stop = critic.point((10, 15)), critic.point((DISC[0], DISC[1] + 8))
    critic.page.mouse.move(*start)
    critic.page.mouse.down()
    critic.page.mouse.move(*stop)
    with critic.page.expect_request("**/strokes"):
        critic.page.mouse.up()
    way = capsule(PLANE, critic.place(start), critic.place(stop), 14, (1, 1))
    expected = on_middle(way & (confidence()[MIDDLE] >= 102))
    assert {1, 2} <= set(np.unique(expected).tolist())
    np.testing.assert_array_equal(critic.shown(), expected[MIDDLE])
    held[0].continue_()
    critic.settle()
    np.testing.assert_array_equal(critic.labels(), expected)
    np.testing.assert_array_equal(origin_of(paint_service, critic.volume), expected != 0)


def test_what_is_not_seen_cannot_be_accepted(critic: Painter) -> None:
    critic.press("p")
    critic.click((8, 8))
    assert critic.say() == "show the prediction first (p)"
    critic.settle()
    assert not critic.labels().any()


def test_keys_choose_what_is_accepted_and_how_sure_it_must_be(critic: Painter) -> None:
    assert critic.state("tool") == "accept"
    critic.press("m")
    assert critic.state("options")["accept"] == "class"
    critic.press("Shift+>")
    critic.press("Shift+>")
    critic.press("Shift+<")
    assert critic.state("options")["confidence"] == pytest.approx(0.05)
    assert critic.page.locator('[data-slot="tool"]').inner_text() == "accept class · from 0.05 · over unlabelled"


def test_a_flag_stands_at_the_slider_and_in_the_list_until_it_is_taken_down(critic: Painter) -> None:
    critic.press("Shift+L")
    row = critic.page.locator(".vx-flag-row")
    row.wait_for()
    assert row.inner_text().split("\n")[:2] == [f"z {MIDDLE}", "whole slice"]
    assert critic.page.locator(".vx-mark-flagged").get_attribute("d") == f"M{MIDDLE} 0V1"
    critic.press("Home")
    row.click()
    wait_until(lambda: critic.state("indices")[0] == MIDDLE)
    critic.page.reload()
    critic.wait_for_slice()
    row.wait_for()
    row.locator("[data-action=unflag]").click()
    wait_until(lambda: row.count() == 0)
    assert critic.client.get(f"/api/volumes/{critic.volume}/flags")["flags"] == []
    assert critic.page.locator(".vx-mark-flagged").get_attribute("d") == ""
