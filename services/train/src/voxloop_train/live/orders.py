"""What is asked of a live session, and the same checked."""

from typing import Any

from pydantic import Field

from voxloop_shared.data.volumes import read_info
from voxloop_shared.nets.store import find_model
from voxloop_shared.schemas import ModelVersion, Schema
from voxloop_shared.workspace import Workspace
from voxloop_train.learners.catalog import learner_of
from voxloop_train.orders import Accepted, checked_config, inherited_config
from voxloop_train.settings import TrainSettings


class LiveSpec(Schema):
    """A request to follow a volume's labels; a `client` (a tab of a browser) has one session, a new one ends its earlier one."""

    volume: str
    learner: str = "instant"
    config: dict[str, Any] = Field(default_factory=dict)
    parent: str | None = None
    accepted: Accepted = "use"
    client: str = Field(min_length=1, max_length=80)


class LiveOrder(Schema):
    """A live session that can be held: settings are complete, the parent is one version."""

    volume: str
    learner: str
    config: dict[str, Any]
    parent: ModelVersion | None
    accepted: Accepted
    author: str


def freeze_live(spec: LiveSpec, settings: TrainSettings, author: str) -> LiveOrder:
    """Check a request and resolve its names; raises the VoxloopError that says what is wrong."""
    read_info(Workspace(settings.workspace), spec.volume)
    learner = learner_of(spec.learner)
    parent = find_model(settings.socket_of("registry"), spec.parent) if spec.parent else None
    config = checked_config(learner.settings, (inherited_config(learner, parent) if parent else {}) | spec.config)
    if parent is not None:
        learner.check_parent(config, parent)
    return LiveOrder(
        volume=spec.volume,
        learner=learner.name,
        config=config.model_dump(mode="json"),
        parent=parent,
        accepted=spec.accepted,
        author=author,
    )
