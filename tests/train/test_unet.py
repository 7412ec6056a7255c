"""The learner `unet` through `learn`: honest, repeatable, and on awkward input."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.train.conftest import PAINTED, QUICK, stripes_of_labels, two_phases
from voxloop_shared.data.labels import class_color
from voxloop_shared.errors import TooFewLabels
from voxloop_shared.nets.architectures import build_network
from voxloop_shared.nets.unet import UnetArchitecture
from voxloop_shared.nets.weights import put_weights
from voxloop_shared.schemas import LabelClass
from voxloop_train import run, selection, stepping
from voxloop_train.learners.catalog import learner_of
from voxloop_train.learners.learner import Learned
from voxloop_train.material import prepare_material
from voxloop_train.points import points_of
from voxloop_train.validation import Validator

SHAPE = (6, 50, 70)


def assert_same_weights(first: Learned, second: Learned) -> None:
    assert list(first.weights) == list(second.weights)
    for name, value in first.weights.items():
        assert torch.equal(value, second.weights[name]), name


def test_the_same_seed_learns_the_same_and_another_does_not(learn):
    first, again, other = (learn(two_phases(), stripes_of_labels(), seed=seed) for seed in (1, 1, 2))
    assert_same_weights(first, again)
    assert not torch.equal(first.weights["exit.weight"], other.weights["exit.weight"])


@pytest.mark.parametrize(("learner", "config"), [("unet", {"guide": 0}), ("instant", {})])
def test_uncertain_voxels_teach_exactly_nothing(learn, learner, config):
    labels = stripes_of_labels()
    uncertain = np.where((labels == 0) & (np.indices(labels.shape)[2] % 3 == 0), 255, labels).astype(np.uint8)
    assert_same_weights(learn(two_phases(), labels, learner, **config), learn(two_phases(), uncertain, learner, **config))


def test_without_a_guide_the_strokes_alone_teach_and_nothing_is_told_of_uncertain_voxels(lesson_of):
    architecture = UnetArchitecture(classes=2, in_channels=3, width=4, depth=2)
    uncertain = np.where(stripes_of_labels() == 0, 255, stripes_of_labels()).astype(np.uint8)
    for labels, guide in ((stripes_of_labels(), 0), (uncertain, 1)):
        lesson = lesson_of(two_phases(), labels, **QUICK | {"guide": guide})
        material = prepare_material(lesson, lesson.settings, architecture, points_of(lesson, 0))
        told = (
            None
            if material.guide is None
            else sum(int(block.answers[:, labels[block.region] == 255].sum()) for block in material.guide.blocks)
        )
        everything = None if material.guide is None else sum(int(block.answers.sum()) for block in material.guide.blocks)
        assert (told, bool(everything)) == ((None, False) if guide == 0 else (0, True))


def test_reports_what_held_out_strokes_say_and_how_far_that_can_be_trusted(learn):
    metrics = learn(two_phases(), stripes_of_labels(), steps=60).metrics
    assert metrics["held_out_voxels"] > 0
    assert set(metrics["dice"]) == set(metrics["dice_spread_per_class"]) == {2, 9}
    assert 0.5 < metrics["mean_dice"] <= 1
    assert 0 <= metrics["dice_spread"] < 0.5
    assert 0 <= metrics["calibration_error"] < 0.5
    assert len(metrics["temperature"]) == 1
    assert "trained on in the last third" in metrics["validation"]


@pytest.mark.parametrize(("refit", "added"), [(False, 0), (True, 1)])
def test_held_out_labels_are_trained_on_only_after_the_last_judgement(learn, monkeypatch, refit, added):
    seen, judged = [], []
    batch, score = run.Material.sampler, Validator.answers

    def sampler(self, seed, *, with_held_out):
        seen.append((with_held_out, len(judged)))
        return batch(self, seed, with_held_out=with_held_out)

    def answers(self, network, device, size):
        judged.append(self.voxels)
        return score(self, network, device, size)

    monkeypatch.setattr(run.Material, "sampler", sampler)
    monkeypatch.setattr(Validator, "answers", answers)
    learned = learn(two_phases(), stripes_of_labels(), refit=refit)
    assert [with_held_out for with_held_out, _ in seen] == [False, True][: 1 + added]
    assert learned.metrics["given_back"] == refit
    if refit:  # what is asked afterwards is asked of the weights from before
        assert len(judged) == seen[-1][1] + 1


def test_the_score_is_that_of_weights_which_never_saw_the_held_out_strokes(lesson_of):
    lesson = lesson_of(two_phases(), stripes_of_labels(), **QUICK)
    architecture = UnetArchitecture(classes=2, in_channels=3, width=4, depth=2)
    material = prepare_material(lesson, lesson.settings, architecture, points_of(lesson, 0))
    train = set(material.split.train.position.tolist())
    held = set(material.split.held.position.tolist())
    assert held
    assert not train & held
    everything = material.sampler(0, with_held_out=True)
    assert sum(len(stroke) for of_class in everything._strokes for stroke in of_class) == len(train) + len(held)
    drawn = material.sampler(0, with_held_out=False)
    assert sum(len(stroke) for of_class in drawn._strokes for stroke in of_class) == len(train)


def test_a_run_that_gets_no_better_ends_early_but_not_in_the_first_third(learn, monkeypatch):
    monkeypatch.setattr(selection, "_TELLING", 1)
    metrics = learn(two_phases(), stripes_of_labels(), steps=300, patience=0.05, refit=False, learning_rate=1e-9).metrics
    assert metrics["stopped_early"]
    assert 100 <= metrics["steps"] < 200
    metrics = learn(two_phases(), stripes_of_labels(), steps=60, patience=1).metrics
    assert not metrics["stopped_early"]
    assert metrics["steps"] == 60


def test_members_of_an_ensemble_share_the_held_out_strokes_and_differ(learn):
    learned = learn(two_phases(), stripes_of_labels(), members=3, steps=6)
    assert learned.architecture["kind"] == "ensemble"
    network = build_network(learned.architecture)
    put_weights(network, learned.weights)
    assert not torch.equal(network.members[0].exit.weight, network.members[1].exit.weight)
    assert (learned.metrics["members"], learned.metrics["steps"]) == (3, 18)
    assert len(learned.metrics["temperature"]) == 3
    assert torch.isfinite(network.eval()(torch.zeros(1, 3, 32, 32))).all()


def test_the_first_member_is_what_a_single_network_would_be(learn):
    single, ensemble = (learn(two_phases(), stripes_of_labels(), members=n) for n in (1, 2))
    for name, value in single.weights.items():
        assert torch.equal(value, ensemble.weights[f"members.0.{name}"])


def test_goes_on_with_half_the_batch_when_memory_is_short(learn, monkeypatch):
    whole = stepping.masked_loss

    def short_of_memory(logits, *rest):
        if len(logits) > 2:
            raise torch.OutOfMemoryError("no memory")
        return whole(logits, *rest)

    monkeypatch.setattr(stepping, "masked_loss", short_of_memory)
    metrics = learn(two_phases(), stripes_of_labels(), batch=16).metrics
    assert (metrics["batch"], metrics["steps"]) == (2, 12)


def test_reports_where_it_stands(lesson_of):
    told = []
    lesson = lesson_of(two_phases(), stripes_of_labels(), **QUICK | {"members": 2})
    lesson = replace(lesson, report=lambda message, progress=None, eta_s=None, **metrics: told.append((message, progress, eta_s, metrics)))
    learner_of("unet").learn(lesson)
    assert told[0][0] == "reading labels"
    steps = [line for line in told if "loss" in line[3]]
    assert {line[0].partition(",")[0] for line in steps} == {"member 1 of 2", "member 2 of 2"}
    for _, progress, _, metrics in steps:
        assert {"step", "loss", "lr", "samples_per_s", "val_dice", "batch"} <= set(metrics)
        assert math.isfinite(metrics["loss"])
        assert 0 <= progress <= 1


@pytest.mark.parametrize("learner", ["unet", "instant"])
@pytest.mark.parametrize(
    ("voxels", "shape"),
    [
        pytest.param(np.full(SHAPE, 7, np.uint8), SHAPE, id="constant"),
        pytest.param(np.where(np.indices(SHAPE)[2] == 3, 1.0, np.nan).astype(np.float32), SHAPE, id="hardly anything but NaN"),
        pytest.param(np.where(np.indices(SHAPE)[2] % 5, two_phases(dtype="float32"), np.inf).astype(np.float32), SHAPE, id="infinite"),
        pytest.param(two_phases((1, 50, 70)), (1, 50, 70), id="a single slice"),
    ],
)
def test_awkward_voxels_give_a_model_with_finite_weights(learn, learner, voxels, shape):
    learned = learn(voxels, stripes_of_labels(shape), learner)
    assert all(bool(torch.isfinite(value).all()) for value in learned.weights.values())


def test_learns_250_classes_with_a_guide(learn):
    classes = [LabelClass(id=n, name=f"class {n}", color=class_color(n)) for n in range(1, 251)]
    labels = np.zeros((4, 130, 64), np.uint8)
    labels[0, 1:126:1, 0:20], labels[2, 1:126:1, 0:20] = np.arange(1, 126)[:, None], np.arange(126, 251)[:, None]
    learned = learn(two_phases(labels.shape), labels, "unet", classes, steps=2)
    assert learned.architecture["classes"] == 250


@pytest.mark.parametrize("learner", ["unet", "instant"])
@pytest.mark.parametrize(("number", "said"), [(255, "hold the classes"), (2, "at least two classes")])
def test_too_few_classes_are_an_error_that_says_so(learn, learner, number, said):
    labels = np.where(stripes_of_labels() > 0, number, 0).astype(np.uint8)
    with pytest.raises(TooFewLabels, match=said):
        learn(two_phases(), labels, learner, [entry for entry in PAINTED if entry.id == number] or PAINTED)
