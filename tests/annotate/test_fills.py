"""What holds for every fill: one commit, once per id, undone like a stroke, refused when it makes no sense."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from tests.annotate.conftest import RunningAnnotate
from tests.annotate.filling import SHAPE, an_order, blobby, fill, labels_of, lay
from tests.annotate.listening import listening
from tests.waiting import wait_until
from voxloop_annotate.app import create_app
from voxloop_annotate.fills import progress
from voxloop_annotate.fills.progress import Progress
from voxloop_annotate.settings import AnnotateSettings
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import InvalidInput, TooLarge, UnknownClass, VolumeNotFound
from voxloop_shared.schemas import VolumeInfo
from voxloop_shared.workspace import Workspace

__all__ = ["blobby"]
ORDERS: dict[str, dict[str, Any]] = {
    "flood": {"seed": [4, 9, 120], "tolerance": 300},
    "interpolate": {},
    "copy": {},
    "holes": {},
    "islands": {"smallest": 5},
}


def labelled() -> np.ndarray:
    """Give labels to which every one of the orders does something."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[2, 5:30, 20:60] = labels[9, 5:30, 20:60] = 1
    labels[4, 5:20, 70:90], labels[4, 8, 75], labels[4, 30, 100] = 1, 0, 1
    return labels


@pytest.mark.parametrize("kind", ORDERS)
def test_a_fill_is_one_change_made_by_a_tool_that_undo_takes_back(blobby: RunningAnnotate, kind: str) -> None:
    before = labelled()
    if kind == "interpolate":
        before[4] = 0
    lay(blobby, before)
    answer = fill(blobby, kind, **ORDERS[kind])
    after = labels_of(blobby)
    assert answer["changed"] == (after != before).sum() > 0
    newest, older = blobby.client.get(f"{blobby.base}/history")["strokes"][:2]
    assert (newest["snapshot"], newest["parent"]) == (answer["snapshot"], older["snapshot"])
    assert (newest["tool"], newest["by"], newest["voxels"], newest["index"]) == (kind, "tool", answer["changed"], 4)
    assert answer["undo_name"].startswith(kind)
    blobby.client.post(f"{blobby.base}/undo")
    np.testing.assert_array_equal(labels_of(blobby), before)
    blobby.client.post(f"{blobby.base}/redo")
    np.testing.assert_array_equal(labels_of(blobby), after)


@pytest.mark.parametrize("kind", ORDERS)
def test_an_order_sent_twice_is_filled_once(blobby: RunningAnnotate, kind: str) -> None:
    lay(blobby, labelled())
    order = an_order(kind, **ORDERS[kind]) | ({"index": 6} if kind == "interpolate" else {})
    first = blobby.client.post(f"{blobby.base}/fills", order)
    after = labels_of(blobby)
    blobby.client.post(f"{blobby.base}/undo")
    second = blobby.client.post(f"{blobby.base}/fills", order)
    assert (second["snapshot"], second["changed"]) == (first["snapshot"], first["changed"])
    assert not np.array_equal(labels_of(blobby), after)


def test_an_order_sent_again_while_it_is_worked_on_is_filled_once(blobby: RunningAnnotate) -> None:
    order = an_order("flood", seed=[4, 9, 120], tolerance=800, dims=3, box=[[0, 13], [0, 37], [0, 150]])
    with ThreadPoolExecutor(4) as senders:
        answers = list(senders.map(lambda _: blobby.client.post(f"{blobby.base}/fills", order), range(4)))
    assert len({answer["snapshot"] for answer in answers}) == 1
    assert len(blobby.client.get(f"{blobby.base}/history")["strokes"]) == 1


@pytest.mark.parametrize(
    ("kind", "order"),
    [
        ("flood", {"seed": [2, 6, 22], "tolerance": 1e9, "index": 2, "box": [[2, 3], [5, 30], [20, 60]]}),
        ("interpolate", {"overwrite": "class", "replaces": 2, "index": 6}),
        ("copy", {"index": 9, "source": 2}),
        ("holes", {"index": 2}),
        ("islands", {"index": 2, "smallest": 5}),
        ("islands", {"index": 0, "smallest": 5}),
    ],
)
def test_where_there_is_nothing_to_fill_nothing_is_committed(blobby: RunningAnnotate, kind: str, order: dict[str, Any]) -> None:
    lay(blobby, labelled())
    head = blobby.client.get(f"{blobby.base}/history")["snapshot"]
    response = blobby.client.request("POST", f"{blobby.base}/fills", json=an_order(kind, **order))
    answer = response.json()
    assert (response.status_code, answer["changed"], answer["box"], answer["snapshot"]) == (200, 0, None, head)
    assert blobby.client.get(f"{blobby.base}/history")["snapshot"] == head


FLOOD = ORDERS["flood"]


