"""Review: places are proposed by a real infer service; what people did with them is kept, through crashes too, and can be read."""

import csv
import io
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from tests.annotate.conftest import RunningAnnotate, running_annotate
from tests.waiting import wait_until
from voxloop_annotate.reviewbook import Entry
from voxloop_annotate.reviews import painted_boxes
from voxloop_annotate.reviewtable import yields_of
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.labels import Labels
from voxloop_shared.data.masks import slices_of
from voxloop_shared.data.predictions import finish_prediction, new_prediction
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.errors import InvalidInput, NotFound, VolumeNotFound
from voxloop_shared.review import Place
from voxloop_shared.schemas import LabelClass, ModelRef, PredictionInfo

SHAPE = (24, 64, 80)
CLASSES = [LabelClass(id=n, name=f"class {n}", color="#112233") for n in (1, 2)]


@pytest.fixture(scope="module")
def services() -> Iterator[RunningAnnotate]:
    with running_annotate("infer") as annotate:
        yield annotate


def predicted_volume(services: RunningAnnotate) -> str:
    """Add a volume that is predicted; gives its id."""
    image = np.random.default_rng(0).integers(0, 200, SHAPE).astype(np.uint8)
    volume = import_volume(services.workspace, ArraySource(image), name=f"Stone {secrets.token_hex(4)}", origin="test")
    services.client.post("/api/volumes", {"id": volume.id})
    services.client.put(f"/api/volumes/{volume.id}/classes", {"classes": [entry.model_dump() for entry in CLASSES]})
    info = PredictionInfo(
        id="p1", volume=volume.id, model=ModelRef(name="rocks", version=3, digest="d"), snapshot="none", planes="z", job=None,
        classes=CLASSES, levels=volume.levels, author="ada", created=datetime.now(UTC), duration_s=1,
    )  # fmt: skip
    with new_prediction(services.workspace, volume, "p1") as group:
        group["class/0"][:] = predicted()
        group["confidence/0"][:] = np.random.default_rng(1).integers(130, 255, SHAPE).astype(np.uint8)
        finish_prediction(group, volume, info)
    return volume.id


@pytest.fixture
def annotate(services: RunningAnnotate) -> RunningAnnotate:
    """Both services, with a fresh volume that is predicted."""
    services.volume = predicted_volume(services)
    return services


@pytest.fixture(scope="module")
def shared_volume(services: RunningAnnotate) -> tuple[str, Iterator[int]]:
    """A volume with places on it, and the numbers of those that no test has used yet; no two are on one slice."""
    services.volume = predicted_volume(services)
    places = proposed(services, count=30, axes=["z"])
    first_of_slice = {entry["place"]["index"]: entry["id"] for entry in reversed(places)}
    return services.volume, iter(sorted(first_of_slice.values()))


@pytest.fixture
def queue(services: RunningAnnotate, shared_volume: tuple[str, Iterator[int]]) -> RunningAnnotate:
    """Both services, with places to be dealt with; the tests share the volume, for each proposal is a job."""
    services.volume, _ = shared_volume
    return services


@pytest.fixture
def place(queue: RunningAnnotate, shared_volume: tuple[str, Iterator[int]]) -> dict[str, Any]:
    """A place of the queue that nobody has seen."""
    number = next(shared_volume[1])
    return next(entry for entry in review(queue)["places"] if entry["id"] == number)


def predicted() -> np.ndarray:
    """Say class 2 in every fourth column, else 1."""
    return np.where(np.arange(SHAPE[2]) % 4 == 0, 2, 1).astype(np.uint8) * np.ones(SHAPE, np.uint8)


def review(annotate: RunningAnnotate) -> dict[str, Any]:
    return annotate.client.get(f"{annotate.base}/review")


def records(annotate: RunningAnnotate) -> dict[str, Any]:
    return annotate.client.get(f"{annotate.base}/review/records")


def proposed(annotate: RunningAnnotate, **wish: Any) -> list[dict[str, Any]]:
    """Have places proposed and wait until they are there."""
    annotate.client.post(f"{annotate.base}/review", {"prediction": "p1", "side": 16, "count": 4, "acquisition": "entropy"} | wish)
    wait_until(lambda: review(annotate)["waiting"] is None)
    return review(annotate)["places"]


def show(annotate: RunningAnnotate, place: dict[str, Any]) -> None:
    annotate.client.post(f"{annotate.base}/review/{place['id']}/show")


def decide(annotate: RunningAnnotate, place: dict[str, Any], outcome: str | None, acceptance: str | None = None) -> dict[str, Any]:
    return annotate.client.put(f"{annotate.base}/review/{place['id']}/outcome", {"outcome": outcome, "acceptance": acceptance})


