"""The history of a volume's labels: commits, and what undo and redo would act on."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Self

import icechunk
from pydantic import Field

from voxloop_shared.errors import NothingToUndo, SnapshotNotFound
from voxloop_shared.schemas import Axis, Box, Schema

_KEY = "voxloop"


class Commit(Schema):
    """One change of the labels, with the voxel counts per class that hold after it."""

    snapshot: str = ""
    parent: str | None = None
    tool: str
    author: str
    time: datetime
    stroke_id: str | None = None
    value: int | None = None
    axis: Axis | None = None
    index: int | None = None
    box: Box | None = None
    voxels: int = 0
    counts: dict[int, int] = Field(default_factory=dict)
    reverts: str | None = None
    is_stroke: bool = False

    @classmethod
    def first(cls) -> Self:
        """Describe the commit that makes the array."""
        return cls(tool="new", author="voxloop", time=datetime.now(UTC))

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
        return cls.model_validate_json(str(stored)).model_copy(update={"snapshot": info.id, "parent": info.parent_id})

    @property
    def summary(self) -> str:
        """Say in a few words what was done: "brush 2 z=56"."""
        where = f" {self.axis}={self.index}" if self.axis else ""
        return f"{self.tool}{'' if self.value is None else f' {self.value}'}{where}"

    def to_metadata(self) -> dict[str, Any]:
        """Give what the repository keeps beside the commit."""
        return {_KEY: json.dumps(self.model_dump(mode="json", exclude={"snapshot", "parent"}, exclude_defaults=True))}


class History:
    """All commits, and the stacks of undo and redo that follow from them."""

    def __init__(self, newest_first: Iterable[Commit]) -> None:
        self._commits: list[Commit] = []
        self._strokes: dict[str, Commit] = {}
        self._by_snapshot: dict[str, Commit] = {}
        self._undo: list[Commit] = []
        self._redo: list[Commit] = []
        for commit in reversed(list(newest_first)):
            self.append(commit)

    def append(self, commit: Commit) -> None:
        """Take in the newest commit."""
        self._commits.append(commit)
        self._by_snapshot[commit.snapshot] = commit
        if commit.stroke_id is not None:
            self._strokes[commit.stroke_id] = commit
        if commit.tool == "undo" and commit.reverts is not None:
            self._undo.pop()
            self._redo.append(commit)
        elif commit.tool == "redo" and commit.reverts is not None:
            self._redo.pop()
            self._undo.append(commit)
        elif commit.is_stroke:
            self._undo.append(commit)
            self._redo.clear()

    @property
    def head(self) -> Commit:
        """Give the newest commit."""
        return self._commits[-1]

    def stroke(self, stroke_id: str) -> Commit | None:
        """Find the commit that a stroke made."""
        return self._strokes.get(stroke_id)

    def find(self, snapshot: str) -> Commit:
        """Give the commit that made a snapshot; raises SnapshotNotFound."""
        if snapshot not in self._by_snapshot:
            raise SnapshotNotFound(f"the labels have no snapshot {snapshot!r}")
        return self._by_snapshot[snapshot]

    def next_undo(self) -> Commit:
        """Give what undo would revert; raises NothingToUndo."""
        if not self._undo:
            raise NothingToUndo("there is no stroke to undo")
        return self._undo[-1]

    def next_redo(self) -> Commit:
        """Give the undo that redo would revert; raises NothingToUndo."""
        if not self._redo:
            raise NothingToUndo("there is nothing to redo")
        return self._redo[-1]

    def undo_name(self) -> str | None:
        """Say what undo would take back."""
        return self._name(self._undo[-1]) if self._undo else None

    def redo_name(self) -> str | None:
        """Say what redo would do again."""
        return self._name(self._redo[-1]) if self._redo else None

    def newest(self, limit: int) -> list[Commit]:
        """Give the newest commits first."""
        return self._commits[: -limit - 1 : -1]

    def undone(self) -> set[str]:
        """Give the snapshots of the strokes that are taken back at present."""
        return {self._root(commit).snapshot for commit in self._redo}

    def annotated(self) -> dict[str, list[int]]:
        """Give the slices on which strokes stand, per axis."""
        active = {(c.axis, c.index) for c in self._undo if c.axis is not None and c.index is not None}
        return {axis: sorted(index for a, index in active if a == axis and index is not None) for axis in "zyx"}

    def _name(self, commit: Commit) -> str:
        return self._root(commit).summary

    def _root(self, commit: Commit) -> Commit:
        """Follow a chain of undo and redo to the stroke it is about."""
        while commit.reverts is not None:
            commit = self._by_snapshot[commit.reverts]
        return commit
