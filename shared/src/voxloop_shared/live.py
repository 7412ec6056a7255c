"""Live mode: what travels between train, annotate and infer about a model that follows the newest strokes and is no version yet."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from voxloop_shared.schemas import Manifest, ModelRef, ModelVersion, Schema

Phase = Literal["starting", "waiting", "learning", "ready", "paused", "failed"]
"""Starting: its process loads; waiting: too little is painted; ready: the model knows all strokes; paused: training jobs go first."""


UNPUBLISHED = 0
"""The version number of what is no version."""


class Unpublished(Schema):
    """A model whose weights the registry has, but no version of any name: it may be gone soon."""

    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    manifest: Manifest

    def as_version(self) -> ModelVersion:
        """Give it the form of a version, with the number UNPUBLISHED."""
        about = {"author": self.manifest.author, "created": self.manifest.created, "manifest": self.manifest}
        return ModelVersion(name="live", version=UNPUBLISHED, digest=self.digest, size=0, aliases=[], **about)


class LiveModel(Unpublished):
    """What a live session has learned so far; `number` counts its models, `learn_s` is the time from the labels to the weights."""

    number: int = Field(ge=1)
    learn_s: float
    made: datetime


class LiveState(Schema):
    """How a live session is; `revision` grows with each change."""

    id: str
    volume: str
    learner: str
    phase: Phase = "starting"
    message: str = ""
    revision: int = 0
    snapshot: str | None = Field(default=None, description="the labels that it has seen")
    model: LiveModel | None = None
    kept: ModelRef | None = Field(default=None, description="the version that this model, or an earlier one, was published as")
    error: dict[str, Any] | None = None
