"""Labels: every stroke is a commit, exact, durable, attributed."""

import contextlib
from pathlib import Path

import numpy as np
import pytest

from voxloop_shared.data.labels import Labels, class_color, default_classes
from voxloop_shared.data.masks import encode_mask
from voxloop_shared.errors import (
    DiskFull,
    InvalidStroke,
    NothingToUndo,
    ShapeMismatch,
    SnapshotNotFound,
    UnknownClass,
    UnreadableFile,
    VolumeNotFound,
)
from voxloop_shared.schemas import LabelClass, Stroke

SHAPE = (9, 40, 150)


@pytest.fixture
def labels(tmp_path: Path) -> Labels:
    return Labels.create(tmp_path / "rock", SHAPE, default_classes())


def stroke(name: str, box, value: int = 1, mask=None, **fields) -> Stroke:
    size = [stop - start for start, stop in box]
    mask = np.ones(size, np.bool_) if mask is None else mask
    return Stroke(id=name, tool=fields.pop("tool", "brush"), value=value, box=box, runs=encode_mask(mask), **fields)


def everything(labels: Labels, snapshot: str | None = None) -> np.ndarray:
    return np.asarray(labels.array(snapshot)[:])


BOX = ((2, 3), (5, 25), (100, 140))


def test_new_labels_are_empty(labels: Labels):
    assert not everything(labels).any()
    assert labels.counts == {}
    assert labels.classes() == default_classes()
    assert labels.array().dtype == np.uint8
    with pytest.raises(NothingToUndo):
        labels.undo("ada")
    with pytest.raises(NothingToUndo):
        labels.redo("ada")


def test_a_stroke_sets_its_voxels_and_no_others(labels: Labels):
    mask = np.random.default_rng(0).random((1, 20, 40)) < 0.5
    commit = labels.paint(stroke("s1", ((2, 3), (5, 25), (100, 140)), 2, mask, axis="z", index=2), "ada")
    right = np.zeros(SHAPE, np.uint8)
    right[2:3, 5:25, 100:140][mask] = 2
    np.testing.assert_array_equal(everything(labels), right)
    assert (commit.author, commit.tool, commit.value, commit.axis, commit.index) == ("ada", "brush", 2, "z", 2)
    assert commit.voxels == mask.sum()
    assert labels.counts == {2: mask.sum()}
    assert commit.snapshot == labels.head


def test_a_stroke_survives_being_opened_again(labels: Labels, tmp_path: Path):
    commit = labels.paint(stroke("s1", BOX, 2, axis="z", index=2), "ada")
    again = Labels.open(tmp_path / "rock")
    assert again.history.head == commit
    assert again.counts == labels.counts
    np.testing.assert_array_equal(everything(again), everything(labels))


def test_a_stroke_that_is_sent_twice_is_painted_once(labels: Labels, tmp_path: Path):
    first = labels.paint(stroke("s1", BOX, 2), "ada")
    labels.paint(stroke("s2", BOX, 1), "ada")
    assert labels.paint(stroke("s1", BOX, 2), "ada") == first
    assert Labels.open(tmp_path / "rock").paint(stroke("s1", BOX, 2), "ada") == first
    assert set(np.unique(everything(labels))) == {0, 1}


def test_an_undo_that_is_sent_twice_takes_one_stroke_back(labels: Labels, tmp_path: Path):
    labels.paint(stroke("s1", BOX, 1), "ada")
    labels.paint(stroke("s2", BOX, 2), "ada")
    first = labels.undo("ada", "u1")
    assert labels.undo("ada", "u1") == first
    assert Labels.open(tmp_path / "rock").undo("ada", "u1") == first
    assert labels.counts == {1: 20 * 40}


def test_a_snapshot_stays_what_it_was(labels: Labels):
    snapshots = [labels.paint(stroke(f"s{n}", BOX, 1 + n % 2), "ada").snapshot for n in range(4)]
    labels.undo("ada")
    for n, snapshot in enumerate(snapshots):
        assert set(np.unique(everything(labels, snapshot))) == {0, 1 + n % 2}
    with pytest.raises(SnapshotNotFound):
        labels.array("ZZZZZZZZZZZZZZZZZZZZ")
    with pytest.raises(SnapshotNotFound):
        labels.array("../../rock")


@pytest.mark.parametrize("value", [0, 255])
def test_erasing_and_doubt_need_no_class(labels: Labels, value: int):
    labels.paint(stroke("s1", BOX, 1), "ada")
    labels.paint(stroke("s2", BOX, value), "ada")
    assert labels.counts == ({255: 20 * 40} if value else {})


def test_a_stroke_may_leave_alone_what_is_labelled(labels: Labels):
    labels.paint(stroke("s1", ((2, 3), (5, 15), (100, 140)), 1), "ada")
    commit = labels.paint(stroke("s2", BOX, 2, overwrite="unlabelled"), "eva")
    assert labels.counts == {1: 10 * 40, 2: 10 * 40}
    assert commit.voxels == 10 * 40


BAD_STROKES = {
    "outside": (((0, 10), (0, 1), (0, 1)), 1, None, InvalidStroke),
    "turned round": (((3, 2), (0, 1), (0, 1)), 1, [1], InvalidStroke),
    "empty": (((2, 2), (0, 1), (0, 1)), 1, [0], InvalidStroke),
    "too few runs": (BOX, 1, [3], InvalidStroke),
    "runs beyond a computer's numbers": (BOX, 1, [10**30], InvalidStroke),
    "an unknown class": (BOX, 3, None, UnknownClass),
    "more voxels than memory should hold": (((0, 5), (0, 4096), (0, 4096)), 1, [5 * 4096 * 4096], InvalidStroke),
}


