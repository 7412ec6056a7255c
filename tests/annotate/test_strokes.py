"""Strokes over the socket: durable when acknowledged, refused when they make no sense."""

import secrets
from typing import Any

import numpy as np
import pytest

from tests.annotate.conftest import RunningAnnotate
from tests.planes import labels_in
from voxloop_shared import errors
from voxloop_shared.data.labels import Labels
from voxloop_shared.identity import this_process


def a_stroke(**changes: Any) -> dict[str, Any]:
    """Make a stroke of 2 × 3 voxels of class 1 on slice 4."""
    stroke = {
        "id": secrets.token_hex(8),
        "tool": "brush",
        "value": 1,
        "axis": "z",
        "index": 4,
        "box": [[4, 5], [2, 4], [5, 8]],
        "runs": [0, 6],
    }
    return stroke | changes


def read_labels(annotate: RunningAnnotate, index: int) -> np.ndarray:
    return labels_in(annotate.client.request("GET", f"{annotate.base}/labels?axis=z&index={index}"))


def test_a_plane_without_labels_is_sent_without_a_byte_per_voxel(annotate: RunningAnnotate) -> None:
    annotate.client.post(f"{annotate.base}/strokes", a_stroke())
    empty, painted = (annotate.client.request("GET", f"{annotate.base}/labels?axis=z&index={index}") for index in (3, 4))
    assert (empty.headers["X-Shape"], empty.content) == ("20,31", b"")
    assert len(painted.content) == 20 * 31


def test_a_stroke_stands_in_the_labels_and_in_the_history(annotate: RunningAnnotate) -> None:
    answer = annotate.client.post(f"{annotate.base}/strokes", a_stroke())
    expected = np.zeros((20, 31), np.uint8)
    expected[2:4, 5:8] = 1
    np.testing.assert_array_equal(read_labels(annotate, 4), expected)
    assert answer["counts"] == {"1": 6}
    assert answer["undo_name"] == answer["name"] == "brush background z=4"
    history = annotate.client.get(f"{annotate.base}/history")
    newest = history["strokes"][0]
    assert newest["author"] == answer["author"] == this_process().user
    assert (newest["name"], newest["by"], newest["voxels"], newest["undone"]) == ("brush background z=4", "hand", 6, False)
    assert history["annotated"] == {"z": [4], "y": [], "x": []}


def test_undo_and_redo_go_back_and_forth(annotate: RunningAnnotate) -> None:
    annotate.client.post(f"{annotate.base}/strokes", a_stroke())
    annotate.client.post(f"{annotate.base}/strokes", a_stroke(value=2, runs=[3, 3]))
    assert annotate.client.post(f"{annotate.base}/undo")["counts"] == {"1": 6}
    assert annotate.client.post(f"{annotate.base}/undo")["counts"] == {}
    assert annotate.client.post(f"{annotate.base}/redo")["counts"] == {"1": 6}
    assert annotate.client.post(f"{annotate.base}/redo")["counts"] == {"1": 3, "2": 3}
    with pytest.raises(errors.NothingToUndo):
        annotate.client.post(f"{annotate.base}/redo")


def test_an_undo_sent_twice_takes_one_stroke_back(annotate: RunningAnnotate) -> None:
    annotate.client.post(f"{annotate.base}/strokes", a_stroke(runs=[0, 2, 4]))
    last = annotate.client.post(f"{annotate.base}/strokes", a_stroke(runs=[2, 4]))["snapshot"]
    for _ in range(2):
        assert annotate.client.post(f"{annotate.base}/undo", {"id": "same"})["counts"] == {"1": 2}
    undone = [s["snapshot"] for s in annotate.client.get(f"{annotate.base}/history")["strokes"] if s["undone"]]
    assert undone == [last]


@pytest.mark.parametrize(
    ("stroke", "error"),
    [
        (a_stroke(box=[[4, 5], [2, 4], [29, 32]]), errors.InvalidStroke),
        (a_stroke(box=[[4, 4], [2, 4], [5, 8]]), errors.InvalidStroke),
        (a_stroke(runs=[0, 5]), errors.InvalidStroke),
        (a_stroke(runs=[-2, 8]), errors.InvalidStroke),
        (a_stroke(runs=[10**18, 10**18]), errors.InvalidStroke),
        (a_stroke(runs=[0.5, 5.5]), errors.InvalidInput),
        (a_stroke(box=[[-1, 5], [2, 4], [5, 8]]), errors.InvalidStroke),
        (a_stroke(box=[[4, 5], [2, 4]]), errors.InvalidInput),
        (a_stroke(value=77), errors.UnknownClass),
        (a_stroke(value=-1), errors.InvalidInput),
        (a_stroke(overwrite="class"), errors.InvalidInput),
        (a_stroke(intensity=[9, 3]), errors.InvalidStroke),
        (a_stroke(intensity=[3]), errors.InvalidInput),
        (a_stroke(value=256), errors.InvalidInput),
        (a_stroke(colour="red"), errors.InvalidInput),
        ({"id": "x"}, errors.InvalidInput),
    ],
)
def test_a_stroke_that_makes_no_sense_changes_nothing(annotate: RunningAnnotate, stroke: dict[str, Any], error: type[Exception]) -> None:
    before = annotate.client.get(f"{annotate.base}/history")["snapshot"]
    with pytest.raises(error):
        annotate.client.post(f"{annotate.base}/strokes", stroke)
    assert annotate.client.get(f"{annotate.base}/history")["snapshot"] == before


