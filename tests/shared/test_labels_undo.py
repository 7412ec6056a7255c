"""Undo, redo, jumps and restored versions: each author's own, by name, across everything that changes labels."""

from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import zarr

from tests.shared.test_labels import BOX, SHAPE, everything, slabs, stroke
from voxloop_shared.data import versions
from voxloop_shared.data.commits import Commit
from voxloop_shared.data.edits import Edit
from voxloop_shared.data.labels import Labels, default_classes
from voxloop_shared.errors import NothingToUndo, SnapshotNotFound
from voxloop_shared.schemas import LabelClass

UNKNOWN = "ZZZZZZZZZZZZZZZZZZZZ"


@pytest.fixture
def labels(tmp_path: Path) -> Labels:
    return Labels.create(tmp_path / "rock", SHAPE, default_classes())


def names(labels: Labels, author: str) -> tuple[str | None, str | None]:
    stacks = labels.history.of(author)
    return stacks.undo_name(), stacks.redo_name()


def test_undo_takes_back_the_authors_own_stroke_and_leaves_what_lies_on_top(labels: Labels):
    labels.paint(stroke("a", ((2, 3), (0, 20), (0, 20)), 1), "ada")
    labels.paint(stroke("b", ((2, 3), (10, 30), (10, 30)), 2), "eva")
    undone = labels.undo("ada")
    assert (undone.author, undone.tool, undone.name) == ("ada", "undo", "undo brush background z=0")
    right = np.zeros(SHAPE, np.uint8)
    right[2, 10:30, 10:30] = 2
    np.testing.assert_array_equal(everything(labels), right)
    with pytest.raises(NothingToUndo):
        labels.undo("ada")
    labels.redo("ada")
    right[2, :20, :20] = np.where(right[2, :20, :20] == 2, 2, 1)
    np.testing.assert_array_equal(everything(labels), right)
    assert names(labels, "ada") == ("brush background z=0", None)
    assert names(labels, "eva") == ("brush object z=0", None)
    assert names(labels, "who never painted") == (None, None)


def test_a_new_stroke_forgets_only_what_its_author_could_redo(labels: Labels):
    for author in ("ada", "eva"):
        labels.paint(stroke(author, BOX, 1), author)
        labels.undo(author)
    assert names(labels, "ada") == names(labels, "eva") == (None, "brush background z=0")
    labels.paint(stroke("b", BOX, 2), "ada")
    assert names(labels, "ada") == ("brush object z=0", None)
    with pytest.raises(NothingToUndo):
        labels.redo("ada")
    assert labels.redo("eva").tool == "redo"


def test_strokes_are_named_in_the_words_of_their_time(labels: Labels):
    labels.put_classes([LabelClass(id=1, name="nerve", color="#000000"), LabelClass(id=2, name="bone", color="#000001")], "ada")
    painted = [
        labels.paint(stroke("1", BOX, 1, axis="z", index=2), "ada"),
        labels.paint(stroke("2", BOX, 0, axis="y", index=5, tool="erase"), "ada"),
        labels.paint(stroke("3", BOX, 0, axis="y", index=5, tool="lasso"), "ada"),
        labels.paint(stroke("4", BOX, 255, axis="x", index=100, tool="polygon"), "ada"),
        labels.paint(stroke("5", BOX, 2, axis="z", index=2, tool="flood"), "ada"),
    ]
    labels.put_classes([LabelClass(id=1, name="vessel", color="#000000"), LabelClass(id=2, name="bone", color="#000001")], "ada")
    assert [commit.name for commit in painted] == [
        "brush nerve z=2", "eraser y=5", "lasso unlabelled y=5", "polygon uncertain x=100", "flood bone z=2",
    ]  # fmt: skip
    assert [commit.by for commit in painted] == ["hand"] * 4 + ["tool"]
    assert labels.history.find(painted[0].snapshot).name == "brush nerve z=2"


