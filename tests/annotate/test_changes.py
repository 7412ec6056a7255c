"""Jumps, restored versions, deleted classes and pages of the history, over the socket."""

import secrets
from typing import Any

import numpy as np
import pytest

from tests.annotate.conftest import RunningAnnotate
from tests.annotate.listening import listening
from tests.annotate.test_strokes import a_stroke, read_labels
from tests.waiting import wait_until
from voxloop_shared import errors
from voxloop_shared.identity import this_process

UNKNOWN = "ZZZZZZZZZZZZZZZZZZZZ"


def paint_rows(annotate: RunningAnnotate, count: int) -> list[str]:
    """Paint row after row of slice 4, and give the snapshots."""
    strokes = [a_stroke(box=[[4, 5], [row, row + 1], [0, 31]], runs=[0, 31]) for row in range(count)]
    return [annotate.client.post(f"{annotate.base}/strokes", stroke)["snapshot"] for stroke in strokes]


def rows(annotate: RunningAnnotate) -> list[int]:
    return np.flatnonzero(read_labels(annotate, 4)[:, 0]).tolist()


def test_a_jump_goes_back_and_forth_in_one_request(annotate: RunningAnnotate) -> None:
    snapshots = paint_rows(annotate, 6)
    answer = annotate.client.post(f"{annotate.base}/jump", {"id": "j1", "snapshot": snapshots[1]})
    assert rows(annotate) == [0, 1]
    assert answer["box"] == [[4, 5], [2, 6], [0, 31]], "all that the page must draw again"
    assert annotate.client.post(f"{annotate.base}/jump", {"id": "j1", "snapshot": snapshots[1]}) == answer
    undone = {s["snapshot"] for s in annotate.client.get(f"{annotate.base}/history")["strokes"] if s["undone"]}
    assert undone == set(snapshots[2:])
    annotate.client.post(f"{annotate.base}/jump", {"id": "j2", "snapshot": snapshots[4]})
    assert rows(annotate) == [0, 1, 2, 3, 4]
    answer = annotate.client.post(f"{annotate.base}/jump", {"id": "j3", "snapshot": None})
    assert (rows(annotate), answer["can_undo"], answer["can_redo"]) == ([], False, True)


def test_a_restored_version_is_a_change_like_any_other(annotate: RunningAnnotate) -> None:
    snapshots = paint_rows(annotate, 4)
    annotate.client.post(f"{annotate.base}/strokes", a_stroke(value=2, box=[[4, 5], [0, 20], [0, 31]], runs=[0, 620]))
    answer = annotate.client.post(f"{annotate.base}/restore", {"id": "r1", "snapshot": snapshots[2]})
    assert rows(annotate) == [0, 1, 2]
    assert answer["counts"] == {"1": 93}
    assert answer["undo_name"] == "restore to brush background z=4"
    assert annotate.client.post(f"{annotate.base}/restore", {"id": "r1", "snapshot": snapshots[2]}) == answer
    newest = annotate.client.get(f"{annotate.base}/history")["strokes"][0]
    assert (newest["tool"], newest["by"], newest["undone"]) == ("restore", "tool", False)
    assert annotate.client.post(f"{annotate.base}/undo")["counts"] == {"2": 620}


@pytest.mark.parametrize(
    ("method", "route", "body", "error"),
    [
        ("POST", "/jump", {"snapshot": UNKNOWN}, errors.SnapshotNotFound),
        ("POST", "/jump", {"snapshot": ""}, errors.InvalidInput),
        ("POST", "/jump", {}, errors.InvalidInput),
        ("POST", "/restore", {"snapshot": UNKNOWN}, errors.SnapshotNotFound),
        ("POST", "/restore", {"snapshot": None}, errors.InvalidInput),
        ("POST", "/restore", {"snapshot": UNKNOWN, "id": "not an id"}, errors.InvalidInput),
        ("GET", f"/history?before={UNKNOWN}", None, errors.SnapshotNotFound),
        ("GET", "/history?limit=0", None, errors.InvalidInput),
        ("DELETE", "/classes/77", None, errors.UnknownClass),
        ("DELETE", "/classes/2?into=2", None, errors.InvalidInput),
        ("DELETE", "/classes/2?into=77", None, errors.UnknownClass),
        ("DELETE", "/classes/2?into=-1", None, errors.InvalidInput),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    annotate: RunningAnnotate, method: str, route: str, body: Any, error: type[errors.VoxloopError]
) -> None:
    paint_rows(annotate, 2)
    before = annotate.client.get(f"{annotate.base}/history")
    with pytest.raises(error) as refusal:
        annotate.client.request(method, annotate.base + route, json=body)
    assert 400 <= refusal.value.status < 500
    assert refusal.value.message
    assert annotate.client.get(f"{annotate.base}/history") == before


def test_a_deleted_class_comes_back_and_every_page_hears_of_it(annotate: RunningAnnotate) -> None:
    paint_rows(annotate, 2)
    with listening(annotate) as heard:
        answer = annotate.client.delete(f"{annotate.base}/classes/1?into=2&id=d1")
        assert answer["counts"] == {"2": 62}
        assert annotate.client.delete(f"{annotate.base}/classes/1?into=2&id=d1") == answer
        classes = wait_until(lambda: [data for event, data in heard if event == "classes"])
        assert ([entry["id"] for entry in classes[0]["classes"]], classes[0]["next_id"]) == ([2], 3)
        assert annotate.client.post(f"{annotate.base}/undo")["counts"] == {"1": 62}
        classes = wait_until(lambda: [data for event, data in heard if event == "classes"][1:])
        assert [entry["id"] for entry in classes[0]["classes"]] == [1, 2]
        told = wait_until(lambda: [data for event, data in heard if event == "stroke" and data["name"].startswith("undo")])
    assert told[0]["author"] == this_process().user
    assert not {"can_undo", "undo_name", "can_redo", "redo_name"} & told[0].keys(), "that is its author's business"


def test_a_number_of_a_deleted_class_is_not_taken_for_another(annotate: RunningAnnotate) -> None:
    paint_rows(annotate, 1)
    annotate.client.delete(f"{annotate.base}/classes/1")
    other = [{"id": n, "name": f"c{n}", "color": "#000000"} for n in (1, 2)]
    with pytest.raises(errors.NameTaken, match="number 3"):
        annotate.client.put(f"{annotate.base}/classes", {"classes": other})
    assert annotate.client.get(f"{annotate.base}/classes")["next_id"] == 3


def test_the_history_is_read_page_by_page(annotate: RunningAnnotate) -> None:
    snapshots = paint_rows(annotate, 7)
    annotate.client.post(f"{annotate.base}/undo", {"id": secrets.token_hex(4)})
    first = annotate.client.get(f"{annotate.base}/history", limit=3)
    assert ([s["tool"] for s in first["strokes"]], first["more"]) == (["undo", "brush", "brush"], True)
    assert first["strokes"][0]["name"] == "undo brush background z=4"
    second = annotate.client.get(f"{annotate.base}/history", limit=50, before=first["strokes"][-1]["snapshot"])
    assert [s["snapshot"] for s in second["strokes"]] == snapshots[4::-1]
    assert second["more"] is False
    assert all(s["can_jump"] for s in second["strokes"])
