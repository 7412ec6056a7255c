"""Classes come and go with their voxels, and a number never means two things."""

from pathlib import Path

import numpy as np
import pytest

from tests.shared.test_labels import BOX, SHAPE, everything, stroke
from voxloop_shared.data.labels import Labels, default_classes
from voxloop_shared.errors import InvalidInput, NameTaken, UnknownClass
from voxloop_shared.schemas import LabelClass

NERVE, BONE, VESSEL = (LabelClass(id=n, name=name, color=f"#00000{n}") for n, name in enumerate(("nerve", "bone", "vessel"), start=1))


@pytest.fixture
def labels(tmp_path: Path) -> Labels:
    labels = Labels.create(tmp_path / "rock", SHAPE, [NERVE, BONE, VESSEL])
    labels.paint(stroke("n", BOX, 1, axis="z", index=2), "ada")
    labels.paint(stroke("b", ((5, 8), (0, 40), (0, 150)), 2), "ada")
    return labels


@pytest.mark.parametrize("into", [0, 3, 255])
def test_a_deleted_class_gives_its_voxels_away_and_undo_brings_both_back(labels: Labels, tmp_path: Path, into: int):
    before = everything(labels)
    commit = labels.delete_class(2, into, "ada", "d1")
    assert labels.delete_class(2, into, "ada", "d1") == commit, "sent again, it does nothing"
    assert (commit.name, commit.voxels) == ("delete class bone", 3 * 40 * 150)
    np.testing.assert_array_equal(everything(labels), np.where(before == 2, into, before))
    assert labels.classes() == [NERVE, VESSEL]
    assert labels.counts == {1: 800} | ({into: 18000} if into else {})
    again = Labels.open(tmp_path / "rock")
    assert again.history.of("ada").undo_name() == "delete class bone"
    again.undo("ada")
    np.testing.assert_array_equal(everything(again), before)
    assert again.classes() == [NERVE, BONE, VESSEL], "where it stood"
    again.redo("ada")
    assert again.classes() == [NERVE, VESSEL]
    assert 2 not in everything(again)


def test_a_deleted_class_comes_back_beside_classes_that_changed_meanwhile(labels: Labels):
    labels.delete_class(2, 3, "ada")
    ink = LabelClass(id=4, name="ink", color="#aaaaaa")
    renamed = VESSEL.model_copy(update={"name": "artery"})
    labels.put_classes([ink, renamed, NERVE], "eva")
    labels.paint(stroke("e", ((5, 6), (0, 40), (0, 150)), 4), "eva")
    labels.undo("ada")
    assert labels.classes() == [ink, BONE, renamed, NERVE]
    assert labels.counts == {1: 800, 2: 2 * 40 * 150, 4: 40 * 150}, "what eva painted stays hers"


def test_a_class_without_voxels_is_deleted_and_brought_back_too(labels: Labels):
    commit = labels.delete_class(3, 0, "ada")
    assert (commit.voxels, commit.box) == (0, None)
    assert labels.classes() == [NERVE, BONE]
    assert labels.history.changes(1)[0] == [commit], "it is in the list of changes"
    labels.undo("ada")
    assert labels.classes() == [NERVE, BONE, VESSEL]


def test_a_number_that_the_history_knows_is_not_given_to_another_class(labels: Labels):
    labels.delete_class(2, 0, "ada")
    labels.delete_class(3, 0, "ada")
    head = labels.head
    assert labels.next_class() == 4
    for number in (2, 3):
        with pytest.raises(NameTaken, match="number 4"):
            labels.put_classes([NERVE, LabelClass(id=number, name="other", color="#123456")], "eva")
    assert labels.head == head
    labels.put_classes([NERVE, LabelClass(id=4, name="other", color="#123456")], "eva")
    labels.undo("ada")
    labels.undo("ada")
    assert [entry.name for entry in labels.classes()] == ["nerve", "bone", "vessel", "other"]
    assert labels.next_class() == 5


def test_no_undo_leaves_voxels_without_a_class(labels: Labels):
    labels.undo("ada")
    labels.put_classes([NERVE, VESSEL], "eva")  # bone has no voxels at this time
    labels.redo("ada")
    assert labels.classes() == [NERVE, BONE, VESSEL]
    assert labels.counts[2] == 3 * 40 * 150


def test_a_class_that_somebody_uses_again_stays_when_its_deletion_is_redone(labels: Labels):
    labels.delete_class(2, 0, "ada")
    labels.undo("ada")
    labels.paint(stroke("e", BOX, 2), "eva")
    labels.redo("ada")
    assert labels.classes() == [NERVE, BONE, VESSEL]
    assert labels.counts == {2: 800}, "eva's; those of before are gone again"


def test_restoring_brings_back_only_the_classes_that_are_needed(labels: Labels):
    then, right = labels.head, everything(labels)
    labels.delete_class(3, 0, "ada")
    labels.delete_class(2, 1, "ada")
    labels.put_classes([NERVE.model_copy(update={"name": "axon"})], "ada")
    labels.restore(then, "eva")
    np.testing.assert_array_equal(everything(labels), right)
    assert [(entry.id, entry.name) for entry in labels.classes()] == [(1, "axon"), (2, "bone")]
    labels.undo("eva")
    assert [entry.id for entry in labels.classes()] == [1]


BAD = {
    "unknown": (9, 0, UnknownClass),
    "into itself": (2, 2, InvalidInput),
    "into none": (2, 77, UnknownClass),
    "uncertain": (255, 0, UnknownClass),
}


@pytest.mark.parametrize(("number", "into", "error"), BAD.values(), ids=BAD)
def test_a_deletion_that_makes_no_sense_changes_nothing(labels: Labels, number: int, into: int, error: type[Exception]):
    head = labels.head
    with pytest.raises(error):
        labels.delete_class(number, into, "ada")
    assert labels.head == head


def test_the_same_classes_again_are_no_error(labels: Labels):
    labels.put_classes([NERVE, BONE, VESSEL], "ada")
    labels.put_classes([NERVE, BONE, VESSEL], "ada")
    assert labels.classes() == [NERVE, BONE, VESSEL]


def test_default_classes_can_be_deleted(tmp_path: Path):
    labels = Labels.create(tmp_path / "rock", SHAPE, default_classes())
    for entry in default_classes():
        labels.delete_class(entry.id, 0, "ada")
    assert labels.classes() == []
    labels.jump(None, "ada")
    assert labels.classes() == default_classes()
