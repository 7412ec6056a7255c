"""Rounds are told from the history and the trainings alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from voxloop_annotate.rounds import Round, active_seconds, hint_of, list_rounds
from voxloop_shared.data.commits import Commit
from voxloop_shared.data.labels import Labels, default_classes
from voxloop_shared.data.masks import encode_mask
from voxloop_shared.data.origins import States, accept_states
from voxloop_shared.jobs.job import Job, State
from voxloop_shared.schemas import OverwriteRule, Stroke

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SHAPE = (4, 16, 16)


@pytest.fixture
def labels(tmp_path: Path) -> Labels:
    return Labels.create(tmp_path / "labels", SHAPE, default_classes())


def paint(labels: Labels, number: int, value: int, rows: tuple[int, int]) -> str:
    box = ((1, 2), rows, (0, 10))
    mask = np.ones((1, rows[1] - rows[0], 10), np.bool_)
    stroke = Stroke(
        id=f"s{number}", tool="erase" if value == 0 else "brush", value=value, axis="z", index=1, box=box, runs=encode_mask(mask)
    )
    return labels.paint(stroke, "mia").snapshot


def accept(labels: Labels, number: int, value: int, rows: tuple[int, int]) -> str:
    box = ((2, 3), rows, (0, 10))
    predicted = np.full((1, rows[1] - rows[0], 10), value, np.uint8)
    record = Commit.now("accept", "mia", stroke_id=f"a{number}", axis="z", index=2, box=box, prediction="p", model="nerve:1")

    def change(before: States) -> States:
        return accept_states(before, predicted, OverwriteRule(overwrite="unlabelled"))

    return labels.edit(record, change).snapshot


def training(number: int, snapshot: str, dice: float | None = 0.8, state: State = State.SUCCEEDED) -> Job:
    result = {"model": {"name": "nerve", "version": number, "digest": "0"}, "snapshot": snapshot, "train_s": 2.0}
    return Job(
        id=f"job{number}",
        service="train",
        kind="train",
        title="Train unet on nerve",
        volume="nerve",
        state=state,
        author="mia",
        created=START + timedelta(minutes=number),
        finished=START + timedelta(minutes=number, seconds=30),
        result=result | {"metrics": {"mean_dice": dice, "dice_spread": 0.02}} if state is State.SUCCEEDED else None,
    )


def test_each_training_is_a_round_with_the_labels_that_led_to_it(labels: Labels) -> None:
    paint(labels, 1, 1, (0, 4))
    first = paint(labels, 2, 2, (4, 6))
    accept(labels, 1, 1, (0, 6))
    paint(labels, 3, 2, (6, 8))
    second = paint(labels, 4, 0, (0, 1))
    paint(labels, 5, 1, (8, 9))
    jobs = [training(3, "unknown"), training(2, second), training(4, first, state=State.FAILED), training(1, first)]

    found = list_rounds(labels, jobs)

    assert [(each.number, each.model, each.learner) for each in found.rounds] == [(1, "nerve:1", "unet"), (2, "nerve:2", "unet")]
    one, two = found.rounds
    assert (one.strokes, one.by_hand, one.accepted, one.erased, one.accepted_share) == (2, 60, 0, 0, None)
    assert (two.strokes, two.by_hand, two.accepted, two.erased) == (3, 20 - 10, 60, 10)
    assert two.accepted_share == pytest.approx(60 / 70)
    assert (two.mean_dice, two.dice_spread) == (0.8, 0.02)
    assert (found.now.strokes, found.now.by_hand) == (1, 10)


def test_training_again_on_the_same_labels_is_a_round_without_work(labels: Labels) -> None:
    snapshot = paint(labels, 1, 1, (0, 4))
    again = list_rounds(labels, [training(2, snapshot), training(1, snapshot)]).rounds[1]
    assert (again.strokes, again.by_hand, again.active_s, again.accepted_share) == (0, 0, 0, None)


def test_what_was_undone_is_no_label(labels: Labels) -> None:
    paint(labels, 1, 1, (0, 4))
    labels.undo("mia")
    assert list_rounds(labels, []).now.by_hand == 0


def test_pauses_are_no_work() -> None:
    assert active_seconds([]) == 0
    times = [START, START + timedelta(seconds=10), START + timedelta(hours=2), START + timedelta(hours=2, seconds=5)]
    assert active_seconds(times) == 15 + 10 + 30 + 5


@pytest.mark.parametrize(
    ("scores", "is_told"),
    [([0.7, 0.8, 0.86], False), ([0.8, 0.86, 0.86, 0.855], True), ([0.8, 0.86], False), ([0.8, None, 0.86, 0.86, 0.87], True)],
)
def test_a_score_that_rises_no_more_is_told(labels: Labels, scores: list[float | None], is_told: bool) -> None:
    snapshot = paint(labels, 1, 1, (0, 4))
    rounds: list[Round] = list_rounds(labels, [training(number, snapshot, dice) for number, dice in enumerate(scores, start=1)]).rounds
    assert (hint_of(rounds) is not None) is is_told
