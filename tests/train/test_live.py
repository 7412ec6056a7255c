"""Live sessions of the train service: strokes in, models out, with real processes on real sockets."""

import signal
import time

import numpy as np
import psutil
import pytest

from tests.forkservers import offspring
from tests.train.conftest import CLASSES, two_phases
from tests.waiting import PATIENCE_S, wait_until
from voxloop_shared.client import ServiceClient
from voxloop_shared.data.labels import Labels
from voxloop_shared.errors import Conflict, InvalidInput, NotFound, VolumeNotFound
from voxloop_shared.live import LiveState
from voxloop_shared.nets.architectures import build_network
from voxloop_shared.nets.store import fetch_blob
from voxloop_shared.nets.weights import put_weights, unpack_weights
from voxloop_shared.schemas import Stroke

SHAPE = (6, 50, 70)


class Session:
    """A live session as its client sees it."""

    def __init__(self, train: ServiceClient, volume: str, **spec) -> None:
        self.train = train
        self.id = train.post("/live", {"volume": volume, "client": "page"} | spec)["id"]

    @property
    def state(self) -> LiveState:
        return LiveState.model_validate(self.train.post(f"/live/{self.id}/stay"))

    def wait(self, claim, timeout_s: float = PATIENCE_S) -> LiveState:
        """Wait for a state for which the claim is true."""
        deadline = time.monotonic() + timeout_s
        found = self.state
        while not claim(found):
            assert found.phase != "failed", found
            assert time.monotonic() < deadline, f"waited in vain: {found}"
            self.train.get(f"/live/{self.id}", after=found.revision, wait_s=2)
            found = self.state
        return found

    def stop(self) -> None:
        self.train.delete(f"/live/{self.id}")


@pytest.fixture
def labels(make_volume, workspace) -> Labels:
    """A volume called "stripes" on which nobody has painted."""
    volume = make_volume("stripes", array=two_phases(SHAPE))
    return Labels.create(workspace.labels_of(volume.id), volume.shape, CLASSES)


def draw(labels: Labels, number: int, z: int, row: int) -> str:
    """Paint a line along a stripe; gives the snapshot."""
    box = ((z, z + 1), (row, row + 1), (5, 65))
    stroke = Stroke(id=f"s{number}-{z}-{row}", tool="brush", value=number, axis="z", index=z, box=box, runs=[0, 60])
    return labels.paint(stroke, "ada").snapshot


