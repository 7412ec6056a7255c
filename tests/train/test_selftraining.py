"""Self-training: what a network is sure of, how far that is trusted, and that held-out strokes decide whether it is kept."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tests.train.conftest import QUICK, stripes_of_labels, two_phases
from tests.train.test_unet import assert_same_weights
from voxloop_shared.nets.unet import UnetArchitecture
from voxloop_train import fitting, ownanswers
from voxloop_train.answers import Score
from voxloop_train.checkpoint import Checkpoint
from voxloop_train.crops import Place
from voxloop_train.guide import Guide, GuideBlock
from voxloop_train.learners.catalog import learner_of
from voxloop_train.material import prepare_material
from voxloop_train.ownanswers import agreed, answer_blocks
from voxloop_train.points import points_of
from voxloop_train.selftraining import BlendedTeacher, SelfTraining, ramp
from voxloop_train.stepping import Stepper
from voxloop_train.validation import Validator

PLACE = Place("z", 0, 0, 0)
VERDICTS = [pytest.param(lambda n: 0.5 + 0.01 * n, "kept", id="better"), pytest.param(lambda n: 0.5 - 0.01 * n, "dropped", id="worse")]
"""Dice by the number of judgements before, and what becomes of the trial."""


def guide_of(answers: np.ndarray) -> Guide:
    """Make a guide that knows one slice of 4 × 4 voxels, (classes, 4, 4)."""
    return Guide([GuideBlock((slice(0, 1), slice(0, 4), slice(0, 4)), answers[:, None].astype(np.uint8))], len(answers))


def test_only_what_all_voices_agree_on_and_are_sure_of_counts():
    voice = torch.tensor([[0.99, 0.95, 0.6], [0.01, 0.05, 0.4]]).view(2, 1, 1, 3)
    other = torch.tensor([[0.97, 0.02, 0.7], [0.03, 0.98, 0.3]]).view(2, 1, 1, 3)
    assert agreed([voice, other])[:, 0, 0].tolist() == [[round(255 * 0.98), 0, 0], [round(255 * 0.02), 0, 0]]


class Threshold(nn.Module):
    """Is sure of bright and dark, and sees only the slice in the middle."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        middle = image[:, image.shape[1] // 2]
        return torch.stack([-20 * middle, 20 * middle], dim=1)


@pytest.mark.parametrize("planes", ["z", "zyx"])
def test_answers_lie_on_their_own_voxels_and_uncertain_ones_have_none(lesson_of, planes):
    voxels = np.random.default_rng(0).choice(np.array([20, 200], np.uint8), (9, 50, 70))
    labels = stripes_of_labels(voxels.shape)
    labels[:, 20:30][labels[:, 20:30] == 0] = 255
    lesson = lesson_of(voxels, labels, **QUICK | {"planes": planes, "guide": 0})
    architecture = UnetArchitecture(classes=2, in_channels=3, width=4, depth=2)
    material = prepare_material(lesson, lesson.settings, architecture, points_of(lesson, 0))
    guide = answer_blocks(Threshold(), material, batch=3, seed=0)
    assert guide.voxels == voxels.size
    for block in guide.blocks:
        told = labels[block.region] != 255
        assert np.array_equal(block.answers[1] > 127, (voxels[block.region] > 100) & told)
        assert np.array_equal(block.answers.any(axis=0), told)


def test_blocks_end_with_the_time_but_there_is_one_at_least(lesson_of):
    lesson = lesson_of(two_phases(), stripes_of_labels(), **QUICK | {"guide": 0})
    architecture = UnetArchitecture(classes=2, in_channels=3, width=4, depth=2)
    material = prepare_material(lesson, lesson.settings, architecture, points_of(lesson, 0))
    assert len(answer_blocks(Threshold(), material, batch=8, seed=0, allowed_s=0.0).blocks) == 1


def test_trust_moves_from_the_guide_to_what_the_network_says_itself():
    told, own = np.full((2, 4, 4), 100), np.zeros((2, 4, 4))
    own[1, 0] = 250
    teacher = BlendedTeacher(guide_of(told), guide_of(own))
    assert np.array_equal(teacher.target(PLACE, 4), told)
    teacher.trust = 0.5
    assert teacher.target(PLACE, 4)[:, :2, 0].tolist() == [[50, 100], [175, 100]]
    teacher.trust = 1.0
    assert np.array_equal(teacher.target(PLACE, 4), np.where(own.any(axis=0), own, told))
    alone = BlendedTeacher(None, guide_of(own))
    assert not alone.target(PLACE, 4).any()
    alone.trust = 1.0
    assert np.array_equal(alone.target(PLACE, 4), own)


