"""The newest labels of a volume, followed cheaply: only chunks that a commit's box touches are read again."""

import time
from dataclasses import dataclass

from voxloop_shared.data.blocks import Region, clip_region
from voxloop_shared.data.labels import Labels
from voxloop_shared.data.masks import slices_of
from voxloop_shared.schemas import LabelClass
from voxloop_train.orders import Accepted, painted_classes
from voxloop_train.points import LIMIT, LabelPoints, Piece, joined, pieces_of, read_points

_PERIOD_S = 0.04
_QUIET_PERIOD_S = 0.2
_QUIET_AFTER_S = 30.0
"""To ask for the newest snapshot reads one small file; where nobody paints, that need not be 25 times a second."""

Corner = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Painted:
    """What a snapshot holds: its classes that have voxels, and these voxels; `seen_s` is when it was noticed (monotonic)."""

    snapshot: str
    classes: list[LabelClass]
    points: LabelPoints
    seen_s: float


class LabelFollower:
    """Looks at the labels that annotate writes; it never writes."""

    def __init__(self, labels: Labels, accepted: Accepted) -> None:
        self._labels = labels
        self._accepted = accepted
        self._pieces: dict[Corner, tuple[Region, Piece | None]] = {}
        self._seen_s = time.monotonic()
        self._is_new = True

    def news(self, wait_s: float = 0.0) -> bool:
        """Wait so long for labels that `take` has not given yet; True as soon as there are."""
        deadline = time.monotonic() + wait_s
        while not self._look() and (now := time.monotonic()) < deadline:
            period_s = _PERIOD_S if now - self._seen_s < _QUIET_AFTER_S else _QUIET_PERIOD_S
            time.sleep(min(period_s, deadline - now))
        return self._is_new

    def take(self) -> Painted:
        """Give the newest labels; raises TooFewLabels where there are fewer than two classes to learn from."""
        self._look()
        self._is_new = False
        snapshot = self._labels.head
        classes = painted_classes(self._labels, snapshot, self._accepted)
        return Painted(snapshot, classes, self._points(snapshot), self._seen_s)

    def _look(self) -> bool:
        commits = self._labels.follow()
        if commits:
            self._seen_s, self._is_new = time.monotonic(), True
        for box in (slices_of(commit.box) for commit in commits if commit.box is not None):
            touched = [corner for corner, (region, _) in self._pieces.items() if clip_region(region, box)]
            for corner in touched:
                del self._pieces[corner]
        return self._is_new

    def _points(self, snapshot: str) -> LabelPoints:
        is_by_hand = self._accepted == "ignore"
        if sum(self._labels.counts.values()) > LIMIT:
            return read_points(self._labels, snapshot, by_hand=is_by_hand)
        array = self._labels.array(snapshot)
        origin = self._labels.origin(snapshot)
        known, self._pieces = self._pieces, {}
        for region in self._labels.painted(snapshot):
            corner = region[0].start, region[1].start, region[2].start
            self._pieces[corner] = known.get(corner) or (region, next(pieces_of(array, [region], origin, by_hand=is_by_hand), None))
        found = [piece for _, piece in self._pieces.values() if piece is not None]
        return joined(self._labels.shape, found)