def accept(annotate: RunningAnnotate, place: dict[str, Any]) -> dict[str, Any]:
    """Accept what is predicted at a place, as the page does."""
    where = place["place"]
    order = {"id": secrets.token_hex(8), "kind": "accept", "where": "region", "prediction": "p1", "overwrite": "unlabelled"}
    return annotate.client.post(f"{annotate.base}/fills", order | {key: where[key] for key in ("axis", "index", "box")})


def paint(annotate: RunningAnnotate, place: dict[str, Any], value: int) -> int:
    """Paint the upper half of a place by hand; gives the number of voxels."""
    where = place["place"]
    box = [list(span) for span in where["box"]]
    row = 1 if where["axis"] == "z" else 0
    box[row][1] = (box[row][0] + box[row][1]) // 2
    voxels = int(np.prod([stop - start for start, stop in box]))
    stroke = {"id": secrets.token_hex(8), "tool": "brush", "value": value, "axis": where["axis"], "index": where["index"]}
    annotate.client.post(f"{annotate.base}/strokes", stroke | {"box": box, "runs": [0, voxels]})
    return voxels


def labels(annotate: RunningAnnotate) -> np.ndarray:
    return np.asarray(Labels.open(annotate.workspace.labels_of(annotate.volume)).array()[:])


def entry_of(annotate: RunningAnnotate, place: dict[str, Any]) -> dict[str, Any]:
    return next(entry for entry in records(annotate)["places"] if entry["id"] == place["id"])


def test_places_come_best_first_with_reason_model_and_job(queue, place):
    places = review(queue)["places"]
    scores = [entry["place"]["score"] for entry in places]
    assert len(scores) > 4
    assert scores == sorted(scores, reverse=True)
    assert {(entry["prediction"], entry["model"]) for entry in places} == {("p1", "rocks:3")}
    assert (place["outcome"], place["shown"], place["painted"]) == (None, None, None)
    assert all("mean confidence" in entry["place"]["reason"] for entry in places)
    assert len({entry["job"] for entry in places}) == 1
    assert next(entry["name"] for entry in review(queue)["acquisitions"]) == "random"


def test_accepting_a_place_is_counted_and_undo_opens_it_again(queue, place):
    before, reviewed = labels(queue), review(queue)["reviewed"]
    show(queue, place)
    entry = decide(queue, place, "accepted", accept(queue, place)["snapshot"])
    region = slices_of(place["place"]["box"])
    expected = before.copy()
    expected[region] = predicted()[region]
    np.testing.assert_array_equal(labels(queue), expected)
    assert (entry["painted"], entry["corrected"], entry["outcome"]) == (256, 0, "accepted")
    assert entry["time"] >= entry["shown"] >= entry["proposed"]
    assert review(queue)["reviewed"] == reviewed + 1
    queue.client.post(f"{queue.base}/undo")
    np.testing.assert_array_equal(labels(queue), before)
    assert (review(queue)["reviewed"], entry_of(queue, place)["outcome"]) == (reviewed, None)
    queue.client.post(f"{queue.base}/redo")
    assert entry_of(queue, place)["outcome"] == "accepted"


def test_a_correction_counts_what_contradicts_the_prediction(queue, place):
    show(queue, place)
    half = paint(queue, place, 2)
    entry = decide(queue, place, "corrected")
    region = slices_of(place["place"]["box"])
    wrong = (labels(queue)[region] == 2) & (predicted()[region] == 1)
    assert (entry["painted"], entry["corrected"]) == (half, int(wrong.sum()))
    assert entry["corrected"] > 0


def test_accepting_keeps_what_a_person_has_painted_there(queue, place):
    show(queue, place)
    half = paint(queue, place, 2)
    before = labels(queue)
    accepted = decide(queue, place, "accepted", accept(queue, place)["snapshot"])
    after = labels(queue)
    assert (after[before != 0] == before[before != 0]).all()
    assert np.count_nonzero(after[slices_of(place["place"]["box"])]) == accepted["painted"] == 256
    assert 0 < accepted["corrected"] < half


def test_the_last_word_about_a_place_counts(queue, place):
    assert decide(queue, place, "skipped")["painted"] == 0
    assert decide(queue, place, None)["outcome"] is None
    assert entry_of(queue, place)["outcome"] is None
    assert decide(queue, place, "corrected")["outcome"] == "corrected"


