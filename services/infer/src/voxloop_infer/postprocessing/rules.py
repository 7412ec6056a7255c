"""Which connected components a step means, told from their sizes alone."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from voxloop_shared.chain import FillHoles, KeepLargest, RemoveSmall
from voxloop_shared.schemas import VolumeInfo


class Parts(NamedTuple):
    """Components, one entry each: voxels, where the first lies in the volume (C order), whether one reaches the end of the volume."""

    size: NDArray[np.int64]
    first: NDArray[np.int64]
    is_at_end: NDArray[np.bool_]

    def those(self, which: NDArray[np.bool_]) -> "Parts":
        """Give some of them."""
        return Parts(self.size[which], self.first[which], self.is_at_end[which])


class Rule(Protocol):
    """A choice among components. `note` is told of all, each once, before `chosen` is asked about any."""

    def note(self, parts: Parts) -> None: ...

    def chosen(self, parts: Parts) -> NDArray[np.bool_]: ...


class AtLeast:
    """Chooses what has at least so many voxels."""

    def __init__(self, voxels: float) -> None:
        self._voxels = voxels

    def note(self, parts: Parts) -> None:
        """Need no others to decide."""

    def chosen(self, parts: Parts) -> NDArray[np.bool_]:
        """Choose by size."""
        return parts.size >= self._voxels


class Enclosed:
    """Chooses what does not reach the end of the volume (or slice) and has at most so many voxels."""

    def __init__(self, voxels: float) -> None:
        self._voxels = voxels

    def note(self, parts: Parts) -> None:
        """Need no others to decide."""

    def chosen(self, parts: Parts) -> NDArray[np.bool_]:
        """Choose by size and place."""
        return ~parts.is_at_end & (parts.size <= self._voxels)


class Largest:
    """Chooses the `count` largest of each group, `group_voxels` being the voxels of a slice or of the volume; of equals the first."""

    def __init__(self, count: int, group_voxels: int) -> None:
        self._count = count
        self._group_voxels = group_voxels
        self._best: dict[int, list[tuple[int, int]]] = {}

    def note(self, parts: Parts) -> None:
        """Remember the best of each group, whose last is the least that is chosen."""
        groups = parts.first // self._group_voxels
        order = np.lexsort((parts.first, -parts.size, groups))
        for members in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1) if len(order) else ():
            group = int(groups[members[0]])
            found = [(-int(parts.size[i]), int(parts.first[i])) for i in members[: self._count]]
            self._best[group] = sorted([*self._best.get(group, ()), *found])[: self._count]

    def chosen(self, parts: Parts) -> NDArray[np.bool_]:
        """Choose what is among the best."""
        groups = parts.first // self._group_voxels
        best = {first for group in np.unique(groups) for _, first in self._best.get(int(group), ())}
        return np.isin(parts.first, list(best))


def rule_of(step: RemoveSmall | FillHoles | KeepLargest, volume: VolumeInfo, shape: tuple[int, int, int]) -> Rule:
    """Give the rule of a step over an array of a shape."""
    if isinstance(step, RemoveSmall):
        return AtLeast(step.voxels(volume))
    if isinstance(step, FillHoles):
        return Enclosed(step.voxels(volume))
    return Largest(step.count, shape[1] * shape[2] if step.extent == "slice" else shape[0] * shape[1] * shape[2])
