"""Two people on one volume: nothing is lost, and each takes back only what is one's own."""

import asyncio
import secrets
import threading
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from tests.annotate.conftest import RunningAnnotate, voxels
from tests.annotate.test_strokes import a_stroke, read_labels
from voxloop_annotate.app import create_app
from voxloop_annotate.settings import AnnotateSettings
from voxloop_shared.client import ServiceClient
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.labels import Labels
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.identity import Caller
from voxloop_shared.server import PEER
from voxloop_shared.workspace import Workspace

STROKES = 25


def random_strokes(seed: int, value: int) -> list[dict[str, Any]]:
    """Make overlapping strokes on slice 4, a third of which spare what is labelled."""
    rng = np.random.default_rng(seed)
    strokes = []
    for n in range(STROKES):
        y, x = int(rng.integers(0, 12)), int(rng.integers(0, 20))
        rule = "unlabelled" if n % 3 == 0 else "all"
        strokes.append(a_stroke(value=value, box=[[4, 5], [y, y + 8], [x, x + 11]], runs=[0, 88], overwrite=rule))
    return strokes


def test_strokes_of_two_clients_at_once_end_in_some_order_of_all_of_them(annotate: RunningAnnotate) -> None:
    plans = {stroke["id"]: stroke for seed, value in ((1, 1), (2, 2)) for stroke in random_strokes(seed, value)}
    failures: list[Exception] = []
    start = threading.Barrier(2)

    def paint_all(strokes: list[dict[str, Any]]) -> None:
        try:
            with ServiceClient(annotate.socket_file) as client:
                start.wait()
                for stroke in strokes:
                    client.post(f"{annotate.base}/strokes", stroke)
                    if stroke["value"] == 2 and stroke["overwrite"] == "all":
                        client.post(f"{annotate.base}/strokes", stroke)  # as after a lost answer
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    everything = list(plans.values())
    threads = [threading.Thread(target=paint_all, args=(part,)) for part in (everything[:STROKES], everything[STROKES:])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    done = annotate.client.get(f"{annotate.base}/history", limit=1000)
    order = [change["stroke_id"] for change in reversed(done["strokes"])]
    assert sorted(order) == sorted(plans), "each once"
    expected = np.zeros((20, 31), np.uint8)
    for name in order:
        (_, (y0, y1), (x0, x1)), value, rule = plans[name]["box"], plans[name]["value"], plans[name]["overwrite"]
        part = expected[y0:y1, x0:x1]
        part[(part == 0) | (rule == "all")] = value
    np.testing.assert_array_equal(read_labels(annotate, 4), expected)
    assert done["counts"] == {str(n): int((expected == n).sum()) for n in (1, 2)}
    kept = Labels.open(annotate.workspace.labels_of(annotate.volume))
    assert kept.counts == {n: int((expected == n).sum()) for n in (1, 2)}


class Person:
    """Somebody whom the kernel would name so."""

    def __init__(self, app: Any, user: str, uid: int) -> None:
        async def peered(scope: Any, receive: Any, send: Any) -> None:
            await app(scope | {PEER: Caller(uid=uid, pid=1, user=user)}, receive, send)

        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(peered), base_url="http://annotate")

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        response = await self._client.request(method, path, json=body)
        assert response.status_code < 300 or response.status_code == 409, response.text
        return response.json()


def test_each_person_has_undo_and_redo_of_ones_own(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    workspace.prepare()
    info = import_volume(workspace, ArraySource(voxels((9, 20, 31))), name=f"Stone {secrets.token_hex(4)}", origin="test")
    app = create_app(AnnotateSettings(workspace=workspace.root, run_dir=tmp_path / "run"))
    base = f"/api/volumes/{info.id}"

    async def work() -> None:
        ada, eva = Person(app, "ada", 3001), Person(app, "eva", 3002)
        await ada.ask("POST", f"{base}/strokes", a_stroke(value=1))
        answer = await eva.ask("POST", f"{base}/strokes", a_stroke(value=2, axis="y", index=2))
        assert (answer["author"], answer["undo_name"]) == ("eva", "brush object y=2")
        answer = await ada.ask("POST", f"{base}/undo", {"id": "u1"})
        assert (answer["can_undo"], answer["redo_name"], answer["counts"]) == (False, "brush background z=4", {"2": 6})
        assert (await ada.ask("POST", f"{base}/undo", {"id": "u2"}))["error"]["type"] == "NothingToUndo"
        of_eva = await eva.ask("GET", f"{base}/history")
        assert (of_eva["undo_name"], of_eva["can_redo"]) == ("brush object y=2", False)
        assert [(s["author"], s["can_jump"], s["undone"]) for s in of_eva["strokes"]] == [
            ("ada", False, False), ("eva", True, False), ("ada", False, True),
        ]  # fmt: skip
        await eva.ask("POST", f"{base}/strokes", a_stroke(value=2))
        answer = await ada.ask("POST", f"{base}/redo", {"id": "r1"})
        assert answer["can_redo"] is False, "what eva painted meanwhile has not taken it away"
        assert (await ada.ask("POST", f"{base}/jump", {"snapshot": of_eva["strokes"][1]["snapshot"]}))["error"]["type"] == "NothingToUndo"

    asyncio.run(work())
