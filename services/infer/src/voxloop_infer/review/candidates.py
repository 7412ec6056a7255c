"""Candidates: all squares that could be proposed, each with what is known of it in a few numbers."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from voxloop_infer.review.planes import Plane
from voxloop_shared.nets.inputs import PLANE_AXES
from voxloop_shared.schemas import Axis, Box

Numbers = NDArray[np.float64]

AXES: tuple[Axis, Axis, Axis] = ("z", "y", "x")
_OVERLAP = 2
"""Squares are begun every side / this many voxels."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Squares (n) in arrays, one row each; shares and means are 0..1.

    `across` is the number of the axis (0 z, 1 y, 2 x), `boxes` (n, 3, 2) their bounds (z, y, x) in voxels of level 0. `entropy` is the
    mean predictive entropy; `class_share` and `class_entropy` (n, classes) are the share of the voxels that are predicted as a class,
    and the entropy of these, summed and divided by all voxels. `contrast` is the spread of grey values where no prediction is there.
    """

    across: NDArray[np.int64]
    boxes: NDArray[np.int64]
    entropy: Numbers
    uncertainty: Numbers
    class_share: Numbers
    class_entropy: Numbers
    contrast: Numbers

    def __len__(self) -> int:
        return len(self.across)

    def take(self, chosen: NDArray[Any]) -> Self:
        """Give some of them, by number or mask."""
        return type(self)(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})

    @classmethod
    def joined(cls, parts: Sequence["Candidates"]) -> "Candidates":
        """Put several together."""
        return cls(**{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)})

    def axis(self, number: int) -> Axis:
        """Say across which axis a square lies."""
        return AXES[self.across[number]]

    def index(self, number: int) -> int:
        """Say on which slice a square lies."""
        return int(self.boxes[number, self.across[number], 0])

    def box(self, number: int) -> Box:
        """Give the bounds of a square (z, y, x)."""
        z, y, x = ((int(start), int(stop)) for start, stop in self.boxes[number])
        return z, y, x


def survey(planes: Iterable[Plane], side: int, class_ids: Sequence[int]) -> Candidates:
    """Cut planes into squares of `side` voxels that overlap by half, and sum up what each holds."""
    return Candidates.joined([_survey_plane(plane, side, class_ids) for plane in planes])


def entropy_bound(confidence: NDArray[np.uint8], classes: int) -> NDArray[np.float32]:
    """Give the most entropy (0..1 of log classes) that answers can have whose likeliest class has this probability.

    Equality in Fano's inequality: what is left is shared alike by all other classes (Cover and Thomas 2006, section 2.10). It
    falls as confidence grows, so it ranks voxels as least confidence does (Settles 2009, section 3.1), on the scale of entropy.
    """
    p = np.clip(np.arange(256) / 255, 1 / classes, 1)
    rest = 1 - p
    nats = -p * np.log(p) - np.where(rest > 0, rest * np.log(np.maximum(rest, 1e-12)), 0) + rest * math.log(max(1, classes - 1))
    table = (nats / math.log(max(2, classes))).astype(np.float32)
    return table[confidence]


def _survey_plane(plane: Plane, side: int, class_ids: Sequence[int]) -> Candidates:
    rows, columns = (_spans(length, side) for length in plane.extent)
    corners = np.array([(*row, *column) for row in rows for column in columns])
    sums = _Sums(corners, plane.scale)
    none = np.zeros(len(corners))
    share = entropy = np.zeros((len(corners), len(class_ids)))
    mean_entropy = uncertainty = contrast = none
    if plane.classes is not None and plane.confidence is not None:
        unsure = entropy_bound(plane.confidence, len(class_ids)) * (plane.classes > 0)
        mean_entropy = sums.mean(unsure)
        share = np.stack([sums.mean(plane.classes == number) for number in class_ids], axis=1)
        entropy = np.stack([sums.mean(unsure * (plane.classes == number)) for number in class_ids], axis=1)
    if plane.uncertainty is not None:
        uncertainty = sums.mean(plane.uncertainty / np.float32(255))
    if plane.image is not None:
        grey = np.nan_to_num(plane.image.astype(np.float64), posinf=0, neginf=0)
        contrast = np.sqrt(np.maximum(0, sums.mean(grey**2) - sums.mean(grey) ** 2))
    across = np.full(len(corners), AXES.index(plane.axis))
    return Candidates(across, _boxes(plane, corners), mean_entropy, uncertainty, share, entropy, contrast)


def _spans(length: int, side: int) -> list[tuple[int, int]]:
    """Give where squares begin and end along an edge; the last one ends with it."""
    if length <= side:
        return [(0, length)]
    starts = [*range(0, length - side, max(1, side // _OVERLAP)), length - side]
    return [(start, start + side) for start in starts]


def _boxes(plane: Plane, corners: NDArray[np.int64]) -> NDArray[np.int64]:
    depth, row, column = PLANE_AXES[plane.axis]
    boxes = np.empty((len(corners), 3, 2), np.int64)
    boxes[:, depth] = (plane.index, plane.index + 1)
    boxes[:, row], boxes[:, column] = corners[:, :2], corners[:, 2:]
    return boxes


class _Sums:
    """Means over squares of a plane, by an integral image (Crow 1984): the cost does not depend on how much squares overlap."""

    def __init__(self, corners: NDArray[np.int64], scale: tuple[int, int]) -> None:
        row, column = scale
        self._r0, self._c0 = corners[:, 0] // row, corners[:, 2] // column
        self._r1, self._c1 = np.maximum(-(-corners[:, 1] // row), self._r0 + 1), np.maximum(-(-corners[:, 3] // column), self._c0 + 1)

    def mean(self, values: NDArray[Any]) -> Numbers:
        """Give the mean of the pixels in each square."""
        whole = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
        whole[1:, 1:] = values.cumsum(axis=0, dtype=np.float64).cumsum(axis=1)
        r0, r1 = np.minimum(self._r0, values.shape[0] - 1), np.minimum(self._r1, values.shape[0])
        c0, c1 = np.minimum(self._c0, values.shape[1] - 1), np.minimum(self._c1, values.shape[1])
        total = whole[r1, c1] - whole[r0, c1] - whole[r1, c0] + whole[r0, c0]
        return np.asarray(total / ((r1 - r0) * (c1 - c0)))