def test_names_and_stacks_are_there_after_opening_again(labels: Labels, tmp_path: Path):
    for n in range(4):
        labels.paint(stroke(f"s{n}", ((n, n + 1), (0, 9), (0, 9)), 1 + n % 2, axis="z", index=n), "ada" if n % 2 else "eva")
    labels.undo("eva")
    labels.restore(labels.history.newest(2)[-1].snapshot, "eva")
    labels.undo("ada")
    again = Labels.open(tmp_path / "rock")
    for author in ("ada", "eva"):
        assert names(again, author) == names(labels, author)
        for found, right in ((again.history.of(author), labels.history.of(author)),):
            assert (found.undo, found.redo) == (right.undo, right.redo)
    assert again.history.annotated() == labels.history.annotated() == {"z": [0, 1, 2], "y": [], "x": []}


def five_strokes(labels: Labels, author: str = "ada") -> list[Commit]:
    """Paint rows 0 to 4 of slice 3."""
    return [labels.paint(stroke(f"{author}{n}", ((3, 4), (n, n + 1), (0, 9)), 1, axis="z", index=3), author) for n in range(5)]


def rows(labels: Labels) -> list[int]:
    return np.flatnonzero(everything(labels)[3, :, 0]).tolist()


def test_a_jump_undoes_and_redoes_as_many_strokes_as_it_takes(labels: Labels):
    strokes = five_strokes(labels)
    back = labels.jump(strokes[1].snapshot, "ada", "j1")
    assert rows(labels) == [0, 1]
    assert back.span == ((3, 4), (2, 5), (0, 9)), "what all its steps have changed"
    labels.jump(strokes[3].snapshot, "ada", "j2")
    assert rows(labels) == [0, 1, 2, 3]
    assert names(labels, "ada") == ("brush background z=3", "brush background z=3")
    labels.jump(None, "ada", "j3")
    assert rows(labels) == []
    labels.jump(strokes[4].snapshot, "ada", "j4")
    assert rows(labels) == [0, 1, 2, 3, 4]


def test_a_jump_that_is_sent_again_does_nothing_even_if_it_did_nothing_at_first(labels: Labels, tmp_path: Path):
    strokes = five_strokes(labels)
    first = labels.jump(strokes[4].snapshot, "ada", "j1")
    labels.paint(stroke("later", ((3, 4), (9, 10), (0, 9)), 1), "ada")
    assert labels.jump(strokes[4].snapshot, "ada", "j1") == first
    assert Labels.open(tmp_path / "rock").jump(strokes[4].snapshot, "ada", "j1") == first
    assert rows(labels) == [0, 1, 2, 3, 4, 9]


def test_a_jump_moves_only_the_callers_strokes(labels: Labels):
    mine = five_strokes(labels)
    labels.paint(stroke("b", ((3, 4), (8, 10), (0, 9)), 2), "eva")
    labels.jump(mine[0].snapshot, "ada")
    assert rows(labels) == [0, 8, 9]
    with pytest.raises(NothingToUndo, match="not yours"):
        labels.jump(mine[3].snapshot, "eva")
    labels.paint(stroke("new", BOX, 1), "ada")
    head = labels.head
    with pytest.raises(NothingToUndo, match="restore"):
        labels.jump(mine[3].snapshot, "ada")
    with pytest.raises(SnapshotNotFound):
        labels.jump(UNKNOWN, "ada")
    assert labels.head == head


def test_a_restored_version_equals_the_old_one_and_can_be_undone(labels: Labels):
    five_strokes(labels)
    then, right = labels.head, everything(labels)
    labels.paint(stroke("b", ((0, 9), (0, 40), (0, 150)), 2, axis="y", index=7), "eva")
    newer = everything(labels)
    commit = labels.restore(then, "ada", "r1")
    assert labels.restore(then, "ada", "r1") == commit
    assert (commit.name, commit.by, commit.voxels) == ("restore to brush background z=3", "tool", (newer != right).sum())
    np.testing.assert_array_equal(everything(labels), right)
    assert labels.counts == {1: 45}
    assert labels.history.annotated() == {"z": [3], "y": [], "x": []}
    labels.undo("ada")
    np.testing.assert_array_equal(everything(labels), newer)
    assert labels.history.annotated() == {"z": [3], "y": [7], "x": []}
    labels.redo("ada")
    np.testing.assert_array_equal(everything(labels), right)
    labels.restore(labels.history.newest(100)[-2].snapshot, "eva")
    assert not everything(labels).any(), "the first version of all"