def test_the_ramp_rises_from_almost_nothing_to_one():
    values = [ramp(place) for place in np.linspace(-0.5, 1.5, 21)]
    assert values == sorted(values)
    assert values[0] < 0.01
    assert values[-1] == ramp(1.0) == 1.0


@pytest.mark.parametrize(("after", "verdict"), [(0.71, "kept"), (0.7, "dropped"), (0.4, "dropped"), (float("nan"), "dropped")])
def test_it_is_kept_only_if_held_out_strokes_are_answered_better(after, verdict):
    trial = SelfTraining(None, is_wanted=True)
    assert not trial.is_due(0.39)
    assert trial.is_due(0.4)
    before = Checkpoint(values={"dice": 0.7})
    trial.begin(guide_of(np.full((2, 4, 4), 250)), before, 0.7, 0.4)
    trial.advance(0.45)
    assert (trial.teacher.trust, trial.is_due(0.59), trial.is_due(0.6)) == (pytest.approx(ramp(0.5)), False, True)
    back = trial.decide(after)
    assert (trial.verdict, trial.dice[0]) == (verdict, 0.7)
    assert (back is None, trial.teacher is not None) == ((True, True) if verdict == "kept" else (False, False))
    assert not trial.is_due(1.0)


def test_it_is_never_due_unless_wanted():
    trial = SelfTraining(None, is_wanted=False)
    assert (trial.is_due(1.0), trial.verdict, trial.teacher) == (False, "off", None)


@pytest.fixture
def scored(monkeypatch):
    """A way to say what Dice held-out strokes have, by the number of judgements before."""

    def put(dice) -> None:
        judged = iter(range(1000))
        monkeypatch.setattr(Validator, "score", lambda self, *_: Score([dice(next(judged))]))

    return put


@pytest.mark.parametrize(("dice", "verdict"), VERDICTS)
def test_a_run_goes_on_with_its_answers_or_from_where_the_trial_began(learn, scored, monkeypatch, dice, verdict):
    scored(dice)
    put_back = []
    restore = Stepper.restore

    def restoring(self, stored):
        restore(self, stored)
        put_back.append(all(torch.equal(value, stored.group("network")[name]) for name, value in self._network.state_dict().items()))

    monkeypatch.setattr(Stepper, "restore", restoring)
    metrics = learn(two_phases(), stripes_of_labels(), self_training=True, steps=30).metrics
    assert metrics["self_training"] == [verdict]
    before, after = metrics["self_training_dice"][0]
    assert (after > before) == (verdict == "kept")
    assert put_back == ([] if verdict == "kept" else [True])


def test_without_held_out_strokes_it_is_not_tried(learn):
    assert learn(two_phases(), stripes_of_labels(), self_training=True, held_out=0, guide=0).metrics["self_training"] == ["not tried"]


class Interrupted(Exception):
    """Stands for kill -9: nothing is done after it."""


@pytest.mark.parametrize(("dice", "verdict"), VERDICTS)
def test_interrupted_in_its_trial_a_run_ends_with_the_same_weights(lesson_of, scored, monkeypatch, dice, verdict):
    config = QUICK | {"self_training": True, "steps": 30, "checkpoint_s": 0, "guide": 0}
    lesson = replace(lesson_of(two_phases(), stripes_of_labels(), **config), resumes=True)
    scored(dice)
    whole = learner_of("unet").learn(replace(lesson, checkpoint=lesson.checkpoint / "whole"))
    write, asked = fitting.write_checkpoint, []

    def write_and_end(folder, checkpoint, *name):
        write(folder, checkpoint, *name)
        if checkpoint.values["run"]["self_training"]["verdict"] == "on trial":
            raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(fitting, "write_checkpoint", write_and_end)
        scored(dice)
        with pytest.raises(Interrupted):
            learner_of("unet").learn(lesson)
    monkeypatch.setattr(ownanswers, "block_regions", lambda *_: asked.append(1))
    resumed = learner_of("unet").learn(lesson)
    assert not asked
    assert resumed.metrics["self_training"] == whole.metrics["self_training"] == [verdict]
    assert_same_weights(whole, resumed)
