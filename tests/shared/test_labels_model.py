"""Labels against a naive model of arrays: any sequence of changes by two authors ends where the model says."""

import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.shared.label_model import LabelModel
from voxloop_shared.data import versions
from voxloop_shared.data.history import Commit
from voxloop_shared.data.labels import Labels, class_color, default_classes
from voxloop_shared.data.masks import encode_mask
from voxloop_shared.data.origins import accept_states
from voxloop_shared.errors import NothingToUndo
from voxloop_shared.schemas import LabelClass, OverwriteRule, Stroke

SHAPE = (34, 6, 260)
CHANGES = ["undo", "undo", "undo", "redo", "redo", "jump", "restore", "delete_class", "put_classes", "merge"]
AUTHORS = st.sampled_from(["ada", "eva"])


CUTS = ((0, 1, 30, 33, 34), (0, 2, 6), (0, 100, 131, 200, 260))
"""Where boxes begin and end: few places, so that strokes overlap, on both sides of chunk borders."""


def part(cuts: tuple[int, ...]) -> st.SearchStrategy[tuple[int, int]]:
    return st.sampled_from([(a, b) for a in cuts for b in cuts if a < b])


BOXES = st.one_of(st.tuples(*map(part, CUTS)), st.tuples(st.sampled_from([(1, 2), (33, 34)]), *map(part, CUTS[1:])))