@pytest.mark.parametrize(("box", "value", "runs", "kind"), BAD_STROKES.values(), ids=BAD_STROKES)
def test_a_bad_stroke_changes_nothing(labels: Labels, box, value: int, runs, kind: type):
    head = labels.head
    size = int(np.prod([max(0, stop - start) for start, stop in box]))
    bad = Stroke(id="bad", tool="brush", value=value, box=box, runs=runs if runs is not None else [0, size])
    with pytest.raises(kind):
        labels.paint(bad, "ada")
    assert labels.head == head
    assert labels.paint(stroke("bad", BOX, 1), "ada").voxels == 20 * 40, "its id is still free"


def test_classes_are_kept_with_the_snapshot(labels: Labels):
    before = labels.head
    classes = [*default_classes(), LabelClass(id=7, name="pore", color="#abcdef")]
    labels.put_classes(classes, "ada")
    assert labels.classes() == classes
    assert labels.classes(before) == default_classes()
    assert labels.paint(stroke("s", BOX, 7), "ada").voxels == 20 * 40
    with pytest.raises(UnknownClass, match=f"class 7 still has {20 * 40}"):
        labels.put_classes(default_classes(), "ada")
    labels.undo("ada")
    labels.put_classes(default_classes(), "ada")
    assert labels.classes() == default_classes()


def test_a_change_of_classes_is_no_stroke_to_undo(labels: Labels):
    labels.paint(stroke("s", BOX, 1), "ada")
    labels.put_classes([*default_classes(), LabelClass(id=3, name="c", color="#000000")], "ada")
    labels.undo("ada")
    assert labels.counts == {}
    assert len(labels.classes()) == 3


def slabs(array: np.ndarray, depth: int = 4):
    return (array[z : z + depth] for z in range(0, len(array), depth))


def test_merge_lays_an_image_over_and_keeps_what_its_zeros_cover(labels: Labels):
    labels.paint(stroke("s", BOX, 2), "ada")
    image = np.zeros(SHAPE, np.uint8)
    image[2, :10] = 1
    image[5, 3:6] = 9
    image[6, 0, 0] = 255
    commit = labels.merge(slabs(image), "import", "eva", lambda _slab: None)
    right = np.zeros(SHAPE, np.uint8)
    right[2, 5:25, 100:140] = 2
    right[image > 0] = image[image > 0]
    np.testing.assert_array_equal(everything(labels), right)
    assert labels.counts == {n: int((right == n).sum()) for n in (1, 2, 9, 255)}
    assert commit.voxels == (image > 0).sum()
    assert [(c.id, c.color) for c in labels.classes()][2:] == [(9, class_color(9))]
    labels.undo("eva")
    assert labels.counts == {2: 20 * 40}


@pytest.mark.parametrize("shape", [(8, 40, 150), (10, 40, 150), (9, 41, 150), (9, 40, 149), (9, 1, 150)], ids=str)
def test_merge_refuses_another_grid_and_changes_nothing(labels: Labels, shape: tuple):
    head = labels.head
    with pytest.raises(ShapeMismatch):
        labels.merge(slabs(np.ones(shape, np.uint8)), "import", "eva", lambda _slab: None)
    assert labels.head == head
    assert not everything(labels).any()


def test_merge_changes_nothing_when_a_slab_is_refused(labels: Labels):
    def check(slab: np.ndarray) -> None:
        if (slab > 1).any():
            raise UnreadableFile("label 2 is not wanted")

    image = np.ones(SHAPE, np.uint8)
    image[8] = 2
    with pytest.raises(UnreadableFile, match="not wanted"):
        labels.merge(slabs(image), "import", "eva", check)
    assert not everything(labels).any()


def test_labels_are_made_once_and_found_where_they_are(labels: Labels, tmp_path: Path):
    with pytest.raises(FileExistsError):
        Labels.create(tmp_path / "rock", SHAPE, default_classes())
    with pytest.raises(VolumeNotFound):
        Labels.open(tmp_path / "none")
    assert [path.name for path in tmp_path.iterdir()] == ["rock"]


def test_a_full_disk_refuses_a_stroke_and_loses_none(small_disk: Path):
    labels = Labels.create(small_disk / "rock", (64, 256, 256), default_classes())
    rng = np.random.default_rng(0)
    painted = 0

    def paint_on() -> None:
        nonlocal painted
        for n in range(200):
            mask = rng.random((8, 256, 256)) < 0.5
            labels.paint(stroke(f"s{n}", ((0, 8), (0, 256), (0, 256)), 1 + n % 2, mask), "ada")
            painted += 1

    with pytest.raises(DiskFull, match="labels"):
        paint_on()
    again = Labels.open(small_disk / "rock")
    assert again.history.head.stroke_id == f"s{painted - 1}"
    np.testing.assert_array_equal(everything(again), everything(labels))
    fill(small_disk)  # the refused stroke was large: what it did not get may be enough for an empty repository
    with pytest.raises(DiskFull):
        Labels.create(small_disk / "other", (64, 256, 256), default_classes())
    assert not (small_disk / "other").exists()


def fill(disk: Path) -> None:
    """Take the last block of a file system."""
    with (disk / "ballast").open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            stream.write(bytes(512))


def test_the_annotated_slices_follow_undo(labels: Labels):
    labels.paint(stroke("a", BOX, 1, axis="z", index=2), "ada")
    labels.paint(stroke("b", ((0, 9), (0, 4), (7, 8)), 1, axis="x", index=7), "ada")
    assert labels.history.annotated() == {"z": [2], "y": [], "x": [7]}
    labels.undo("ada")
    assert labels.history.annotated() == {"z": [2], "y": [], "x": []}


def test_a_rehearsal_leaves_no_trace(labels):
    head = labels.head
    labels.rehearse()
    assert labels.head == head
    assert not np.asarray(labels.array()[:]).any()
