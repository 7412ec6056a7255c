"""What a live session sees of the labels: the newest points, and a split that never lets a stroke change sides."""

import numpy as np
import pytest

from tests.train.conftest import CLASSES
from tests.train.test_live import draw
from voxloop_shared.data.labels import Labels
from voxloop_shared.errors import TooFewLabels
from voxloop_train.live.following import LabelFollower
from voxloop_train.live.split import StandingSplit
from voxloop_train.points import LabelPoints, read_points

SHAPE = (40, 150, 140)
"""Several chunks of labels."""


@pytest.fixture
def labels(workspace) -> Labels:
    return Labels.create(workspace.labels_of("v"), SHAPE, CLASSES)


def test_followed_points_are_those_of_the_snapshot_whatever_was_done(labels, workspace):
    follower = LabelFollower(Labels.open(workspace.labels_of("v")), "use")
    with pytest.raises(TooFewLabels):
        follower.take()
    assert not follower.news()
    steps = [
        lambda: draw(labels, 2, 0, 4),
        lambda: draw(labels, 9, 35, 140),
        lambda: draw(labels, 3, 0, 4),
        lambda: labels.undo("ada"),
        lambda: labels.redo("ada"),
        lambda: draw(labels, 2, 1, 129),
        lambda: labels.delete_class(3, 2, "ada"),
        lambda: labels.jump(None, "ada"),
        lambda: labels.jump(labels.history.changes(100)[0][-1].snapshot, "ada"),
    ]
    for step in steps:
        step()
        assert follower.news()
        expected = read_points(labels, labels.head)
        try:
            painted = follower.take()
        except TooFewLabels:
            assert len(expected.classes()) < 2
            continue
        assert painted.snapshot == labels.head
        assert np.array_equal(painted.points.position, expected.position)
        assert np.array_equal(painted.points.number, expected.number)
        assert [entry.id for entry in painted.classes] == expected.classes().tolist()
    assert not follower.news()


def test_what_another_process_commits_is_taken_in_once(labels, workspace):
    other = Labels.open(workspace.labels_of("v"))
    snapshots = [draw(labels, 2, 0, 4), draw(labels, 9, 1, 4)]
    assert [commit.snapshot for commit in other.follow()] == snapshots
    assert (other.head, other.follow()) == (labels.head, [])


def strokes(*rows: tuple[int, int]) -> LabelPoints:
    """Lines of ten voxels: (row, class)."""
    position = np.concatenate([np.arange(10) + row * 140 for row, _ in sorted(rows)]).astype(np.int64)
    number = np.concatenate([np.full(10, n, np.uint8) for _, n in sorted(rows)])
    return LabelPoints(SHAPE, position, number)


def test_a_stroke_never_changes_sides_while_others_come():
    split = StandingSplit(0.25)
    rows = [(4 * n, 2 + 7 * (n % 2)) for n in range(12)]
    held: set[int] = set()
    learned: set[int] = set()
    for count in range(2, len(rows) + 1):
        found = split.part(strokes(*rows[:count]))
        held |= set(found.held.position.tolist())
        learned |= set(found.train.position.tolist())
        assert not held & learned
        assert set(found.train.classes().tolist()) == {2, 9}
    assert set(found.held.classes().tolist()) == {2, 9}
    assert len(found.held) + len(found.train) == 120
    assert found.note == "whole strokes held out"


def test_a_stroke_that_grows_onto_a_held_one_is_learned_from_no_more():
    split = StandingSplit(0.25)
    rows = [(4 * n, 2 + 7 * (n % 2)) for n in range(8)]
    found = split.part(strokes(*rows))
    row = int(found.held.position[0]) // 140
    number = int(found.held.number[0])
    joined = split.part(strokes(*rows, (row + 1, number)))
    assert {row, row + 1} <= set((joined.held.position // 140).tolist())


def test_what_a_parent_has_seen_does_not_judge():
    split = StandingSplit(0.25)
    known = strokes(*[(4 * n, 2 + 7 * (n % 2)) for n in range(8)])
    split.note_learned(known.position)
    assert len(split.part(known).held) == 0
