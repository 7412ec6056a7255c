"""Labels against a naive model: an array, and copies of it."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from voxloop_shared.data.labels import Labels, default_classes
from voxloop_shared.data.masks import encode_mask
from voxloop_shared.schemas import Stroke

SHAPE = (5, 34, 140)


def part(length: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.integers(0, length - 1).flatmap(lambda a: st.tuples(st.just(a), st.integers(a + 1, length)))


class LabelsMachine(RuleBasedStateMachine):
    """Strokes, undo and redo in any order, by two authors, with the repository closed and opened in between."""

    @initialize()
    def create(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="vx-labels-")
        self.path = Path(self.folder.name) / "labels"
        self.labels = Labels.create(self.path, SHAPE, default_classes())
        self.model = np.zeros(SHAPE, np.uint8)
        self.undo_stack: list[np.ndarray] = []
        self.redo_stack: list[np.ndarray] = []
        self.sent: list[Stroke] = []
        self.kept: list[tuple[str, np.ndarray]] = []

    @rule(
        box=st.tuples(*map(part, SHAPE)), value=st.sampled_from([0, 1, 2, 255]), seed=st.integers(0, 99), only_free=st.booleans(),
        author=st.sampled_from(["ada", "eva"]),
    )  # fmt: skip
    def paint(self, box, value: int, seed: int, only_free: bool, author: str) -> None:
        mask = np.random.default_rng(seed).random([stop - start for start, stop in box]) < 0.6
        overwrite = "unlabelled" if only_free else "all"
        stroke = Stroke(id=f"s{len(self.sent)}", tool="brush", value=value, box=box, runs=encode_mask(mask), overwrite=overwrite)
        commit = self.labels.paint(stroke, author)
        self.sent.append(stroke)
        after = self.model.copy()
        region = after[tuple(slice(*bounds) for bounds in box)]
        region[mask & (region == 0) if only_free else mask] = value
        assert commit.voxels == (after != self.model).sum()
        assert commit.author == author
        self.undo_stack.append(self.model)
        self.redo_stack.clear()
        self.model = after
        self.kept.append((commit.snapshot, after))

    @precondition(lambda self: self.undo_stack)
    @rule()
    def undo(self) -> None:
        self.labels.undo("eva")
        self.redo_stack.append(self.model)
        self.model = self.undo_stack.pop()

    @precondition(lambda self: self.redo_stack)
    @rule()
    def redo(self) -> None:
        self.labels.redo("ada")
        self.undo_stack.append(self.model)
        self.model = self.redo_stack.pop()

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def send_again(self, data) -> None:
        self.labels.paint(data.draw(st.sampled_from(self.sent)), "eva")

    @rule()
    def reopen(self) -> None:
        self.labels = Labels.open(self.path)

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def look_back(self, data) -> None:
        snapshot, right = data.draw(st.sampled_from(self.kept))
        np.testing.assert_array_equal(self.labels.array(snapshot)[:], right)

    @invariant()
    def voxels_and_counts_agree(self) -> None:
        np.testing.assert_array_equal(self.labels.array()[:], self.model)
        found = np.bincount(self.model.ravel(), minlength=256)
        assert self.labels.counts == {n: int(found[n]) for n in range(1, 256) if found[n]}

    @invariant()
    def undo_and_redo_are_known(self) -> None:
        history = self.labels.history
        assert (history.undo_name() is not None, history.redo_name() is not None) == (bool(self.undo_stack), bool(self.redo_stack))

    def teardown(self) -> None:
        self.folder.cleanup()


TestLabelsModel = LabelsMachine.TestCase
TestLabelsModel.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
