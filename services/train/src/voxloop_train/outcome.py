"""What a run ends with."""

import math
from dataclasses import asdict, dataclass, field

from torch import Tensor

from voxloop_train.checkpoint import Checkpoint
from voxloop_train.selftraining import Verdict


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
    self_training: Verdict = "off"
    self_training_dice: list[float | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Trained:
    """A network at the end of its run: its weights, those that held-out strokes have judged, and how it got there."""

    weights: dict[str, Tensor]
    judged: dict[str, Tensor]
    facts: Facts

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