def test_the_table_holds_every_place(queue, place):
    show(queue, place)
    decide(queue, place, "skipped")
    answer = queue.client.request("GET", f"{queue.base}/review/records", params={"format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows, places = list(csv.DictReader(io.StringIO(answer.text))), records(queue)["places"]
    assert [int(row["id"]) for row in rows] == [entry["id"] for entry in places]
    assert [row["outcome"] for row in rows] == [entry["outcome"] or "" for entry in places]
    assert next(row["outcome"] for row in rows if int(row["id"]) == place["id"]) == "skipped"
    for row, entry in zip(rows, places, strict=True):
        assert [int(row[key]) for key in ("z0", "z1", "y0", "y1", "x0", "x1")] == [edge for span in entry["place"]["box"] for edge in span]
        assert (row["acquisition"], row["prediction"], row["model"]) == ("entropy", "p1", "rocks:3")


def test_strokes_keep_places_away_but_accepted_voxels_do_not_count(queue, place):
    stored = queue.workspace.labels_of(queue.volume)
    before = len(painted_boxes(Labels.open(stored)))
    paint(queue, place, 1)
    accept(queue, place)
    boxes = painted_boxes(Labels.open(stored))
    assert len(boxes) == before + 1
    assert boxes[-1][0] == tuple(place["place"]["box"][0])
    for _ in range(2):
        queue.client.post(f"{queue.base}/undo")
    assert len(painted_boxes(Labels.open(stored))) == before


def test_unknown_places_and_volumes_are_refused(queue, place):
    with pytest.raises(NotFound, match="no place 987654"):
        queue.client.put(f"{queue.base}/review/987654/outcome", {"outcome": "skipped"})
    with pytest.raises(NotFound):
        queue.client.post(f"{queue.base}/review/987654/show")
    with pytest.raises(VolumeNotFound):
        queue.client.get("/api/volumes/nowhere/review")
    with pytest.raises(NotFound, match="snapshot"):
        decide(queue, place, "accepted", "NOSUCHSNAPSHOT")


def test_what_each_way_to_choose_brings_is_summed_up():
    def made(number: int, acquisition: str, outcome: str | None, seconds: int = 0, **counts: int) -> Entry:
        place = Place(axis="z", index=1, box=((1, 2), (0, 8), (0, 8)), score=1, acquisition=acquisition, reason="")
        begin = datetime(2026, 1, 1, tzinfo=UTC)
        done = {"outcome": outcome, "shown": begin, "time": begin + timedelta(seconds=seconds)} if outcome else {}
        return Entry(id=number, job="j", place=place, prediction="p1", model=None, proposed=begin, snapshot="S", **done, **counts)

    entries = [
        made(1, "entropy", "corrected", 10, painted=30, corrected=20), made(2, "entropy", "accepted", 4, painted=64, corrected=0),
        made(3, "entropy", "skipped", 90, painted=0, corrected=0), made(4, "entropy", None), made(5, "random", None),
    ]  # fmt: skip
    guided, control = yields_of(entries)
    assert (guided.acquisition, guided.proposed, guided.reviewed, guided.accepted, guided.skipped) == ("entropy", 4, 3, 1, 1)
    assert (guided.mean_painted, guided.mean_corrected, guided.median_seconds) == (47, 10, 7)
    assert (control.acquisition, control.reviewed, control.mean_corrected) == ("random", 0, None)


def test_places_that_were_shown_are_not_proposed_again_and_a_kill_loses_nothing(annotate):
    assert review(annotate)["places"] == []
    first = proposed(annotate)
    for each in first:
        show(annotate, each)
    decide(annotate, first[0], "corrected")
    job = annotate.client.post(f"{annotate.base}/review", {"prediction": "p1", "side": 16, "count": 3, "acquisition": "balanced"})
    annotate.kill()
    annotate.start()
    second = wait_until(lambda: (found := review(annotate))["waiting"] is None and found["places"])
    assert {entry["job"] for entry in second} == {job["id"]}
    assert len(second) == 3
    old, new = (np.array([entry["place"]["box"] for entry in places], float).mean(axis=2) for places in (first, second))
    assert np.linalg.norm(old[:, None] - new[None], axis=2).min() >= 0.75 * 16
    assert [entry["outcome"] for entry in records(annotate)["places"]] == ["corrected", *[None] * (len(first) + 2)]


@pytest.mark.parametrize(
    ("wish", "error"),
    [({"prediction": None}, InvalidInput), ({"prediction": "p9"}, NotFound), ({"acquisition": "disagreement"}, InvalidInput)],
)
def test_what_infer_refuses_leaves_nothing_to_wait_for(annotate, wish, error):
    with pytest.raises(error):
        annotate.client.post(f"{annotate.base}/review", {"prediction": "p1", "acquisition": "entropy"} | wish)
    assert review(annotate)["waiting"] is None
