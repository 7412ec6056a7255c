"""Two full rounds on the demo volume: strokes, training, prediction, corrections led by the review, training again. It gets better, and
the labels, their origins, the history and the models' snapshots are what was done."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, expect
from scipy import ndimage

from tests.browser.conftest import RunningStack
from tests.browser.painting import Painter
from tests.waiting import PATIENCE_MS, wait_until
from voxloop_compose.demo.annotator import Hand, draw_strokes
from voxloop_compose.demo.loop import SCORED_SLICES
from voxloop_compose.demo.nerve import CLASSES, reference_labels
from voxloop_compose.demo.scores import dice
from voxloop_shared.data.labels import Labels
from voxloop_shared.data.masks import slices_of
from voxloop_shared.data.predictions import list_predictions, open_prediction
from voxloop_shared.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.slow]

VOLUME = "nerve"
PAINTED = 56
REVIEWED = 10
_RIGHT = 0.97
"""The share of a place's voxels that must be right for a person to accept it as it is."""


@pytest.fixture
def person(chromium: Browser, stack: RunningStack) -> Iterator[Painter]:
    """Someone who has painted a stroke of each class on one slice, and opens the page."""
    rng = np.random.default_rng(1)
    with stack.client() as client:
        for stroke in draw_strokes(reference_labels()[PAINTED], PAINTED, rng, Hand(strokes_per_class=1)):
            client.post(f"/api/volumes/{VOLUME}/strokes", stroke.model_dump(mode="json"))
        context = chromium.new_context(viewport={"width": 1280, "height": 720})
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        someone = Painter(page, client, VOLUME)
        page.goto(stack.url)
        someone.wait_for_slice()
        yield someone
        context.close()
    assert someone.complaints == []


def test_a_second_round_led_by_the_review_is_better_and_all_of_it_is_on_record(person: Painter, stack: RunningStack) -> None:
    workspace, truth = Workspace(stack.workspace), reference_labels()
    first_labels = labels(workspace)
    first = train(person, workspace)
    assert first["snapshot"] == Labels.open(workspace.labels_of(VOLUME)).head
    person.page.click("[data-action=propose]")
    expect(person.page.locator(".vx-review-rows > li").first).to_be_visible()
    person.press("Shift+N")
    outcomes = [review_place(person, workspace, truth) for _ in range(REVIEWED)]
    assert "corrected" in outcomes
    second_labels = labels(workspace)
    assert (second_labels[first_labels > 0] == first_labels[first_labels > 0]).all()
    check_records(person, workspace, first["prediction"], outcomes)

    second = train(person, workspace)
    assert second["snapshot"] == Labels.open(workspace.labels_of(VOLUME)).head != first["snapshot"]
    np.testing.assert_array_equal(labels(workspace), second_labels)
    before, after = (score(workspace, each["prediction"], truth, second_labels) for each in (first, second))
    assert after > before + 0.005, (before, after)


def train(person: Painter, workspace: Workspace) -> dict[str, Any]:
    """Train `instant` on the page and wait for the prediction; gives the snapshot it learnt from and the prediction's id."""
    known = set(finished(workspace))
    person.page.select_option("#train-learner", "instant")
    person.page.click("#train-start")
    (made,) = wait_until(lambda: set(finished(workspace)) - known)
    person.page.wait_for_function("id => window.voxloop.session.state.prediction === id", arg=made)
    person.page.wait_for_function("() => window.voxloop.layout.main.scene.shown.prediction")
    return {"prediction": made, "snapshot": finished(workspace)[made]}


def finished(workspace: Workspace) -> dict[str, str]:
    """List the predictions that are whole, each with the snapshot behind it."""
    return {info.id: info.snapshot for info in list_predictions(workspace, VOLUME)}


def review_place(person: Painter, workspace: Workspace, truth: NDArray[np.uint8]) -> str:
    """Accept the place at hand if it is right, else paint into the largest wrong piece of each class; gives the outcome."""
    number = person.state("place")
    entry = next(each for each in queue(person) if each["id"] == number)
    region = slices_of(entry["place"]["box"])
    across = "zyx".index(entry["place"]["axis"])
    found = np.asarray(open_prediction(workspace, VOLUME, entry["prediction"])[1]["class/0"][region]).squeeze(across)
    expected = truth[region].squeeze(across)
    if (found == expected).mean() >= _RIGHT:
        person.press("Enter")
    else:
        corner = [part.start for along, part in enumerate(region) if along != across]
        paint(person, found, expected, (corner[0], corner[1]))
        person.press("Shift+Enter")
    wait_until(lambda: person.state("place") != number)
    person.settle()
    return str(next(each["outcome"] for each in queue(person) if each["id"] == number))


