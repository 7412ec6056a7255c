"""What a learner is: a name, typed settings, and a way from labels to a model."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from voxloop_shared.schemas import LabelClass, ModelVersion, Normalisation, Schema, VolumeInfo
from voxloop_shared.workspace import Workspace

if TYPE_CHECKING:  # the web process lists learners and must not load torch for it
    from torch import Tensor

Report = Callable[..., None]
"""JobContext.report: message, progress, eta_s, and any metrics."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a learner gets: which voxels and labels, how long, and where to report."""

    workspace: Workspace
    volume: VolumeInfo
    snapshot: str
    classes: list[LabelClass]
    settings: Schema
    budget_s: float
    report: Report
    checkpoint: Path
    parent: ModelVersion | None = None
    parent_weights: Path | None = None
    resumes: bool = False
    """Whether to go on from what an interrupted attempt has left in `checkpoint`."""
    by_hand: bool = False
    """Whether to leave voxels out that were accepted from a prediction."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What a learner gives: everything about the model that the learner alone knows."""

    architecture: dict[str, Any]
    normalisation: Normalisation
    planes: Literal["z", "zyx", "nine"]
    weights: "dict[str, Tensor]"
    metrics: dict[str, Any]
    hardware: str
    train_s: float


class Learner(Protocol):
    """A way to train; `settings` says what can be set, with defaults, bounds and help."""

    name: str
    title: str
    help: str
    settings: type[Schema]

    def check_parent(self, settings: Schema, parent: ModelVersion) -> None:
        """Raise InvalidInput when a training with these settings cannot start from a model of this learner."""
        ...

    def learn(self, lesson: Lesson) -> Learned:
        """Train within the lesson's budget; raises TooFewLabels when there is nothing to learn from."""
        ...
