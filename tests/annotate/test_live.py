"""Live mode through annotate: a page's session from the first stroke to the kept version, with all four services on real sockets."""

import json
import threading
from contextlib import suppress

import httpx
import numpy as np
import pytest

from tests.infer.conftest import infer, infer_settings, registry  # noqa: F401 (fixtures)
from tests.train.conftest import CLASSES, two_phases
from tests.train.test_live import SHAPE, draw
from tests.waiting import wait_until
from voxloop_annotate.app import create_app
from voxloop_annotate.settings import AnnotateSettings
from voxloop_shared.data.labels import Labels
from voxloop_shared.errors import InvalidInput, NotFound, Superseded, VolumeNotFound, VoxloopError
from voxloop_train.app import create_app as create_train
from voxloop_train.settings import TrainSettings

LIVE = "/api/volumes/stripes/live"
EVENTS = "/api/events?volume=stripes"


@pytest.fixture
def labels(make_volume, workspace) -> Labels:
    volume = make_volume("stripes", array=two_phases(SHAPE))
    make_volume("others", array=two_phases(SHAPE))
    return Labels.create(workspace.labels_of(volume.id), volume.shape, CLASSES)


@pytest.fixture
def annotate(serve_app, workspace, run_dir, labels, infer):  # noqa: F811
    serve_app(create_train(TrainSettings(workspace=workspace.root, run_dir=run_dir, live_away_s=300)), "train")
    return serve_app(create_app(AnnotateSettings(workspace=workspace.root, run_dir=run_dir)), "annotate")


class Events:
    """What a page hears of live mode."""

    def __init__(self, annotate) -> None:
        self.heard: list[dict] = []
        self._annotate = annotate
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def find(self, claim) -> dict:
        """Wait for an event for which the claim is true."""
        return wait_until(lambda: next((event for event in self.heard if claim(event)), None))

    def _listen(self) -> None:
        with suppress(httpx.HTTPError, VoxloopError), self._annotate.stream("GET", EVENTS, timeout=None) as response:
            name = ""
            for line in response.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: ") and name == "live":
                    self.heard.append(json.loads(line.removeprefix("data: ")))
                    if self.heard[-1]["phase"] == "ended":
                        return


def look(annotate, session: str, number: int, **changes) -> tuple[np.ndarray, np.ndarray]:
    body = {"number": number, "axis": "z", "index": 0, "region": [[0, 40], [0, 70]]} | changes
    answer = annotate.request("POST", f"{LIVE}/{session}/look", json=body)
    rows, columns = map(int, answer.headers["X-Shape"].split(","))
    numbers, confidence = np.frombuffer(answer.content, np.uint8).reshape(2, rows, columns)
    return numbers, confidence


def test_a_page_hears_of_models_looks_by_them_and_keeps_one(annotate, labels, registry):  # noqa: F811
    events = Events(annotate)
    draw(labels, 2, 0, 4)
    session = annotate.post(LIVE, {"client": "page"})["id"]
    assert "only 'dark'" in events.find(lambda event: event["phase"] == "waiting")["message"]
    snapshot = draw(labels, 9, 0, 16)
    told = events.find(lambda event: event.get("model"))
    assert (told["id"], told["model"]["snapshot"], told["model"]["mean_dice"]) == (session, snapshot, None)
    assert "manifest" not in told["model"]
    numbers, confidence = look(annotate, session, told["model"]["number"])
    assert numbers.shape == (40, 70)
    assert (numbers[4] == 2).mean() > 0.9  # where the strokes are
    assert (numbers[16] == 9).mean() > 0.9
    assert confidence.min() >= 255 // 2
    assert annotate.post(f"{LIVE}/{session}/stay")["model"]["number"] >= told["model"]["number"]
    with pytest.raises(Superseded):
        look(annotate, session, 99)
    with pytest.raises(InvalidInput):
        look(annotate, session, told["model"]["number"], index=SHAPE[0])
    kept = annotate.post(f"{LIVE}/{session}/keep")
    assert (kept["name"], kept["version"], kept["manifest"]["snapshot"]) == ("stripes", 1, snapshot)
    assert registry.get("/models/stripes/versions/1")["manifest"]["settings"]["live"] is True
    annotate.delete(f"{LIVE}/{session}")
    events.find(lambda event: event["phase"] == "ended")
    with pytest.raises(NotFound):
        annotate.post(f"{LIVE}/{session}/stay")


def test_a_session_belongs_to_its_volume(annotate, labels):
    session = annotate.post(LIVE, {"client": "page"})["id"]
    with pytest.raises(NotFound):
        annotate.post(f"/api/volumes/others/live/{session}/keep")
    with pytest.raises(VolumeNotFound):
        annotate.post("/api/volumes/nowhere/live", {"client": "page"})
    with pytest.raises(InvalidInput, match="magic"):
        annotate.post(LIVE, {"client": "page", "learner": "magic"})
    annotate.delete(f"{LIVE}/{session}")
