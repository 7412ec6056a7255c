"""What is asked of a training, and the same frozen: checked, with every name resolved, so that it means one thing for ever."""

from typing import Any, Literal

from pydantic import Field, ValidationError

from voxloop_shared.data.labels import Labels
from voxloop_shared.data.volumes import read_info
from voxloop_shared.errors import InvalidInput, TooFewLabels
from voxloop_shared.nets.store import find_model
from voxloop_shared.schemas import LAST_CLASS, LabelClass, ModelVersion, Schema
from voxloop_shared.workspace import Workspace, slug
from voxloop_train.learners.catalog import learner_of
from voxloop_train.learners.learner import Learner
from voxloop_train.settings import TrainSettings

LATEST = "latest"

Accepted = Literal["use", "ignore"]
"""Whether to learn also from voxels that were accepted from a prediction, or only from those that a person painted."""

_OF_ONE_RUN = ("steps", "seed")
"""Settings that say nothing of the model, and so are not taken over from a parent."""


class TrainSpec(Schema):
    """A request to train."""

    volume: str
    snapshot: str = LATEST
    learner: str = "unet"
    config: dict[str, Any] = Field(default_factory=dict)
    budget_s: float = Field(default=60.0, ge=1, le=7 * 24 * 3600)
    parent: str | None = None
    register_as: str | None = None
    accepted: Accepted = "use"


class TrainOrder(Schema):
    """A training that can be done: the snapshot is an id, the settings are complete, the parent is one version."""

    volume: str
    snapshot: str
    learner: str
    config: dict[str, Any]
    budget_s: float
    parent: ModelVersion | None
    register_as: str
    classes: list[LabelClass]
    accepted: Accepted = "use"


def freeze(spec: TrainSpec, settings: TrainSettings) -> TrainOrder:
    """Check a request and resolve its names; raises the VoxloopError that says what is wrong."""
    workspace = Workspace(settings.workspace)
    read_info(workspace, spec.volume)
    learner = learner_of(spec.learner)
    labels = Labels.open(workspace.labels_of(spec.volume))
    parent = find_model(settings.socket_of("registry"), spec.parent) if spec.parent else None
    config = checked_config(learner.settings, (inherited_config(learner, parent) if parent else {}) | spec.config)
    if parent is not None:
        learner.check_parent(config, parent)
    snapshot = labels.head if spec.snapshot == LATEST else labels.history.find(spec.snapshot).snapshot
    return TrainOrder(
        volume=spec.volume,
        snapshot=snapshot,
        learner=learner.name,
        config=config.model_dump(mode="json"),
        budget_s=spec.budget_s,
        parent=parent,
        register_as=checked_name(spec.register_as or spec.volume),
        classes=painted_classes(labels, snapshot, spec.accepted),
        accepted=spec.accepted,
    )


def painted_classes(labels: Labels, snapshot: str, accepted: Accepted = "use") -> list[LabelClass]:
    """Give the classes that have voxels to learn from; raises TooFewLabels when there are fewer than two."""
    counts = labels.history.find(snapshot).counts_of(by_hand=accepted == "ignore")
    classes = labels.classes(snapshot)
    painted = [entry for entry in classes if entry.id <= LAST_CLASS and counts.get(entry.id, 0)]
    if len(painted) < 2:
        found = f"only {painted[0].name!r} has labelled voxels" if painted else "no voxel is labelled"
        missing = ", ".join(repr(entry.name) for entry in classes if entry not in painted) or "a second class"
        raise TooFewLabels(f"{found}: paint a few strokes of at least two classes (for example {missing}), then train")
    return painted


def inherited_config(learner: Learner, parent: ModelVersion) -> dict[str, Any]:
    """Give the settings that a training takes over from its parent; raises InvalidInput for a parent of another learner."""
    manifest = parent.manifest
    if manifest.learner != learner.name:
        raise InvalidInput(
            f"{parent.name}:{parent.version} was trained by {manifest.learner!r}, and {learner.name!r} can start from its own models only: "
            "choose another parent, or none"
        )
    return {name: value for name, value in manifest.settings.items() if name in learner.settings.model_fields and name not in _OF_ONE_RUN}


def checked_config(kind: type[Schema], config: dict[str, Any]) -> Schema:
    """Complete a learner's settings; raises InvalidInput that names the first wrong one."""
    try:
        return kind.model_validate(config)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "config"
        raise InvalidInput(f"setting {where}: {first['msg']} (got {first['input']!r})") from error


def checked_name(name: str) -> str:
    """Pass a model's name through; raises InvalidInput unless it can stand in an address."""
    if slug(name) != name:
        raise InvalidInput(f"{name!r} is no model name: use small letters, digits, - and _; {slug(name)!r} would do")
    return name
