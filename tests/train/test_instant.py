"""The instant learner: as a job from strokes to a model, and on awkward input."""

import itertools
from threading import Event

import numpy as np
import pytest
import torch

from tests.train.conftest import CLASSES, ended, stripes_of_labels, two_phases
from voxloop_infer.model import Model
from voxloop_infer.reading import Image
from voxloop_infer.voting import vote
from voxloop_shared.data.volumes import read_info
from voxloop_shared.errors import TooFewLabels
from voxloop_shared.nets.devices import choose_device
from voxloop_shared.schemas import Manifest
from voxloop_train.instant_fitting import fit_instant, meanwhile
from voxloop_train.judging import Folds
from voxloop_train.learners.instant import InstantSettings, is_3d
from voxloop_train.learners.learner import Learned, Lesson
from voxloop_train.pupils import Pupils

PAINTED = [entry for entry in CLASSES if entry.name != "unused"]


@pytest.fixture
def learn(workspace, make_volume, paint, tmp_path):
    """A way to learn a volume from labels; gives what was learned and the classes of every voxel."""

    numbers = itertools.count()

    def run(voxels: np.ndarray, labels: np.ndarray, classes=PAINTED, **settings) -> tuple[Learned, np.ndarray]:
        volume = make_volume(f"rock {next(numbers)}", array=voxels, voxel_size=settings.pop("voxel_size", (1, 1, 1)), unit="um")
        snapshot = paint(volume, labels)
        lesson = Lesson(workspace, volume, snapshot, classes, InstantSettings(**settings), 10.0, lambda *_, **__: None, tmp_path)
        learned = fit_instant(lesson, lesson.settings)
        return learned, predict(learned, read_info(workspace, volume.id), voxels, classes)

    return run


def predict(learned: Learned, volume, voxels: np.ndarray, classes) -> np.ndarray:
    manifest = Manifest(
        learner="instant", architecture=learned.architecture, classes=classes, normalisation=learned.normalisation, planes="z",
        volume=volume.id, volume_digest=volume.digest, voxel_size=volume.voxel_size, unit=volume.unit, snapshot="", settings={},
        metrics={}, author="", code_version="", hardware="", duration_s=0, created=volume.created,
    )  # fmt: skip
    model = Model(manifest, learned.weights, choose_device())
    answer = vote([model], Image(voxels.__getitem__, voxels.shape), tuple(slice(0, n) for n in voxels.shape), "z")
    assert answer.confidence.min() > 0
    return answer.numbers