def test_an_unknown_version_is_not_restored(labels: Labels):
    five_strokes(labels)
    head = labels.head
    before_the_first = labels.history.newest(100)[-1].snapshot
    for snapshot in (UNKNOWN, "../../rock", "", before_the_first):
        with pytest.raises(SnapshotNotFound):
            labels.restore(snapshot, "ada")
    assert labels.head == head


def test_large_changes_are_reverted_chunk_by_chunk(tmp_path: Path):
    labels = Labels.create(tmp_path / "wide", (40, 300, 1100), default_classes())
    rng = np.random.default_rng(0)
    image = np.zeros(labels.shape, np.uint8)
    image[33:35, 120:140, 500:530] = rng.integers(0, 3, (2, 20, 30))
    image[2, 290, 1080:] = 1
    labels.paint(stroke("a", ((1, 3), (288, 292), (1085, 1095)), 2), "eva")
    before = everything(labels)
    labels.merge(slabs(image), "import", "ada", lambda _slab: None)
    labels.paint(stroke("b", ((33, 34), (130, 150), (505, 520)), 255), "eva")
    merged = everything(labels)
    sizes = []

    read_all = Edit.read

    def read(edit: Edit, region: tuple, where: np.ndarray | None = None) -> np.ndarray:
        sizes.append([part.stop - part.start for part in region])
        return read_all(edit, region, where)

    with mock.patch.object(versions, "_AT_ONCE", 1000), mock.patch.object(Edit, "read", read):
        labels.undo("ada")
        right = np.where((before != image) & (merged == image) & (image > 0), before, merged)
        np.testing.assert_array_equal(everything(labels), right)
        labels.redo("ada")
        np.testing.assert_array_equal(everything(labels), merged)
        labels.paint(stroke("e", ((0, 40), (0, 300), (0, 1100)), 0, tool="erase"), "eva")
        assert not labels.painted()
        sizes.clear()
        labels.undo("eva")
        np.testing.assert_array_equal(everything(labels), merged)
    assert len(sizes) == 3, "three blocks hold what was painted, of six that the volume has"
    assert max(np.prod(size) for size in sizes) <= 32 * 512 * 512


def write_as_before(labels: Labels, path: Path, record: Commit, value: int, region: tuple) -> Labels:
    """Commit as older versions did: without a name, and with undo of anybody's stroke by anybody."""
    session = labels._repo.writable_session("main")
    zarr.open_array(session.store, path="labels", mode="r+")[region] = value
    metadata = record.to_metadata()
    assert "name" not in metadata["voxloop"]
    session.commit("old", metadata=metadata)
    return Labels.open(path)


def test_histories_of_older_versions_still_open(labels: Labels, tmp_path: Path):
    path = tmp_path / "rock"
    ada, eva = ((2, 3), (0, 4), (0, 4)), ((2, 3), (2, 6), (2, 6))
    at = {box: tuple(slice(*bounds) for bounds in box) for box in (ada, eva)}

    def record(tool: str, author: str, box, value: int, count: int, **fields) -> Commit:
        counts = {1: count} if count else {}
        return Commit.now(tool, author, value=value, axis="z", index=2, box=box, counts=counts, **fields)

    labels = write_as_before(labels, path, record("brush", "ada", ada, 1, 16, stroke_id="a"), 1, at[ada])
    labels = write_as_before(labels, path, record("brush", "eva", eva, 1, 28, stroke_id="b"), 1, at[eva])
    taken = labels.history.head
    region = (slice(2, 3), slice(4, 6), slice(4, 6))
    labels = write_as_before(labels, path, record("undo", "ada", eva, 1, 24, reverts=taken.snapshot), 0, region)
    assert labels.history.find(taken.snapshot).name == "brush 1 z=2", "a class was called by its number"
    assert names(labels, "ada") == ("brush 1 z=2", None)
    assert names(labels, "eva") == (None, "brush 1 z=2"), "it was eva's stroke that ada took back"
    labels.redo("eva")
    assert labels.counts == {1: 28}
    labels.undo("ada")
    assert labels.history.of("eva").undo_name() == "brush 1 z=2"
