"""A naive model of labels: whole arrays, copied at every change, and a pair of stacks per author.

Voxels are (z, y, x, 2): the label, and 1 where it was accepted from a prediction.
"""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from voxloop_shared.data.labels import default_classes

Names = dict[int, str]


@dataclass
class Entry:
    """What an undo or redo would revert: everything before and after."""

    stroke: str
    name: str
    before: np.ndarray
    after: np.ndarray
    names_before: Names
    names_after: Names


@dataclass
class LabelModel:
    """What labels ought to hold after any sequence of changes."""

    voxels: np.ndarray
    names: Names = field(default_factory=lambda: {entry.id: entry.name for entry in default_classes()})
    undo: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    redo: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    versions: dict[str, tuple[np.ndarray, Names]] = field(default_factory=dict)

    @property
    def counts(self) -> dict[int, int]:
        return count(self.voxels[..., 0])

    @property
    def accepted(self) -> dict[int, int]:
        return count(self.voxels[self.voxels[..., 1] == 1, 0])

    def change(self, author: str, snapshot: str, name: str, voxels: np.ndarray, names: Names) -> None:
        """Take in a new stroke, or anything else that can be undone."""
        self.undo[author].append(Entry(snapshot, name, self.voxels, voxels, self.names, names))
        self.redo[author].clear()
        self._hold(snapshot, voxels, names)

    def revert(self, author: str, tool: str, snapshot: str) -> None:
        """Undo or redo: voxels that still are what the change made of them become what they were; classes likewise."""
        source, target = (self.undo, self.redo) if tool == "undo" else (self.redo, self.undo)
        entry = source[author].pop()
        voxels = self.voxels.copy()
        mine = (entry.before != entry.after).any(axis=-1) & (voxels == entry.after).all(axis=-1)
        voxels[mine] = entry.before[mine]
        names = dict(self.names)
        for number in entry.names_before.keys() - entry.names_after.keys():
            names.setdefault(number, entry.names_before[number])
        for number in entry.names_after.keys() - entry.names_before.keys():
            if names.get(number) == entry.names_after[number] and not (voxels[..., 0] == number).any():
                del names[number]
        for number in set(np.unique(voxels[..., 0]).tolist()) & entry.names_before.keys():
            names.setdefault(number, entry.names_before[number])
        target[author].append(Entry(entry.stroke, entry.name, self.voxels, voxels, self.names, names))
        self._hold(snapshot, voxels, names)

    def way_to(self, author: str, stroke: str | None) -> tuple[str, int] | None:
        """Say how often an author has to undo or redo until a stroke is the newest; None: it is out of reach."""
        standing = [entry.stroke for entry in self.undo[author]]
        undone = [entry.stroke for entry in self.redo[author]]
        if stroke is None:
            return "undo", len(standing)
        if stroke in standing:
            return "undo", standing[::-1].index(stroke)
        return ("redo", undone[::-1].index(stroke) + 1) if stroke in undone else None

    def restored(self, snapshot: str) -> tuple[np.ndarray, Names]:
        """Give voxels and classes as restoring a version would make them."""
        voxels, earlier = self.versions[snapshot]
        used = set(np.unique(voxels[..., 0]).tolist())
        return voxels, self.names | {n: name for n, name in earlier.items() if n in used and n not in self.names}

    def rename(self, snapshot: str, names: Names) -> None:
        """Take in a change of classes."""
        self._hold(snapshot, self.voxels, names)

    def _hold(self, snapshot: str, voxels: np.ndarray, names: Names) -> None:
        self.voxels, self.names = voxels, names
        self.versions[snapshot] = voxels, names


def count(labels: np.ndarray) -> dict[int, int]:
    """Give the number of voxels per label other than 0."""
    found = np.bincount(labels.ravel(), minlength=256)
    return {n: int(found[n]) for n in range(1, 256) if found[n]}
