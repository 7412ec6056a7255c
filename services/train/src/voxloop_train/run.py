"""One network on its way from a start to the end of its share of the budget."""

import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch
from torch import nn

from voxloop_shared.errors import VoxloopError
from voxloop_shared.nets.weights import copy_state, has_finite_weights
from voxloop_train.answers import Score, finite
from voxloop_train.averaging import AveragedNetwork
from voxloop_train.batchgrowth import BatchGrowth
from voxloop_train.batchsize import BatchSize
from voxloop_train.checkpoint import Checkpoint
from voxloop_train.guide import Guide
from voxloop_train.interruption import Interruption
from voxloop_train.learners.learner import Report
from voxloop_train.learners.unet import LARGEST_BATCH, UnetSettings
from voxloop_train.material import Material
from voxloop_train.outcome import Facts, Trained
from voxloop_train.ownanswers import answer_blocks
from voxloop_train.randomness import Randomness
from voxloop_train.schedule import JUDGED_SHARE, Clock, Schedule
from voxloop_train.selection import Selection
from voxloop_train.selftraining import SelfTraining
from voxloop_train.stepping import Stepper

_REPORT_EVERY_S = 0.5
_FIRST_JUDGEMENT = 0.1
_JUDGED_EVERY = 0.04
"""Shares of the budget."""
_JUDGING_TIME = 0.1
"""Share of the time that goes into validation, at most."""
_OWN_ANSWERS_TIME = 0.06
"""Share of the time that goes into the answers that a run learns from itself."""

Keep = Callable[[Checkpoint], None]