class LabelsMachine(RuleBasedStateMachine):
    """All changes in any order, by two authors, with the repository closed and opened in between."""

    @initialize(at_once=st.sampled_from([1, 2**24]), seed=st.integers(0, 99))
    def create(self, at_once: int, seed: int) -> None:
        self.reading = mock.patch.object(versions, "_AT_ONCE", at_once)  # 1: also small boxes are reverted chunk by chunk
        self.reading.start()
        self.folder = tempfile.TemporaryDirectory(prefix="vx-labels-")
        self.path = Path(self.folder.name) / "labels"
        self.labels = Labels.create(self.path, SHAPE, default_classes())
        self.model = LabelModel(np.zeros((*SHAPE, 2), np.uint8))
        self.model.versions[self.labels.head] = self.model.voxels, self.model.names
        self.sent: list[tuple[Stroke, str]] = []
        self.strokes: list[str] = []
        self.requests = 0
        for n, author in enumerate(("ada", "eva", "ada")):
            box = ((n, 34 - n), (0, 6), (60 * n, 200 + 20 * n))
            self.paint(box, seed + n, "all", author, 1 + n % 2, None)

    @rule(
        box=BOXES, seed=st.integers(0, 99), rule_of=st.sampled_from(["all", "all", "unlabelled", "class"]), author=AUTHORS,
        data=st.data(),
    )  # fmt: skip
    def paint_something(self, box, seed: int, rule_of: str, author: str, data) -> None:
        values = st.sampled_from([*self.model.names, 0, 255])
        self.paint(box, seed, rule_of, author, data.draw(values), data.draw(values) if rule_of == "class" else None)

    @rule(
        box=BOXES,
        seed=st.integers(0, 99),
        rule_of=st.sampled_from(["all", "unlabelled", "accepted", "class"]),
        author=AUTHORS,
        data=st.data(),
    )
    def accept_something(self, box, seed: int, rule_of: str, author: str, data) -> None:
        """Take a prediction of the classes that there are, with gaps, as labels."""
        if not self.model.names:
            return
        replaces = data.draw(st.sampled_from([*self.model.names, 0, 255])) if rule_of == "class" else None
        predicted = np.random.default_rng(seed).choice(np.array([0, *self.model.names], np.uint8), [stop - start for start, stop in box])
        rule = OverwriteRule(overwrite=rule_of, replaces=replaces)
        record = Commit.now("accept", author, stroke_id=self.request(), axis="z", index=box[0][0], box=box)
        commit = self.labels.edit(record, lambda before: accept_states(before, predicted, rule))
        after = self.model.voxels.copy()
        region = after[tuple(slice(*bounds) for bounds in box)]
        empty, accepted = region[..., 0] == 0, region[..., 1] == 1
        allowed = {"all": True, "unlabelled": empty, "accepted": empty | accepted, "class": region[..., 0] == replaces}[rule_of]
        taken = (predicted != 0) & (predicted != region[..., 0]) & allowed
        region[taken, 0], region[taken, 1] = predicted[taken], 1
        assert commit.voxels == taken.sum()
        self.model.change(author, commit.snapshot, f"accept z={box[0][0]}", after, self.model.names)
        self.strokes.append(commit.snapshot)

    @rule(author=AUTHORS, change=st.sampled_from(CHANGES), data=st.data())
    def change(self, author: str, change: str, data) -> None:
        """Make one change of any other kind; one rule for all, else hypothesis leaves out most of them for a whole run."""
        getattr(self, change)(author, data)

    @rule(question=st.sampled_from(["reopen", "send_again", "look_back"]), data=st.data())
    def ask(self, question: str, data) -> None:
        """Do what must change nothing."""
        getattr(self, question)(data)

    def paint(self, box, seed: int, rule_of: str, author: str, value: int, replaces: int | None) -> None:
        mask = np.random.default_rng(seed).random([stop - start for start, stop in box]) < 0.6
        stroke = Stroke(
            id=self.request(), tool="brush", value=value, axis="z", index=box[0][0], box=box, runs=encode_mask(mask), overwrite=rule_of,
            replaces=replaces,
        )  # fmt: skip
        commit = self.labels.paint(stroke, author)
        after = self.model.voxels.copy()
        region = after[tuple(slice(*bounds) for bounds in box)]
        allowed = {"all": True, "unlabelled": region[..., 0] == 0, "class": region[..., 0] == replaces}[rule_of]
        region[mask & allowed] = value, 0
        assert commit.voxels == (after != self.model.voxels).any(axis=-1).sum()
        assert commit.author == author
        what = {0: "unlabelled", 255: "uncertain"} | self.model.names
        self.model.change(author, commit.snapshot, f"brush {what[value]} z={box[0][0]}", after, self.model.names)
        self.strokes.append(commit.snapshot)
        self.sent.append((stroke, author))

    def undo(self, author: str, _data) -> None:
        self.revert(author, "undo")

    def redo(self, author: str, _data) -> None:
        self.revert(author, "redo")

    def revert(self, author: str, tool: str) -> None:
        act = getattr(self.labels, tool)
        if not getattr(self.model, tool)[author]:
            with pytest.raises(NothingToUndo):
                act(author)
            return
        request = self.request()
        commit = act(author, request)
        assert act(author, request) == commit, "sent again, it does nothing"
        self.model.revert(author, tool, commit.snapshot)

    def jump(self, author: str, data) -> None:
        stroke = data.draw(st.sampled_from([None, *self.strokes]))
        way = self.model.way_to(author, stroke)
        if way is None:
            with pytest.raises(NothingToUndo):
                self.labels.jump(stroke, author)
            return
        before, request = len(self.labels.history), self.request()
        commit = self.labels.jump(stroke, author, request)
        assert self.labels.jump(stroke, author, request) == commit, "sent again, it does nothing"
        made = self.labels.history.newest(len(self.labels.history) - before)[::-1]
        tool, steps = way
        assert [step.tool for step in made] == [tool] * steps or (steps, made[0].tool) == (0, "jump")
        for step in made[:steps]:
            self.model.revert(author, tool, step.snapshot)

    def restore(self, author: str, data) -> None:
        snapshot = data.draw(st.sampled_from(list(self.model.versions)))
        name = f"restore to {self.labels.history.find(snapshot).name}"
        voxels, names = self.model.restored(snapshot)
        commit = self.labels.restore(snapshot, author, self.request())
        self.model.change(author, commit.snapshot, name, voxels, names)
        self.strokes.append(commit.snapshot)

    def delete_class(self, author: str, data) -> None:
        if not self.model.names:
            return
        number = data.draw(st.sampled_from(list(self.model.names)))
        names = {n: name for n, name in self.model.names.items() if n != number}
        into = data.draw(st.sampled_from([0, *names]))
        commit = self.labels.delete_class(number, into, author, self.request())
        voxels = self.model.voxels.copy()
        mine = voxels[..., 0] == number
        voxels[mine, 0] = into
        voxels[mine, 1] *= into != 0
        self.model.change(author, commit.snapshot, f"delete class {self.model.names[number]}", voxels, names)
        self.strokes.append(commit.snapshot)

    def merge(self, author: str, data) -> None:
        image = np.random.default_rng(data.draw(st.integers(0, 99))).choice(np.array([0, 0, *self.model.names, 255], np.uint8), SHAPE)
        image[:, :, data.draw(st.integers(1, 259)) :] = 0
        commit = self.labels.merge(iter(np.array_split(image, 3)), "import", author, lambda slab: None)
        voxels = self.model.voxels.copy()
        voxels[image != 0, 0], voxels[image != 0, 1] = image[image != 0], 0
        self.model.change(author, commit.snapshot, "import", voxels, self.model.names)
        self.strokes.append(commit.snapshot)

    def put_classes(self, _author: str, data) -> None:
        """Rename the last class, and sometimes add another one or take an unused one away."""
        number = data.draw(st.integers(0, 9))
        classes = self.labels.classes()
        classes[-1:] = [entry.model_copy(update={"name": f"new {number} {entry.id}"}) for entry in classes[-1:]]
        if number == 8:
            classes = [entry for entry in classes if entry.id in self.model.counts]
        fresh = self.labels.next_class()
        if number % 2 and fresh is not None and len(classes) < 5:
            classes.insert(0, LabelClass(id=fresh, name=f"added {fresh}", color=class_color(fresh)))
        commit = self.labels.put_classes(classes, "ada")
        self.model.rename(commit.snapshot, {entry.id: entry.name for entry in classes})

    def send_again(self, data) -> None:
        stroke, author = data.draw(st.sampled_from(self.sent))
        if stroke.value in (0, 255, *self.model.names):
            self.labels.paint(stroke, author)

    def reopen(self, _data) -> None:
        self.labels = Labels.open(self.path)

    def look_back(self, data) -> None:
        snapshot = data.draw(st.sampled_from(list(self.model.versions)))
        voxels, names = self.model.versions[snapshot]
        self.assert_holds(snapshot, voxels)
        assert {entry.id: entry.name for entry in self.labels.classes(snapshot)} == names

    @invariant()
    def voxels_counts_and_classes_agree(self) -> None:
        self.assert_holds(None, self.model.voxels)
        assert self.labels.counts == self.model.counts
        assert self.labels.accepted == self.model.accepted
        assert {entry.id: entry.name for entry in self.labels.classes()} == self.model.names
        assert self.model.counts.keys() <= {255, *self.model.names}

    @invariant()
    def the_stacks_agree(self) -> None:
        for author in ("ada", "eva"):
            stacks = self.labels.history.of(author)
            for found, right in ((stacks.undo, self.model.undo[author]), (stacks.redo, self.model.redo[author])):
                assert [(root.snapshot, root.name) for _, root in found] == [(entry.stroke, entry.name) for entry in right]

    def assert_holds(self, snapshot: str | None, voxels: np.ndarray) -> None:
        np.testing.assert_array_equal(self.labels.array(snapshot)[:], voxels[..., 0])
        origin = self.labels.origin(snapshot)
        np.testing.assert_array_equal(np.zeros(SHAPE, np.uint8) if origin is None else origin[:], voxels[..., 1])

    def request(self) -> str:
        self.requests += 1
        return f"r{self.requests}"

    def teardown(self) -> None:
        self.reading.stop()
        self.folder.cleanup()


TestLabelsModel = LabelsMachine.TestCase
TestLabelsModel.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