def test_a_stroke_sent_twice_is_painted_once(annotate: RunningAnnotate) -> None:
    stroke = a_stroke()
    first = annotate.client.post(f"{annotate.base}/strokes", stroke)
    second = annotate.client.post(f"{annotate.base}/strokes", stroke)
    assert second["snapshot"] == first["snapshot"]
    assert len([s for s in annotate.client.get(f"{annotate.base}/history")["strokes"] if s["is_stroke"]]) == 1


def test_no_acknowledged_stroke_is_lost_when_the_service_is_killed(annotate: RunningAnnotate) -> None:
    acknowledged = []
    for row in range(8):
        stroke = a_stroke(box=[[4, 5], [row, row + 1], [0, 31]], runs=[0, 31])
        acknowledged.append(annotate.client.post(f"{annotate.base}/strokes", stroke)["snapshot"])
    annotate.kill()
    annotate.start()
    assert (read_labels(annotate, 4)[:8] == 1).all()
    assert annotate.client.get(f"{annotate.base}/history")["snapshot"] == acknowledged[-1]
    annotate.client.post(f"{annotate.base}/undo")
    assert (read_labels(annotate, 4)[7] == 0).all()


def test_classes_can_be_added_but_one_in_use_cannot_go(annotate: RunningAnnotate) -> None:
    annotate.client.post(f"{annotate.base}/strokes", a_stroke())
    three = [{"id": n, "name": name, "color": "#112233"} for n, name in ((1, "rock"), (2, "pore"), (3, "clay"))]
    annotate.client.put(f"{annotate.base}/classes", {"classes": three})
    with pytest.raises(errors.UnknownClass, match="class 1 still has 6"):
        annotate.client.put(f"{annotate.base}/classes", {"classes": three[1:]})
    with pytest.raises(errors.InvalidInput, match="share"):
        annotate.client.put(f"{annotate.base}/classes", {"classes": [*three, three[0]]})
    assert annotate.client.get(f"{annotate.base}/classes") == {"classes": three, "counts": {"1": 6}, "next_id": 4}


def merge(annotate: RunningAnnotate, image: np.ndarray, shape: str | None = None) -> Any:
    header = {"X-Shape": shape or ",".join(map(str, image.shape))}
    pieces = (image.tobytes()[start : start + 1000] for start in range(0, image.nbytes, 1000))
    return annotate.client.request("PUT", f"{annotate.base}/labels", content=pieces, headers=header).json()


def test_a_label_image_is_laid_over_the_labels_and_brings_its_classes(annotate: RunningAnnotate) -> None:
    annotate.client.post(f"{annotate.base}/strokes", a_stroke())
    image = np.zeros((9, 20, 31), np.uint8)
    image[8, 3], image[4, 0, 0] = 7, 255
    answer = merge(annotate, image)
    assert answer["counts"] == {"1": 6, "7": 31, "255": 1}
    assert 7 in [entry["id"] for entry in annotate.client.get(f"{annotate.base}/classes")["classes"]]
    labels = Labels.open(annotate.workspace.labels_of(annotate.volume)).array()[:]
    np.testing.assert_array_equal(labels[8], image[8])
    assert annotate.client.post(f"{annotate.base}/undo")["counts"] == {"1": 6}


@pytest.mark.parametrize(
    ("shape", "header"),
    [((9, 20, 30), None), ((8, 20, 31), None), ((9, 20, 31), "9,20,x"), ((9, 20, 31), "10,20,31"), ((9, 20, 31), "5,20,31")],
)
def test_refuses_labels_of_another_shape(annotate: RunningAnnotate, shape: tuple[int, int, int], header: str | None) -> None:
    before = annotate.client.get(f"{annotate.base}/history")["snapshot"]
    with pytest.raises(errors.InvalidInput):
        merge(annotate, np.ones(shape, np.uint8), header)
    assert annotate.client.get(f"{annotate.base}/history")["snapshot"] == before


def test_refuses_label_values_that_are_no_class(annotate: RunningAnnotate) -> None:
    with pytest.raises(errors.InvalidInput, match="252"):
        merge(annotate, np.full((9, 20, 31), 252, np.uint8))
