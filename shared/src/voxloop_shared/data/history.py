"""The history of a volume's labels: commits, and what undo and redo would act on."""

from collections import Counter
from collections.abc import Iterable

from voxloop_shared.data.commits import Commit as Commit
from voxloop_shared.data.stacks import Stacks
from voxloop_shared.errors import SnapshotNotFound
from voxloop_shared.schemas import LAST_CLASS, Axis

Slice = tuple[Axis, int]


class History:
    """All commits, and the stacks of undo and redo that follow from them; each question is answered without a look at all commits."""

    def __init__(self, newest_first: Iterable[Commit]) -> None:
        self._commits: list[Commit] = []
        self._changes: list[Commit] = []
        self._changes_before: dict[str, int] = {}
        self._by_request: dict[str, Commit] = {}
        self._by_snapshot: dict[str, Commit] = {}
        self._roots: dict[str, Commit] = {}
        self._stacks: dict[str, Stacks] = {}
        self._marks: Counter[Slice] = Counter()
        self._marks_of: dict[str, Counter[Slice]] = {}
        self.known_classes: set[int] = set()
        for commit in reversed(list(newest_first)):
            self.append(commit)

    def append(self, commit: Commit) -> None:
        """Take in the newest commit."""
        self._commits.append(commit)
        self._by_snapshot[commit.snapshot] = commit
        self._changes_before[commit.snapshot] = len(self._changes)
        if commit.stroke_id is not None:
            self._by_request[commit.stroke_id] = commit
        self.known_classes.update(number for number in (*commit.counts, commit.value or 0) if 0 < number <= LAST_CLASS)
        if commit.reverts is not None:
            self._append_revert(commit)
        elif commit.is_stroke:
            self._append_stroke(commit)

    def _append_stroke(self, stroke: Commit) -> None:
        self._changes.append(stroke)
        self._roots[stroke.snapshot] = stroke
        self._marks_of[stroke.snapshot] = self._marks_by(stroke)
        self._mark(stroke, 1)
        self.of(stroke.author).push(stroke)

    def _append_revert(self, commit: Commit) -> None:
        assert commit.reverts is not None
        root = self._roots[commit.snapshot] = self._roots[commit.reverts]
        self._changes.append(commit)
        self._mark(root, -1 if commit.tool == "undo" else 1)
        self.of(root.author).revert(commit, root)  # the stroke's author: once, anybody could undo it

    def __len__(self) -> int:
        return len(self._commits)

    @property
    def head(self) -> Commit:
        """Give the newest commit."""
        return self._commits[-1]

    def of(self, author: str) -> Stacks:
        """Give what an author can undo and redo."""
        return self._stacks.setdefault(author, Stacks())

    def stroke(self, stroke_id: str) -> Commit | None:
        """Find the commit that a stroke, or another request with an id, made."""
        return self._by_request.get(stroke_id)

    def find(self, snapshot: str) -> Commit:
        """Give the commit that made a snapshot; raises SnapshotNotFound."""
        commit = self._by_snapshot.get(snapshot)
        if commit is None or commit.parent is None:  # before the first commit there is no array
            raise SnapshotNotFound(f"the labels have no snapshot {snapshot!r}: look at the history again")
        return commit

    def root(self, commit: Commit) -> Commit:
        """Give the stroke that a chain of undo and redo is about; a commit that reverts nothing is its own."""
        return self._roots.get(commit.snapshot, commit)

    def since(self, count: int) -> list[Commit]:
        """Give the commits after the first `count`, oldest first: one look at the list, so none is missed while others are added."""
        return self._commits[count:]

    def newest(self, limit: int) -> list[Commit]:
        """Give the newest commits first."""
        return self._commits[: -limit - 1 : -1]

    def changes(self, limit: int, before: str | None = None) -> tuple[list[Commit], bool]:
        """Give strokes, undos and redos, newest first, and whether there are older ones; `before` is the snapshot they are older than.

        Raises SnapshotNotFound.
        """
        end = len(self._changes) if before is None else self._changes_before[self.find(before).snapshot]
        start = max(0, end - limit)
        return self._changes[start:end][::-1], start > 0

    def is_undone(self, commit: Commit) -> bool:
        """Say whether a commit is a stroke that is taken back at present."""
        return commit.is_stroke and not self.of(commit.author).stands(commit.snapshot)

    def annotated(self) -> dict[Axis, list[int]]:
        """Give the slices on which strokes stand, per axis."""
        found: dict[Axis, list[int]] = {"z": [], "y": [], "x": []}
        for (axis, index), strokes in sorted(self._marks.items()):
            if strokes > 0:
                found[axis].append(index)
        return found

    def annotated_at(self, snapshot: str) -> dict[Axis, list[int]]:
        """Give the slices on which strokes stood in an earlier version; looks at all commits before it."""
        wanted = self.find(snapshot)
        end = next(number for number, commit in enumerate(self._commits, start=1) if commit is wanted)
        return History(self._commits[:end][::-1]).annotated()

    def _marks_by(self, stroke: Commit) -> Counter[Slice]:
        """Give by how much a stroke raises the number of strokes per slice; restoring a version replaces them all."""
        if stroke.marks is not None:
            marks = Counter({place: -strokes for place, strokes in self._marks.items()})
            marks.update((axis, index) for axis, indices in stroke.marks.items() for index in indices)
            return marks
        return Counter() if stroke.axis is None or stroke.index is None else Counter([(stroke.axis, stroke.index)])

    def _mark(self, root: Commit, sign: int) -> None:
        for place, strokes in self._marks_of[root.snapshot].items():
            self._marks[place] += sign * strokes
