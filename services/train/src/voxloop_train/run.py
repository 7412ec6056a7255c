"""One network on its way from a start to the end of its share of the budget."""

import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from voxloop_shared.errors import VoxloopError
from voxloop_shared.nets.weights import copy_state, has_finite_weights, put_weights
from voxloop_train.answers import finite
from voxloop_train.augment import vary
from voxloop_train.averaging import AveragedNetwork
from voxloop_train.batchsize import BatchSize
from voxloop_train.checkpoint import Checkpoint
from voxloop_train.interruption import Interruption
from voxloop_train.learners.learner import Report
from voxloop_train.learners.unet import UnetSettings
from voxloop_train.losses import guided_loss, masked_loss
from voxloop_train.material import Material
from voxloop_train.randomness import Randomness
from voxloop_train.schedule import JUDGED_SHARE, Clock, Schedule
from voxloop_train.selection import Selection

_REPORT_EVERY_S = 0.5
_FIRST_JUDGEMENT = 0.1
_JUDGED_EVERY = 0.04
"""Shares of the budget."""
_JUDGING_TIME = 0.1
"""Share of the time that goes into validation, at most."""
_GRADIENT_NORM = 5.0

Keep = Callable[[Checkpoint], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """A network at the end of its run: its weights, those that held-out strokes have judged, and how it got there."""

    weights: dict[str, Tensor]
    judged: dict[str, Tensor]
    facts: "Facts"

    def checkpoint(self) -> Checkpoint:
        """Give all that `of` needs."""
        found = Checkpoint(values=asdict(self.facts))
        found.put("weights", self.weights)
        found.put("judged", self.judged)
        return found

    @staticmethod
    def of(stored: Checkpoint) -> "Trained":
        """Read a checkpoint."""
        return Trained(stored.group("weights"), stored.group("judged"), Facts(**stored.values))


@dataclass(slots=True)
class Facts:
    """What a run reports of itself; `loss` is that of the last step."""

    steps: int = 0
    samples: int = 0
    best_step: int = 0
    batch: int = 0
    loss: float = math.nan
    stopped_early: bool = False
    given_back: bool = False


class Run:
    """Steps, averages, judges, remembers the best, gives the held-out labels back, and can be interrupted at any step."""

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
        self._network = network
        self._average = average
        self._material = material
        self._settings = settings
        self._clock = clock
        self._report_line = report
        self._seed = seed
        self._sampler = material.sampler(seed, with_held_out=False)
        self._random = Randomness(seed)
        self._optimizer = self._new_optimizer()
        self._schedule = Schedule(rate)
        self._selection = Selection(material.validator.voxels, settings.patience)
        self._batch = BatchSize(settings.batch)
        self._timed = _timing(material, settings)
        self._loss = torch.tensor(math.nan)
        self._next_judgement = _FIRST_JUDGEMENT
        self._last_report_s = -math.inf
        self._last_kept_s = clock.elapsed_s
        self._is_over = False
        self._facts = Facts()

    def train(self, interruption: Interruption, keep: Keep) -> Trained:
        """Step until the budget is used; raises VoxloopError for weights that are not finite."""
        self._network.train()
        while not self._is_over and ((place := self._schedule.place(self._used)) < 1 or not self._facts.steps):
            with self._timed():
                self._batch.run(self._step)
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
            "updates": self._average.updates,
        }
        found = Checkpoint(values=values)
        found.put("network", self._network.state_dict())
        found.put("average", self._average.network.state_dict())
        for number, state in self._optimizer.state_dict()["state"].items():
            found.put(f"optimizer.{number}", state)
        found.add("selection", self._selection.checkpoint())
        found.add("random", self._random.checkpoint(self._sampler.random))
        return found

    def restore(self, stored: Checkpoint) -> None:
        """Go on from a checkpoint; the clock already counts what was used before it."""
        values = stored.values
        self._facts = Facts(**values["facts"])
        self._clock.reserve_s = values["reserve_s"]
        self._next_judgement, self._is_over = values["next_judgement"], values["is_over"]
        self._batch.size = self._facts.batch
        self._loss = torch.tensor(self._facts.loss)
        put_weights(self._network, stored.group("network"))
        put_weights(self._average.network, stored.group("average"))
        self._average.updates = values["updates"]
        self._restore_optimizer(stored)
        self._selection.restore(stored.part("selection") or Checkpoint())
        self._schedule.given_back_at = values["given_back_at"]
        if self._schedule.given_back_at is not None:
            self._sampler = self._material.sampler(self._seed, with_held_out=True)
        self._random.restore(stored.part("random") or Checkpoint(), self._sampler.random)

    @property
    def _used(self) -> float:
        return self._clock.used(self._facts.steps)

    @property
    def _refits(self) -> bool:
        """Say whether held-out labels are still to be given back."""
        return self._settings.refit and len(self._material.validator) > 0 and self._schedule.given_back_at is None

    def _new_optimizer(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self._network.parameters(), lr=self._settings.learning_rate, weight_decay=self._settings.weight_decay)

    def _restore_optimizer(self, stored: Checkpoint) -> None:
        parameters = list(self._network.parameters())
        state: dict[int, dict[str, Tensor]] = {}
        for number, parameter in enumerate(parameters):
            group = stored.group(f"optimizer.{number}")
            # in the parameter's own memory layout: in another, each step would be slower
            like = {name: torch.empty_like(parameter).copy_(value) if value.ndim else value for name, value in group.items()}
            if like:
                state[number] = like
        self._optimizer.load_state_dict({"state": state, "param_groups": self._optimizer.state_dict()["param_groups"]})

    def _step(self, batch: int) -> None:
        device = self._material.device
        images, targets, guide = self._sampler.batch(batch)
        guide = None if guide is None else device.send(guide)
        images, targets, guide = vary(
            device.send(images), targets.to(device.torch), guide, self._random.augmentation, self._settings.variation
        )
        rate = self._schedule.rate(self._used)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.zero_grad(set_to_none=True)
        with device.autocast():
            logits = self._network(images.contiguous(memory_format=torch.channels_last))
        loss = masked_loss(logits, targets, self._material.class_weight, self._settings.dice)
        if guide is not None:
            loss = loss + self._settings.guide * guided_loss(logits, targets, guide)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._network.parameters(), _GRADIENT_NORM)
        self._optimizer.step()
        self._average.update(self._network)
        self._loss = loss.detach()  # read when it is reported: to read it at each step would stop the device
        self._facts.steps += 1
        self._facts.samples += batch

    def _judge_when_due(self) -> None:
        used = self._used
        is_time_to_give_back = self._refits and used >= JUDGED_SHARE
        if not len(self._material.validator) or self._schedule.given_back_at is not None:
            return  # nothing is held out, or it is trained on by now
        if used < self._next_judgement and not is_time_to_give_back:
            return
        self._judge()
        is_exhausted = self._selection.is_exhausted(used)
        self._facts.stopped_early |= is_exhausted and used < JUDGED_SHARE
        if self._refits and (is_exhausted or is_time_to_give_back):
            self._give_back(used)
        elif is_exhausted:
            self._is_over = True

    def _judge(self) -> None:
        start, material = time.monotonic(), self._material
        score = self._batch.run(lambda batch: material.validator.score(self._average.network, material.device, batch))
        self._selection.offer(self._average.network, score, self._facts.steps, self._used)
        took = time.monotonic() - start
        self._clock.reserve_s = min(2.4 * took, 0.2 * self._clock.budget_s)  # the last judgement, and the answers to calibrate by
        # with a number of steps the same seed must judge at the same steps, however long it takes
        share = 0.0 if self._settings.steps else took / _JUDGING_TIME / self._clock.budget_s
        self._next_judgement = self._used + max(share, _JUDGED_EVERY)

    def _give_back(self, used: float) -> None:
        """Go on with all labels from the best weights; nothing is judged from here on."""
        if self._selection.step != self._facts.steps:
            put_weights(self._network, self._selection.weights)
            put_weights(self._average.network, self._selection.weights)
            self._optimizer = self._new_optimizer()
        self._sampler = self._material.sampler(self._seed, with_held_out=True)
        self._schedule.give_back(used)
        self._facts.given_back = True

    def _finish(self) -> Trained:
        if self._schedule.given_back_at is None and self._selection.step != self._facts.steps and not self._is_over:
            self._judge()
        best = self._selection.weights
        last = copy_state(self._average.network) if self._schedule.given_back_at is not None else best
        weights = last if has_finite_weights(last) else best
        if not has_finite_weights(weights):
            raise VoxloopError("the training diverged (weights are not finite): try a smaller learning rate")
        self._note()
        return Trained(weights, best, self._facts)

    def _note(self) -> None:
        self._facts.best_step, self._facts.batch, self._facts.loss = self._selection.step, self._batch.size, self._loss.item()

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
            "loss": finite(self._loss.item()),
            "lr": self._optimizer.param_groups[0]["lr"],
            "samples_per_s": round(self._facts.samples / elapsed, 1),
            "val_dice": finite(score),
            "batch": self._batch.size,
        }
        eta_s = round(elapsed * (1 / place - 1), 1) if place else None
        self._report_line(f"step {self._facts.steps}{said}", round(place, 4), eta_s, **metrics)


def _timing(material: Material, settings: UnetSettings) -> Callable[[], contextlib.AbstractContextManager[None]]:
    """Choose the number of threads by time; a run of so many steps keeps the one that it has."""
    return material.device.new_tuner().timed if settings.steps is None else contextlib.nullcontext