def test_each_stroke_makes_a_model_and_the_newest_one_can_be_kept(train, registry, labels, run_dir):
    session = Session(train, "stripes")
    waiting = session.wait(lambda state: state.phase == "waiting")
    assert "no voxel is labelled" in waiting.message
    draw(labels, 2, 0, 4)
    session.wait(lambda state: "only 'dark'" in state.message)
    first = draw(labels, 9, 0, 16)
    learned = session.wait(lambda state: state.model is not None)
    assert (learned.snapshot, learned.model.number) == (first, 1)
    assert [entry.id for entry in learned.model.manifest.classes] == [2, 9]
    assert learned.model.manifest.metrics["mean_dice"] is None  # all was learned from: nothing can judge

    for row in (28, 40):
        newest = draw(labels, 9 if row // 12 % 2 else 2, 5, row)
    judged = session.wait(lambda state: state.snapshot == newest and state.phase == "ready")
    assert judged.model.manifest.metrics["mean_dice"] > 0.5
    network = build_network(judged.model.manifest.architecture)
    put_weights(network, unpack_weights(fetch_blob(run_dir / "registry/http.sock", judged.model.digest), "blob"))

    assert registry.get("/models") == []
    kept = train.post(f"/live/{session.id}/keep")
    assert (kept["name"], kept["version"], kept["digest"]) == ("stripes", 1, judged.model.digest)
    assert kept["manifest"]["snapshot"] == newest
    session.stop()
    assert registry.get("/models/stripes/versions/1")["digest"] == judged.model.digest
    assert fetch_blob(run_dir / "registry/http.sock", judged.model.digest)
    with pytest.raises(NotFound):
        train.get(f"/live/{session.id}")
    wait_until(lambda: not offspring())


def test_a_new_class_joins_and_an_undone_one_leaves(train, labels):
    draw(labels, 2, 0, 4)
    draw(labels, 9, 0, 16)
    session = Session(train, "stripes")
    session.wait(lambda state: state.model is not None)
    snapshot = draw(labels, 3, 3, 28)
    more = session.wait(lambda state: state.snapshot == snapshot)
    assert [entry.id for entry in more.model.manifest.classes] == [2, 3, 9]
    snapshot = labels.undo("ada").snapshot
    fewer = session.wait(lambda state: state.snapshot == snapshot)
    assert [entry.id for entry in fewer.model.manifest.classes] == [2, 9]
    session.stop()


def test_weights_that_were_replaced_leave_the_registry(train, labels, run_dir):
    draw(labels, 2, 0, 4)
    draw(labels, 9, 0, 16)
    session = Session(train, "stripes")
    first = session.wait(lambda state: state.model is not None).model.digest
    for z in range(1, 5):
        snapshot = draw(labels, 2, z, 4)
        session.wait(lambda state, snapshot=snapshot: state.snapshot == snapshot)
    socket = run_dir / "registry/http.sock"

    def is_gone(digest: str) -> bool:
        try:
            return not fetch_blob(socket, digest)
        except NotFound:
            return True

    wait_until(lambda: is_gone(first))
    last = session.state.model.digest
    assert not is_gone(last)
    session.stop()
    assert is_gone(last)


def test_a_killed_process_is_said_and_started_again(train, labels):
    draw(labels, 2, 0, 4)
    draw(labels, 9, 0, 16)
    session = Session(train, "stripes")
    before = session.wait(lambda state: state.model is not None)
    (child,) = offspring()
    child.send_signal(signal.SIGKILL)
    said = session.wait(lambda state: state.revision > before.revision and state.phase == "starting")
    assert "died" in said.message
    assert said.model is not None  # what is shown may stay
    snapshot = draw(labels, 9, 2, 16)
    session.wait(lambda state: state.snapshot == snapshot)
    session.stop()


def test_a_session_that_nobody_looks_at_ends(serve_app, registry, workspace, run_dir, labels):
    from voxloop_train.app import create_app
    from voxloop_train.settings import TrainSettings

    train = serve_app(create_app(TrainSettings(workspace=workspace.root, run_dir=run_dir, live_away_s=0.5)), "train")
    session = Session(train, "stripes")

    def has_ended() -> bool:
        try:
            train.get(f"/live/{session.id}")
        except NotFound:
            return True
        return False

    wait_until(has_ended)
    wait_until(lambda: not offspring())


def test_a_page_has_one_session_and_all_pages_not_too_many(train, labels):
    first = Session(train, "stripes")
    second = Session(train, "stripes")
    with pytest.raises(NotFound):
        train.get(f"/live/{first.id}")
    others = [Session(train, "stripes", client=f"other {n}") for n in range(2)]
    with pytest.raises(Conflict, match="3 live sessions"):
        Session(train, "stripes", client="one too many")
    for session in (second, *others):
        session.stop()


@pytest.mark.parametrize(("change", "error"), [({"volume": "nowhere"}, VolumeNotFound), ({"learner": "magic"}, InvalidInput)])
def test_refuses_what_cannot_be_followed(train, labels, change, error):
    with pytest.raises(error):
        Session(train, **({"volume": "stripes"} | change))


def test_its_processes_end_with_the_service_however_that_dies(start_service, registry, labels):
    service = start_service("train")
    Session(service.client, "stripes").wait(lambda state: state.phase == "waiting")
    (child,) = offspring(service.process.pid)
    service.kill()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_nothing_that_it_does_changes_a_label(train, labels):
    draw(labels, 2, 0, 4)
    snapshot = draw(labels, 9, 0, 16)
    before = np.asarray(labels.array()[:])
    session = Session(train, "stripes")
    session.wait(lambda state: state.model is not None)
    session.stop()
    assert labels.follow() == []
    assert labels.head == snapshot
    assert np.array_equal(np.asarray(labels.array()[:]), before)
