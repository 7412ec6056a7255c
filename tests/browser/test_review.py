"""Review on the page: be led from place to place, accept, correct, skip; what was done is on the server, and undo opens a place again."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.annotate.conftest import RunningAnnotate, running_annotate
from tests.browser.painting import Painter, at_the_page
from tests.waiting import wait_until
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.labels import Labels
from voxloop_shared.data.masks import slices_of
from voxloop_shared.data.predictions import finish_prediction, new_prediction
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.schemas import LabelClass, ModelRef, PredictionInfo, VolumeInfo

pytestmark = pytest.mark.browser

SHAPE = (64, 96, 128)
CLASSES = [LabelClass(id=n, name=name, color=color) for n, name, color in ((1, "matrix", "#0072b2"), (2, "grain", "#e69f00"))]


def grains() -> np.ndarray:
    """Make bright balls on a dark ground."""
    places = np.random.default_rng(3).uniform(0, 1, (40, 3)) * SHAPE
    z, y, x = np.indices(SHAPE)
    found = np.zeros(SHAPE, bool)
    for a, b, c in places:
        found |= (z - a) ** 2 + (y - b) ** 2 + (x - c) ** 2 < 81
    return found


@pytest.fixture(scope="module")
def service() -> Iterator[RunningAnnotate]:
    """Annotate and infer on one workspace."""
    with running_annotate("infer") as annotate:
        yield annotate


@pytest.fixture(scope="module")
def volume(service: RunningAnnotate) -> VolumeInfo:
    """A predicted volume of grains."""
    rng = np.random.default_rng(0)
    image = np.where(grains(), 170, 80) + rng.normal(0, 12, SHAPE)
    made = import_volume(service.workspace, ArraySource(image.astype(np.uint8)), name=f"Grains {secrets.token_hex(3)}", origin="test")
    service.client.post("/api/volumes", {"id": made.id})
    service.client.put(f"/api/volumes/{made.id}/classes", {"classes": [entry.model_dump() for entry in CLASSES]})
    info = PredictionInfo(
        id="p1", volume=made.id, model=ModelRef(name="grains", version=1, digest="0" * 64), snapshot="none", planes="z", job=None,
        classes=CLASSES, levels=made.levels, author="test", created=datetime.now(UTC), duration_s=1,
    )  # fmt: skip
    with new_prediction(service.workspace, made, "p1") as group:
        group["class/0"][:] = predicted()
        group["confidence/0"][:] = rng.integers(120, 255, SHAPE).astype(np.uint8)
        finish_prediction(group, made, info)
    return made


def predicted() -> np.ndarray:
    return np.where(grains(), 2, 1).astype(np.uint8)


@pytest.fixture
def reviewer(chromium: Browser, service: RunningAnnotate, volume: VolumeInfo) -> Iterator[Painter]:
    """Someone at the predicted volume, who in the end has seen no error."""
    with at_the_page(chromium, service, volume.id) as someone:
        someone.page.wait_for_function("() => window.voxloop.session.state.review && window.voxloop.layout.main.scene.shown.prediction")
        yield someone


def review(someone: Painter) -> dict[str, Any]:
    return someone.client.get(f"/api/volumes/{someone.volume}/review")


def propose(someone: Painter) -> list[dict[str, Any]]:
    someone.page.click("[data-action=propose]")
    someone.page.wait_for_function(
        "() => { const { review } = window.voxloop.session.state; return !review.waiting && review.places.length; }"
    )
    return review(someone)["places"]


def current(someone: Painter) -> dict[str, Any]:
    """Give the place that the page is at, as the server has it."""
    number = someone.state("place")
    return next(entry for entry in review(someone)["places"] if entry["id"] == number)


def labels(service: RunningAnnotate, someone: Painter) -> np.ndarray:
    return np.asarray(Labels.open(service.workspace.labels_of(someone.volume)).array()[:])


def test_one_is_led_from_place_to_place_and_the_server_knows_what_was_done(reviewer: Painter, service: RunningAnnotate) -> None:
    page = reviewer.page
    places = propose(reviewer)
    expect(page.locator(".vx-review-rows > li")).to_have_count(len(places))
    expect(page.locator(".vx-review-count")).to_have_text(f"0 of {len(places)} reviewed")
    expect(page.locator("[data-action=accept-place]")).to_be_disabled()
    reviewer.press("Shift+N")
    wait_until(lambda: current(reviewer)["shown"])
    first = current(reviewer)
    assert first["id"] == places[0]["id"]
    assert_on_screen(reviewer, first)

    reviewer.press("Enter")
    wait_until(lambda: reviewer.state("place") == places[1]["id"])
    reviewer.settle()
    region = slices_of(first["place"]["box"])
    expected = np.zeros(SHAPE, np.uint8)
    expected[region] = predicted()[region]
    np.testing.assert_array_equal(labels(service, reviewer), expected)
    done = review(reviewer)["places"][0]
    assert (done["outcome"], done["painted"], done["corrected"]) == ("accepted", np.count_nonzero(expected), 0)
    assert_on_screen(reviewer, current(reviewer))

    page.click("[data-action=skip-place]")
    wait_until(lambda: reviewer.state("place") == places[2]["id"])
    third = current(reviewer)
    box, across = third["place"]["box"], "zyx".index(third["place"]["axis"])
    (r0, r1), (c0, c1) = (span for along, span in enumerate(box) if along != across)
    reviewer.choose("brush")
    page.locator('[data-class-id="2"]').first.click()
    middle = (r0 + r1) / 2
    reviewer.drag((middle, c0 + 4), (middle, c1 - 4))
    reviewer.press("Shift+Enter")
    wait_until(lambda: reviewer.state("place") == places[3]["id"])
    outcomes = [(entry["outcome"], bool(entry["painted"])) for entry in review(reviewer)["places"][:4]]
    assert outcomes == [("accepted", True), ("skipped", False), ("corrected", True), (None, False)]
    expect(page.locator(".vx-review-count")).to_have_text(f"3 of {len(places)} reviewed")
    expect(page.locator('.vx-review-rows > li[data-outcome="accepted"]')).to_have_count(1)

    reviewer.press("Control+z")  # the stroke
    reviewer.settle()
    reviewer.press("Control+z")  # the acceptance
    reviewer.settle()
    assert not labels(service, reviewer).any()
    wait_until(lambda: review(reviewer)["places"][0]["outcome"] is None)
    expect(page.locator('.vx-review-rows > li[data-outcome="accepted"]')).to_have_count(0)


def assert_on_screen(someone: Painter, entry: dict[str, Any]) -> None:
    """Check that the large plane shows a place as a whole, in the middle, with its frame."""
    someone.wait_for_slice()
    shown = someone.page.evaluate(
        """() => {
          const { view, axis, index } = window.voxloop.layout.main;
          return { axis, index, rect: view.visibleRect(), center: view.center };
        }"""
    )
    place = entry["place"]
    assert (shown["axis"], shown["index"]) == (place["axis"], place["index"])
    across = "zyx".index(place["axis"])
    (r0, r1), (c0, c1) = (span for along, span in enumerate(place["box"]) if along != across)
    rect = shown["rect"]
    assert rect["r0"] <= r0 < r1 <= rect["r1"]
    assert rect["c0"] <= c0 < c1 <= rect["c1"]
    for along, span in enumerate(place["box"]):
        assert along == across or shown["center"][along] == sum(span) / 2
    wait_until(lambda: someone.page.get_attribute(".vx-review-frame", "data-place") == str(entry["id"]))


def test_a_place_is_chosen_from_the_list_and_has_a_picture(reviewer: Painter) -> None:
    page = reviewer.page
    if not review(reviewer)["places"]:
        propose(reviewer)
    places = review(reviewer)["places"]
    row = page.locator(f'.vx-review-rows > li[data-place="{places[-1]["id"]}"]')
    row.click()
    assert_on_screen(reviewer, current(reviewer))
    expect(row).to_have_attribute("aria-current", "")
    greys = "node => new Set(node.getContext('2d').getImageData(0, 0, node.width, node.height).data).size"
    wait_until(lambda: row.locator("canvas").evaluate(greys) > 20)


def test_what_cannot_be_chosen_is_not_offered_and_a_failure_is_told(reviewer: Painter) -> None:
    page = reviewer.page
    options = page.locator(".vx-review select option")
    names = options.evaluate_all("nodes => nodes.map((node) => node.value)")
    assert names == ["random", "combined", "entropy", "coreset", "balanced"]
    page.select_option(".vx-review select", "coreset")
    page.click("[data-action=propose]")
    expect(page.locator(".vx-review-problem")).to_be_visible()  # no registry answers here
    assert review(reviewer)["waiting"] is None
