"""The U-Net that follows strokes: it goes on from where it stands, and only shows what is no worse."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.train.conftest import CLASSES, stripes_of_labels, two_phases
from tests.train.test_live import Session, draw
from voxloop_shared.data.labels import Labels
from voxloop_shared.nets.architectures import build_network
from voxloop_shared.nets.weights import put_weights
from voxloop_train.learners.learner import Learned, Lesson
from voxloop_train.learners.unet import UnetSettings
from voxloop_train.live import unet
from voxloop_train.live.following import LabelFollower
from voxloop_train.live.unet import LiveUnet

SMALL = {"width": 4, "depth": 2, "crop": 32, "batch": 4, "in_channels": 1, "guide": 0, "held_out": 0.25}


@pytest.fixture
def labels(make_volume, workspace) -> Labels:
    volume = make_volume("stripes", array=two_phases())
    labels = Labels.create(workspace.labels_of(volume.id), volume.shape, CLASSES)
    labels.merge(iter([stripes_of_labels()]), "import", "ada", lambda _slab: None)
    return labels


@pytest.fixture
def lesson(labels, workspace, tmp_path, monkeypatch) -> Lesson:
    from voxloop_shared.data.volumes import read_info

    monkeypatch.setattr(unet, "_ROUND_S", (0.5,))
    return Lesson(
        workspace=workspace,
        volume=read_info(workspace, "stripes"),
        snapshot=labels.head,
        classes=[],
        settings=UnetSettings(**SMALL),
        budget_s=0.0,
        report=lambda *_arguments, **_metrics: None,
        checkpoint=tmp_path,
    )


class Pupil:
    """A live U-Net in this process."""

    def __init__(self, lesson: Lesson, labels: Labels) -> None:
        self.lesson = lesson
        self.live = LiveUnet(lesson)
        self.follower = LabelFollower(labels, "use")

    def learn(self, most: int) -> list[Learned]:
        """Give so many models of the newest labels."""
        self.follower = LabelFollower(Labels.open(self.lesson.workspace.labels_of("stripes")), "use")
        painted = self.follower.take()
        lesson = replace(self.lesson, classes=painted.classes, snapshot=painted.snapshot)
        models: Iterator[Learned] = self.live.learn(lesson, painted, self.follower.news)
        return [model for model, _ in zip(models, range(most), strict=False)]


def test_it_goes_on_from_where_it_stands_and_says_what_held_out_strokes_say(lesson, labels):
    pupil = Pupil(lesson, labels)
    first, *_, last = pupil.learn(5)
    assert last.metrics["mean_dice"] >= first.metrics["mean_dice"] - 0.1
    assert last.metrics["validation"] == "whole strokes held out"
    assert not last.metrics["given_back"]
    network = build_network(last.architecture)
    put_weights(network, last.weights)
    draw(labels, 9, 2, 16)
    (next_one,) = pupil.learn(1)
    assert (
        next_one.metrics["train_voxels"] + next_one.metrics["held_out_voxels"]
        == first.metrics["train_voxels"] + first.metrics["held_out_voxels"] + 60
    )
    assert next_one.metrics["mean_dice"] >= last.metrics["mean_dice"] - 0.1  # not begun anew


def test_a_new_class_joins_the_network_that_is_there(lesson, labels):
    pupil = Pupil(lesson, labels)
    pupil.learn(2)
    draw(labels, 3, 2, 40)
    (more,) = pupil.learn(1)
    assert more.architecture["classes"] == 3
    assert set(more.metrics["dice"]) == {2, 3, 9}


def test_it_stops_when_nothing_gets_better(lesson, labels, monkeypatch):
    monkeypatch.setattr(unet, "_PATIENCE", 1)
    assert len(Pupil(lesson, labels).learn(50)) < 50


@pytest.mark.slow
def test_a_session_learns_on_and_rests_while_a_training_runs(train, registry, labels):
    session = Session(train, "stripes", learner="unet", config=SMALL)
    learned = session.wait(lambda state: state.model is not None)
    assert learned.model.manifest.learner == "unet"
    job = train.post("/jobs", {"volume": "stripes", "config": SMALL, "budget_s": 60})
    session.wait(lambda state: state.phase == "paused")
    train.post(f"/jobs/{job['id']}/cancel")
    session.wait(lambda state: state.phase in ("learning", "ready"))
    number = session.state.model.number
    draw(labels, 2, 3, 4)
    session.wait(lambda state: state.model.number > number)
    session.stop()
