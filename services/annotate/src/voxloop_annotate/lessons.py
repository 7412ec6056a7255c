"""Lessons: who taught a model what, told from the history of the labels at the snapshot that it learned from."""

from collections import defaultdict
from datetime import datetime

from voxloop_shared.data.commits import Commit
from voxloop_shared.data.history import History
from voxloop_shared.data.labels import Labels
from voxloop_shared.schemas import Axis, Schema

_LISTED = 200


class Teacher(Schema):
    """Somebody whose strokes stood in a snapshot, and how many voxels these strokes covered."""

    author: str
    strokes: int
    voxels: int
    first: datetime
    last: datetime


class StrokeLine(Schema):
    """One stroke, as one line of a list."""

    name: str
    author: str
    time: datetime
    voxels: int
    axis: Axis | None
    index: int | None


class Lesson(Schema):
    """The strokes that stood in a snapshot: who made how many, and the newest of them.

    `labelled` voxels there were, `accepted` among them from a prediction.
    """

    strokes: int
    labelled: int
    accepted: int
    teachers: list[Teacher]
    newest: list[StrokeLine]


def read_lesson(labels: Labels, snapshot: str, listed: int = _LISTED) -> Lesson:
    """Tell who taught what stands in a snapshot, the busiest first; raises SnapshotNotFound."""
    head = labels.history.find(snapshot)
    commits = labels.history.since(0)
    until = commits[: next(number for number, commit in enumerate(commits, start=1) if commit is head)]
    at_that_time = History(reversed(until))
    strokes = [commit for commit in until if commit.is_stroke and not at_that_time.is_undone(commit)]
    return Lesson(
        strokes=len(strokes),
        labelled=sum(head.counts.values()),
        accepted=sum(head.accepted.values()),
        teachers=_teachers(strokes),
        newest=[_line(stroke) for stroke in reversed(strokes[-listed:])],
    )


def _teachers(strokes: list[Commit]) -> list[Teacher]:
    by_author: defaultdict[str, list[Commit]] = defaultdict(list)
    for stroke in strokes:
        by_author[stroke.author].append(stroke)
    found = [
        Teacher(
            author=author, strokes=len(own), voxels=sum(stroke.voxels for stroke in own), first=own[0].time, last=max(s.time for s in own)
        )
        for author, own in by_author.items()
    ]
    return sorted(found, key=lambda teacher: teacher.strokes, reverse=True)


def _line(stroke: Commit) -> StrokeLine:
    return StrokeLine(name=stroke.name, author=stroke.author, time=stroke.time, voxels=stroke.voxels, axis=stroke.axis, index=stroke.index)