def queue(person: Painter) -> list[dict[str, Any]]:
    return person.client.get(f"/api/volumes/{VOLUME}/review")["places"]


def paint(person: Painter, found: NDArray[np.uint8], expected: NDArray[np.uint8], corner: tuple[int, int]) -> None:
    """Draw a short line with the smallest brush through the largest wrong piece of each class."""
    person.wait_for_slice()
    person.choose("brush")
    person.option("size", "1")
    for number in np.unique(expected).tolist():
        pieces, count = ndimage.label((expected == number) & (found != number))
        if count == 0:
            continue
        largest = pieces == np.bincount(pieces.ravel())[1:].argmax() + 1
        inside = ndimage.distance_transform_edt(np.pad(expected == number, 1))[1:-1, 1:-1] * largest
        row, column = (int(place) for place in np.unravel_index(inside.argmax(), inside.shape))
        left, right = run_around(expected[row] == number, column)
        person.page.locator(f'[data-class-id="{number}"]').first.click()
        person.drag((corner[0] + row + 0.5, corner[1] + left + 0.5), (corner[0] + row + 0.5, corner[1] + right + 0.5))


def run_around(mask: NDArray[np.bool_], place: int, reach: int = 10) -> tuple[int, int]:
    """Give the first and the last place of the run of a mask around a place, no farther from it than `reach`."""
    gaps = np.flatnonzero(~mask)
    before, after = gaps[gaps < place].max(initial=-1) + 1, gaps[gaps > place].min(initial=len(mask)) - 1
    return max(int(before), place - reach), min(int(after), place + reach)


def check_records(person: Painter, workspace: Workspace, prediction: str, outcomes: list[str]) -> None:
    """Check that labels, origins and history say what the records of the review say."""
    records = person.client.get(f"/api/volumes/{VOLUME}/review/records")
    assert [entry["outcome"] for entry in records["places"]][:REVIEWED] == outcomes
    assert {entry["prediction"] for entry in records["places"]} == {prediction}
    stored = Labels.open(workspace.labels_of(VOLUME))
    origin = np.zeros(stored.shape, np.uint8) if stored.origin() is None else np.asarray(stored.origin()[:])
    accepts = [commit for commit in stored.history.since(0) if commit.tool == "accept"]
    accepted = [entry for entry in records["places"] if entry["outcome"] == "accepted"]
    assert [commit.snapshot for commit in accepts] == [entry["acceptance"] for entry in accepted if entry["acceptance"]]
    assert {commit.prediction for commit in accepts} <= {prediction}
    assert sum(commit.voxels for commit in accepts) == np.count_nonzero(origin) == sum(stored.accepted.values())
    whole = labels(workspace)
    found = np.asarray(open_prediction(workspace, VOLUME, prediction)[1]["class/0"][:])
    assert (whole[origin > 0] == found[origin > 0]).all()
    by_hand = [entry for entry in records["places"] if entry["outcome"] == "corrected"]
    assert all(entry["painted"] >= entry["corrected"] > 0 for entry in by_hand)
    guided = records["yields"][0]
    assert (guided["reviewed"], guided["accepted"]) == (REVIEWED, len(accepted))


def labels(workspace: Workspace) -> NDArray[np.uint8]:
    return np.asarray(Labels.open(workspace.labels_of(VOLUME)).array()[:])


def score(workspace: Workspace, prediction: str, truth: NDArray[np.uint8], labelled: NDArray[np.uint8]) -> float:
    """Give the mean Dice on slices across z that nobody painted on, without the voxels that other planes have labelled there."""
    array = open_prediction(workspace, VOLUME, prediction)[1]["class/0"]
    slices = list(SCORED_SLICES)
    unseen = labelled[slices] == 0
    found, expected = np.stack([np.asarray(array[z]) for z in slices])[unseen], truth[slices][unseen]
    return float(np.mean([dice(found, expected, entry.id) for entry in CLASSES]))