def truth_of(voxels: np.ndarray) -> np.ndarray:
    return np.where(np.indices(voxels.shape)[1] // 12 % 2, 9, 2)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
@pytest.mark.parametrize("voxel_size", [(1, 1, 1), (6, 1, 1)])
def test_two_phases_are_told_apart_everywhere(learn, dtype: str, voxel_size) -> None:
    voxels = two_phases(dtype=dtype)
    learned, found = learn(voxels, stripes_of_labels(), voxel_size=voxel_size)
    assert (found == truth_of(voxels)).mean() > 0.95
    assert learned.architecture["is_3d"] == (voxel_size[0] == 1)
    assert learned.metrics["mean_dice"] > 0.9
    assert learned.metrics["held_out_voxels"] > 100
    assert len(learned.metrics["held_out"]) == 64
    assert set(learned.metrics["dice"]) == {2, 9}


def test_the_same_seed_learns_the_same(learn, make_volume) -> None:
    voxels, labels = two_phases(), stripes_of_labels()
    (first, _), (second, _) = learn(voxels, labels), learn(voxels, labels)
    for name, value in first.weights.items():
        np.testing.assert_array_equal(value.numpy(), second.weights[name].numpy())


def test_unlabelled_and_uncertain_voxels_teach_nothing(learn) -> None:
    voxels, labels = two_phases(), stripes_of_labels()
    uncertain = np.where((labels == 0) & (np.indices(labels.shape)[2] % 7 == 0), 255, labels).astype(np.uint8)
    (first, _), (second, _) = learn(voxels, labels), learn(voxels, uncertain)
    assert first.metrics["labelled_voxels"] == second.metrics["labelled_voxels"]
    np.testing.assert_array_equal(first.weights["mean"].numpy(), second.weights["mean"].numpy())


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_voxels_that_are_no_numbers_do_no_harm(learn, wrong: float) -> None:
    voxels = two_phases(dtype="float32")
    voxels[2, 10:14, 10:20] = wrong
    _, found = learn(voxels, stripes_of_labels())
    right = found == truth_of(voxels)
    assert right[0].mean() > 0.95


def test_a_constant_image_and_a_single_slice_are_no_error(learn) -> None:
    shape = (1, 50, 70)
    _, found = learn(np.full(shape, 7, np.uint8), stripes_of_labels(shape))
    assert set(np.unique(found)) <= {2, 9}


def test_two_strokes_are_enough_but_nothing_can_be_judged(learn) -> None:
    labels = np.zeros((6, 50, 70), np.uint8)
    labels[2, 4, 5:30], labels[2, 16, 5:30] = 2, 9
    learned, found = learn(two_phases(), labels)
    assert learned.metrics["mean_dice"] is None
    assert "too few" in learned.metrics["validation"]
    assert set(np.unique(found)) == {2, 9}


def test_a_class_that_has_no_labels_is_named(learn) -> None:
    with pytest.raises(TooFewLabels):
        learn(two_phases(), np.where(stripes_of_labels() == 9, 0, stripes_of_labels()).astype(np.uint8))


def test_folds_judge_no_accepted_voxel_and_learn_from_none_beside_a_fold() -> None:
    random = np.random.default_rng(0)
    row = np.repeat(np.arange(12), 40)
    voxels = np.stack([np.zeros(480, np.int64), 40 * row, np.tile(np.arange(40), 12)])
    by_hand = row < 10
    voxels[1, row == 10] = 40 * 3 + 2  # one accepted piece lies beside a stroke, the other far from all
    channel = (row % 2).astype(np.int64)
    features = torch.from_numpy(channel[:, None] + random.normal(0, 0.1, (480, 3))).float()
    pupils = Pupils(voxels, features, channel, row.astype(np.int32), by_hand)
    folds = Folds(pupils, 2)
    answers = folds.ask(features, 30, 0)
    assert set(answers.unit.tolist()) == set(range(10))
    held = folds._fold == folds._fold[row == 3][0]
    learned = folds._apart_from(held)
    assert (learned[row == 10].any(), learned[row == 11].all()) == (False, True)
    assert np.array_equal(learned[by_hand], ~held[by_hand])


def test_a_job_makes_a_model(train, registry, stripes) -> None:
    job = ended(train, train.post("/jobs", {"volume": "stripes", "learner": "instant", "budget_s": 10}))
    assert job["state"] == "succeeded", job
    manifest = registry.get("/models/stripes/versions/1")["manifest"]
    assert (manifest["learner"], manifest["architecture"]["kind"]) == ("instant", "pixel")


def test_features_in_3d_are_for_voxels_that_are_nearly_cubes(make_volume) -> None:
    assert is_3d(InstantSettings(), make_volume("a", shape=(9, 9, 9), voxel_size=(2.5, 1, 1), unit="um"))
    assert not is_3d(InstantSettings(), make_volume("b", shape=(9, 9, 9), voxel_size=(4, 1, 1), unit="um"))
    assert not is_3d(InstantSettings(), make_volume("c", shape=(1, 9, 9), voxel_size=(1, 1, 1), unit="um"))
    assert is_3d(InstantSettings(space="3d"), make_volume("d", shape=(9, 9, 9), voxel_size=(4, 1, 1), unit="um"))


def test_work_beside_a_block_that_fails_is_ended():
    has_begun = Event()

    def work_for_ever(check):
        has_begun.set()
        while True:
            check()

    def fail_once_it_has_begun():
        assert has_begun.wait(30)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), meanwhile(work_for_ever):
        fail_once_it_has_begun()
