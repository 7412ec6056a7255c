"""Self-training: on trial, a run also learns from what its own averaged network is sure of where nobody has painted.

Pseudo-labels (Lee 2013, ICML workshop on challenges in representation learning) of a mean teacher with a ramped weight (Tarvainen and
Valpola 2017, arXiv 1703.01780). A network confirms its own mistakes as readily as what is right, so held-out strokes decide: unless
they are answered better after the trial than before it, the run goes on from where the trial began, as if there had been none.
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from voxloop_train.answers import finite
from voxloop_train.checkpoint import Checkpoint
from voxloop_train.crops import Place
from voxloop_train.guide import Answers, Guide
from voxloop_train.sampling import Teacher

_BEGINS = 0.4
_ENDS = 0.6
_RAMP = 0.1
"""Of the trial, and of its answers' trust: shares of the budget. It ends before held-out strokes may be given back."""

Verdict = Literal["off", "not tried", "on trial", "kept", "dropped"]


class BlendedTeacher:
    """What a network is sure of itself replaces what a guide says, if there is one, as far as it is trusted."""

    def __init__(self, guide: Guide | None, own: Guide) -> None:
        self._guide = guide
        self.own = own
        self.trust = 0.0

    def target(self, place: Place, size: int) -> Answers:
        """Give a crop's probabilities (classes, size, size), 0..255; all 0 where nothing is known."""
        own = self.own.target(place, size)
        told = np.zeros_like(own) if self._guide is None else self._guide.target(place, size)
        blended = np.rint(told + self.trust * (own - told.astype(np.float32))).astype(np.uint8)
        return np.where(own.any(axis=0), blended, told)

    def draw(self, random: np.random.Generator) -> NDArray[np.int64]:
        """Draw a voxel (z, y, x) of a block at random: of the guide's, which are more, where there is one."""
        return (self._guide or self.own).draw(random)


class SelfTraining:
    """The trial: when it begins and ends, where the run stood before, and what came of it."""

    def __init__(self, guide: Guide | None, *, is_wanted: bool) -> None:
        self._guide = guide
        self._began_at = 0.0
        self._before: Checkpoint | None = None
        self._own: BlendedTeacher | None = None
        self.verdict: Verdict = "not tried" if is_wanted else "off"
        self.dice: list[float | None] = []
        """Mean Dice on held-out strokes before the trial, and after it."""

    @property
    def teacher(self) -> Teacher | None:
        """Give who tells of voxels without a label."""
        return self._own or self._guide

    @property
    def is_on_trial(self) -> bool:
        """Say whether held-out strokes are yet to decide."""
        return self.verdict == "on trial"

    def is_due(self, used: float) -> bool:
        """Say whether the trial is to begin, or to be decided, at a share of the budget."""
        return used >= (_ENDS if self.is_on_trial else _BEGINS) and self.verdict in ("not tried", "on trial")

    def begin(self, own: Guide, before: Checkpoint, dice: float, used: float) -> None:
        """Begin, with a network's own answers and a copy of where its run stands."""
        self._own = BlendedTeacher(self._guide, own)
        self._before, self._began_at, self.dice, self.verdict = before, used, [finite(dice)], "on trial"

    def decide(self, dice: float) -> Checkpoint | None:
        """Decide by the Dice after the trial; give where the run must go back to, None if it may go on."""
        before, self._before = self._before, None
        assert before is not None
        is_better = dice > before.values["dice"]
        self.dice = [*self.dice, finite(dice)]
        self.verdict = "kept" if is_better else "dropped"
        if is_better:
            return None
        self._own = None
        return before

    def advance(self, used: float) -> None:
        """Trust the answers more as the budget is used."""
        if self._own is not None:
            self._own.trust = ramp((used - self._began_at) / _RAMP)

    def checkpoint(self) -> Checkpoint:
        """Give all that `restore` needs."""
        found = Checkpoint(values={"verdict": self.verdict, "dice": self.dice, "began_at": self._began_at})
        if self._own is not None:
            found.add("own", self._own.own.checkpoint())
        if self._before is not None:
            found.add("before", self._before)
        return found

    def restore(self, stored: Checkpoint) -> None:
        """Go on from a checkpoint."""
        own = stored.part("own")
        self._own = None if own is None else BlendedTeacher(self._guide, Guide.of(own))
        self._before = stored.part("before")
        self.verdict, self.dice, self._began_at = (stored.values[name] for name in ("verdict", "dice", "began_at"))


def ramp(place: float) -> float:
    """Rise from almost 0 to 1 as exp(-5 (1 - t)²) (Laine and Aila 2017, arXiv 1610.02242)."""
    return math.exp(-5 * (1 - min(max(place, 0.0), 1.0)) ** 2)