@pytest.mark.parametrize(
    ("kind", "order", "error"),
    [
        ("flood", FLOOD | {"seed": [5, 9, 120]}, InvalidInput),
        ("flood", FLOOD | {"seed": [4, 9, 150]}, InvalidInput),
        ("flood", FLOOD | {"seed": [4, -1, 120]}, InvalidInput),
        ("flood", FLOOD | {"seed": [4, 9]}, InvalidInput),
        ("flood", FLOOD | {"dims": 3}, InvalidInput),
        ("flood", FLOOD | {"dims": 4}, InvalidInput),
        ("flood", FLOOD | {"dims": 3, "box": [[0, 9], [0, 9], [0, 150]]}, InvalidInput),
        ("flood", FLOOD | {"dims": 3, "box": [[9, 0], [0, 37], [0, 150]]}, InvalidInput),
        ("flood", FLOOD | {"box": [[5, 9], [0, 37], [0, 150]]}, InvalidInput),
        ("flood", FLOOD | {"tolerance": -1}, InvalidInput),
        ("flood", FLOOD | {"tolerance": None}, InvalidInput),
        ("flood", FLOOD | {"tolerance": "Infinity"}, InvalidInput),
        ("flood", FLOOD | {"value": 3}, UnknownClass),
        ("flood", FLOOD | {"value": 256}, InvalidInput),
        ("flood", FLOOD | {"axis": "w"}, InvalidInput),
        ("flood", FLOOD | {"replaces": 1}, InvalidInput),
        ("flood", FLOOD | {"colour": "red"}, InvalidInput),
        ("interpolate", {"value": 3}, UnknownClass),
        ("interpolate", {"value": 0}, InvalidInput),
        ("interpolate", {"between": [2, 6]}, InvalidInput),
        ("interpolate", {"between": [-2, 6]}, InvalidInput),
        ("copy", {"index": 13}, InvalidInput),
        ("copy", {"index": 1}, InvalidInput),
        ("copy", {"value": 77}, UnknownClass),
        ("holes", {"index": -1}, InvalidInput),
        ("holes", {"axis": "y", "index": 37}, InvalidInput),
        ("holes", {"value": None}, InvalidInput),
        ("islands", {}, InvalidInput),
        ("islands", {"smallest": 0}, InvalidInput),
        ("islands", {"smallest": 5, "value": 251}, UnknownClass),
        ("magic", {}, InvalidInput),
    ],
)
def test_an_order_that_makes_no_sense_changes_nothing(
    blobby: RunningAnnotate, kind: str, order: dict[str, Any], error: type[Exception]
) -> None:
    before = labelled()
    lay(blobby, before)
    head = blobby.client.get(f"{blobby.base}/history")["snapshot"]
    with pytest.raises(error):
        fill(blobby, kind, **order)
    assert blobby.client.get(f"{blobby.base}/history")["snapshot"] == head
    np.testing.assert_array_equal(labels_of(blobby), before)


def test_a_tolerance_that_is_no_number_is_refused(blobby: RunningAnnotate) -> None:
    body = str(an_order("flood", **FLOOD)).replace("'", '"').replace("300", "NaN").encode()
    with pytest.raises(InvalidInput, match="tolerance"):
        blobby.client.request("POST", f"{blobby.base}/fills", content=body, headers={"Content-Type": "application/json"})
    assert not labels_of(blobby).any()


def test_an_unknown_volume_cannot_be_filled(blobby: RunningAnnotate) -> None:
    with pytest.raises(VolumeNotFound):
        blobby.client.post("/api/volumes/no-such/fills", an_order("flood", **FLOOD))


@pytest.fixture
def filled_in_thread(
    serve_app: Callable[..., ServiceClient], make_volume: Callable[..., VolumeInfo], workspace: Workspace, run_dir: Any
) -> Callable[[tuple[int, int, int]], RunningAnnotate]:
    """A way to run the service in a thread of the test over a volume of some shape, all of one value."""

    def start(shape: tuple[int, int, int]) -> RunningAnnotate:
        volume = make_volume(array=np.broadcast_to(np.uint8(7), shape))
        client = serve_app(create_app(AnnotateSettings(workspace=workspace.root, run_dir=run_dir)), "annotate")
        client.post("/api/volumes", {"id": volume.id})
        return RunningAnnotate(workspace, run_dir, 0, "", client, volume=volume.id)

    return start


def test_a_box_that_is_too_large_is_refused(filled_in_thread: Callable[..., RunningAnnotate]) -> None:
    annotate = filled_in_thread((65, 512, 513))
    whole = [[0, 65], [0, 512], [0, 513]]
    with pytest.raises(TooLarge, match=r"65 × 512 × 513 .* smaller box"):
        fill(annotate, "flood", seed=[4, 9, 9], tolerance=0, dims=3, box=whole)
    assert fill(annotate, "flood", seed=[4, 9, 9], tolerance=0, dims=3, box=[[0, 64], [0, 512], [0, 512]])["changed"] == 64 * 512 * 512


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # httpcore leaves the socket of a refused connection open
def test_open_pages_hear_how_far_a_long_fill_is(filled_in_thread: Callable[..., RunningAnnotate], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_QUIET_S", 0.0)  # then even this one counts as long
    annotate = filled_in_thread((40, 30, 31))
    order = an_order("flood", seed=[4, 9, 9], tolerance=0, dims=3, box=[[0, 40], [0, 30], [0, 31]])
    with listening(annotate) as heard:
        annotate.client.post(f"{annotate.base}/fills", order)
        wait_until(lambda: any(event == "stroke" and data["stroke_id"] == order["id"] for event, data in heard))
    steps = [data for event, data in heard if event == "progress"]
    assert {data["id"] for data in steps} == {order["id"]}
    assert [data["done"] for data in steps] == sorted(data["done"] for data in steps)
    assert steps[0]["done"] < steps[-1]["done"] == steps[-1]["total"]


def test_short_work_says_nothing_and_long_work_not_too_much() -> None:
    now, said = [100.0], []
    work = Progress(lambda done, total: said.append((done, total)), lambda: now[0])
    work.expect(1000)
    for _ in range(1000):
        now[0] += 0.0029
        work.advance()
        if now[0] < 100.3:
            assert not said
    work.finish()
    assert 26 <= len(said) <= 28
    assert said[-1] == (1001, 1001)
    quick = Progress(lambda done, total: said.append((done, total)), lambda: now[0])
    quick.expect(1)
    quick.advance()
    quick.finish()
    assert said[-1] == (1001, 1001)