class Run:
    """Steps, judges, remembers the best, gives the held-out labels back, and can be interrupted at any step."""

    def __init__(
        self,
        network: nn.Module,
        average: AveragedNetwork,
        material: Material,
        settings: UnetSettings,
        clock: Clock,
        report: Report,
        *,
        seed: int,
        rate: float,
    ) -> None:
        self._material = material
        self._settings = settings
        self._clock = clock
        self._report_line = report
        self._seed = seed
        self._sampler = material.sampler(seed, with_held_out=False)
        self._random = Randomness(seed, material.device.torch)
        self._stepper = Stepper(network, average, material, settings, self._random.augmentation)
        self._schedule = Schedule(rate)
        self._selection = Selection(material.validator.voxels, settings.patience)
        self._self_training = SelfTraining(material.guide, is_wanted=settings.self_training)
        self._batch = BatchSize(settings.batch)
        self._timed = _timing(material, settings, self._batch)
        self._next_judgement = _FIRST_JUDGEMENT
        self._last_report_s = -math.inf
        self._last_kept_s = clock.elapsed_s
        self._is_over = False
        self._facts = Facts()

    def train(self, interruption: Interruption, keep: Keep) -> Trained:
        """Step until the budget is used; raises VoxloopError for weights that are not finite."""
        while not self._is_over and ((place := self._schedule.place(self._used)) < 1 or not self._facts.steps):
            with self._timed():
                self._batch.run(self._step)
            self._try_itself_when_due()
            self._judge_when_due()
            self._keep_when_due(interruption, keep)
            self._report(place)
        return self._finish()

    def checkpoint(self) -> Checkpoint:
        """Give all that `restore` needs to go on as if nothing had happened."""
        self._note()
        clock, schedule = self._clock, self._schedule
        values = {
            "facts": asdict(self._facts),
            "used_s": clock.elapsed_s,
            "budget_s": clock.budget_s,
            "reserve_s": clock.reserve_s,
            "given_back_at": schedule.given_back_at,
            "next_judgement": self._next_judgement,
            "is_over": self._is_over,
        }
        found = Checkpoint(values=values)
        found.add("stepper", self._stepper.checkpoint())
        found.add("selection", self._selection.checkpoint())
        found.add("self_training", self._self_training.checkpoint())
        found.add("random", self._random.checkpoint(self._sampler.random))
        return found

    def restore(self, stored: Checkpoint) -> None:
        """Go on from a checkpoint; the clock already counts what was used before it."""
        values = stored.values
        self._facts = Facts(**values["facts"])
        self._clock.reserve_s = values["reserve_s"]
        self._next_judgement, self._is_over = values["next_judgement"], values["is_over"]
        self._batch.size = self._facts.batch
        self._stepper.restore(stored.whole("stepper"))
        self._selection.restore(stored.whole("selection"))
        self._self_training.restore(stored.whole("self_training"))
        self._schedule.given_back_at = values["given_back_at"]
        if self._schedule.given_back_at is not None:
            self._sampler = self._material.sampler(self._seed, with_held_out=True)
        self._sampler.guide = self._self_training.teacher
        self._random.restore(stored.whole("random"), self._sampler.random)

    @property
    def _used(self) -> float:
        return self._clock.used(self._facts.steps)

    @property
    def _is_judged(self) -> bool:
        """Say whether there are held-out strokes that nothing has been learned from yet."""
        return len(self._material.validator) > 0 and self._schedule.given_back_at is None

    def _step(self, batch: int) -> None:
        if self._used >= self._settings.settled:
            self._stepper.settle()
        self._stepper.step(self._sampler.batch(batch), self._schedule.rate(self._used))
        self._facts.steps += 1
        self._facts.samples += batch

    def _try_itself_when_due(self) -> None:
        """Begin or end the trial of self-training."""
        used, trial = self._used, self._self_training
        trial.advance(used)
        if not self._is_judged or not trial.is_due(used):
            return
        dice = self._judge().mean
        if not trial.is_on_trial:
            trial.begin(self._own_answers(), self._place(dice), dice, used)
        elif (before := trial.decide(dice)) is not None:
            self._stepper.restore(before.whole("stepper"))
            self._selection.restore(before.whole("selection"))
        self._sampler.guide = trial.teacher

    def _judge_when_due(self) -> None:
        used = self._used
        if not self._is_judged:
            return  # nothing is held out, or it is trained on by now
        is_time_to_give_back = self._settings.refit and used >= JUDGED_SHARE
        if used < self._next_judgement and not is_time_to_give_back:
            return
        self._judge()
        is_exhausted = self._selection.is_exhausted(used) and not self._self_training.is_on_trial
        self._facts.stopped_early |= is_exhausted and used < JUDGED_SHARE
        if self._settings.refit and (is_exhausted or is_time_to_give_back):
            self._give_back(used)
        elif is_exhausted:
            self._is_over = True

    def _judge(self) -> Score:
        start, material = time.monotonic(), self._material
        score = self._batch.run(lambda batch: material.validator.score(self._stepper.averaged, material.device, batch))
        self._selection.offer(self._stepper.averaged, score, self._facts.steps, self._used)
        took = time.monotonic() - start
        self._clock.reserve_s = min(2.4 * took, 0.2 * self._clock.budget_s)  # the last judgement, and the answers to calibrate by
        # with a number of steps the same seed must judge at the same steps, however long it takes
        share = 0.0 if self._settings.steps else took / _JUDGING_TIME / self._clock.budget_s
        self._next_judgement = self._used + max(share, _JUDGED_EVERY)
        return score

    def _own_answers(self) -> Guide:
        """Ask the averaged network about voxels that nobody has labelled."""
        allowed_s = math.inf if self._settings.steps else _OWN_ANSWERS_TIME * self._clock.budget_s
        return self._batch.run(lambda batch: answer_blocks(self._stepper.averaged, self._material, batch, self._seed, allowed_s))

    def _place(self, dice: float) -> Checkpoint:
        """Copy where the run stands, to come back to."""
        found = Checkpoint(values={"dice": dice})
        found.add("stepper", self._stepper.checkpoint())
        found.add("selection", self._selection.checkpoint())
        return found.copied()

    def _give_back(self, used: float) -> None:
        """Go on with all labels from the best weights; nothing is judged from here on."""
        if self._selection.step != self._facts.steps:
            self._stepper.start_from(self._selection.weights)
        self._sampler = self._material.sampler(self._seed, with_held_out=True)
        self._sampler.guide = self._self_training.teacher
        self._schedule.give_back(used)
        self._facts.given_back = True

    def _finish(self) -> Trained:
        if self._schedule.given_back_at is None and self._selection.step != self._facts.steps and not self._is_over:
            self._judge()
        best = self._selection.weights
        last = copy_state(self._stepper.averaged) if self._schedule.given_back_at is not None else best
        weights = last if has_finite_weights(last) else best
        if not has_finite_weights(weights):
            raise VoxloopError("the training diverged (weights are not finite): try a smaller learning rate")
        self._note()
        return Trained(weights, best, self._facts)

    def _note(self) -> None:
        facts, trial = self._facts, self._self_training
        facts.best_step, facts.batch, facts.loss = self._selection.step, self._batch.size, self._stepper.loss.item()
        facts.self_training, facts.self_training_dice = trial.verdict, trial.dice

    def _keep_when_due(self, interruption: Interruption, keep: Keep) -> None:
        if interruption.is_wanted or self._clock.elapsed_s - self._last_kept_s >= self._settings.checkpoint_s:
            keep(self.checkpoint())
            self._last_kept_s = self._clock.elapsed_s
        if interruption.is_wanted:
            interruption.end_process()

    def _report(self, place: float) -> None:
        elapsed = self._clock.elapsed_s
        if elapsed - self._last_report_s < _REPORT_EVERY_S:
            return
        self._last_report_s = elapsed
        score = self._selection.score.mean
        said = "" if math.isnan(score) else f", Dice on held-out strokes {score:.2f}"
        metrics: dict[str, Any] = {
            "step": self._facts.steps,
            "loss": finite(self._stepper.loss.item()),
            "lr": self._stepper.rate,
            "samples_per_s": round(self._facts.samples / elapsed, 1),
            "val_dice": finite(score),
            "batch": self._batch.size,
        }
        eta_s = round(elapsed * (1 / place - 1), 1) if place else None
        self._report_line(f"step {self._facts.steps}{said}", round(place, 4), eta_s, **metrics)


def _timing(material: Material, settings: UnetSettings, batch: BatchSize) -> Callable[[], contextlib.AbstractContextManager[None]]:
    """Choose the number of a CPU's threads, or of crops that suit a GPU, by time; a run of so many steps keeps what it has."""
    if settings.steps is not None:
        return contextlib.nullcontext
    if material.device.is_cuda:
        return BatchGrowth(batch, LARGEST_BATCH, torch.cuda.synchronize).timed
    return material.device.new_tuner().timed
