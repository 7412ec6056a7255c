"""Commits: what the repository keeps beside each change of the labels."""

import json
from datetime import UTC, datetime
from typing import Any, Literal, Self

import icechunk
from pydantic import Field

from voxloop_shared.schemas import UNCERTAIN, UNLABELLED, Axis, Box, Schema

_KEY = "voxloop"

_COMPUTED = frozenset({"accept", "copy", "flood", "holes", "import", "interpolate", "islands", "restore", "smart"})
"""Tools that choose the voxels themselves; with all others a hand draws them."""


class Commit(Schema):
    """One change of the labels, with the voxel counts per class that hold after it."""

    snapshot: str = ""
    parent: str | None = None
    tool: str
    author: str
    time: datetime
    name: str = Field(default="", description='what was done, in the words of that time: "brush nerve z=56"')
    stroke_id: str | None = Field(default=None, description="the id of the request that asked for it, whatever it was")
    value: int | None = None
    axis: Axis | None = None
    index: int | None = None
    box: Box | None = Field(default=None, description="where voxels may have changed; None: nowhere")
    span: Box | None = Field(default=None, description="on the last of several commits of one request: where all of them changed voxels")
    voxels: int = 0
    counts: dict[int, int] = Field(default_factory=dict)
    accepted: dict[int, int] = Field(default_factory=dict, description="those of the counts that were accepted from a prediction")
    prediction: str | None = Field(default=None, description="the prediction that voxels were accepted from")
    model: str | None = Field(default=None, description='the model that made it, "name:version"')
    reverts: str | None = None
    is_stroke: bool = Field(default=False, description="whether its author can undo it")
    marks: dict[Axis, list[int]] | None = Field(default=None, description="the annotated slices, where a version was restored")

    @classmethod
    def first(cls) -> Self:
        """Describe the commit that makes the array."""
        return cls(tool="new", author="voxloop", time=datetime.now(UTC), name="new labels")

    @classmethod
    def now(cls, tool: str, author: str, **fields: Any) -> Self:
        """Describe a change that is made now."""
        fields.setdefault("is_stroke", fields.get("stroke_id") is not None and fields.get("reverts") is None)
        return cls(tool=tool, author=author, time=datetime.now(UTC), **fields)

    @classmethod
    def of(cls, info: icechunk.SnapshotInfo) -> Self:
        """Read a commit back from the repository."""
        stored = info.metadata.get(_KEY)
        if stored is None:  # the empty snapshot that icechunk makes itself
            return cls(snapshot=info.id, parent=info.parent_id, tool="new", author="voxloop", time=info.written_at)
        commit = cls.model_validate_json(str(stored))
        commit.snapshot, commit.parent = info.id, info.parent_id
        commit.name = commit.name or commit.describe()  # before names were kept, a class was called by its number
        return commit

    @property
    def by(self) -> Literal["hand", "tool"]:
        """Say whether a hand drew the voxels or a tool chose them."""
        return "tool" if self.tool in _COMPUTED else "hand"

    def counts_of(self, *, by_hand: bool) -> dict[int, int]:
        """Give the voxel counts per class: all, or only of those that a person gave their label."""
        return {number: count - (self.accepted.get(number, 0) if by_hand else 0) for number, count in self.counts.items()}

    def describe(self, class_name: str | None = None) -> str:
        """Say in a few words what was done: "brush nerve z=56"."""
        where = f" {self.axis}={self.index}" if self.axis else ""
        if self.value == UNLABELLED and self.tool in ("erase", "eraser"):
            return f"eraser{where}"
        special = {UNLABELLED: "unlabelled", UNCERTAIN: "uncertain"}
        what = "" if self.value is None else f" {special.get(self.value) or class_name or self.value}"
        return f"{self.tool}{what}{where}"

    def to_metadata(self) -> dict[str, Any]:
        """Give what the repository keeps beside the commit."""
        return {_KEY: json.dumps(self.model_dump(mode="json", exclude={"snapshot", "parent"}, exclude_defaults=True))}
