"""Stacks: what each author can undo and redo."""

from voxloop_shared.data.commits import Commit
from voxloop_shared.errors import NothingToUndo


class Stacks:
    """One author's strokes, the newest last; a new one forgets what the author could redo.

    An entry is the commit that would be reverted: a stroke or its redo in `undo`, its undo in `redo`. `root` names the stroke.
    """

    def __init__(self) -> None:
        self.undo: list[tuple[Commit, Commit]] = []
        self.redo: list[tuple[Commit, Commit]] = []
        self._standing: dict[str, bool] = {}

    def push(self, stroke: Commit) -> None:
        """Take in a new stroke."""
        for _, root in self.redo:
            del self._standing[root.snapshot]
        self.redo.clear()
        self.undo.append((stroke, stroke))
        self._standing[stroke.snapshot] = True

    def revert(self, commit: Commit, root: Commit) -> None:
        """Take in an undo or a redo of the newest entry."""
        is_undo = commit.tool == "undo"
        source, target = (self.undo, self.redo) if is_undo else (self.redo, self.undo)
        if source and source[-1][0].snapshot == commit.reverts:
            source.pop()
        target.append((commit, root))
        self._standing[root.snapshot] = not is_undo

    def stands(self, stroke: str) -> bool | None:
        """Say whether a stroke stands (True) or can be redone (False); None when it is forgotten, or another author's."""
        return self._standing.get(stroke)

    def next_undo(self) -> Commit:
        """Give what undo would revert; raises NothingToUndo."""
        if not self.undo:
            raise NothingToUndo("there is no stroke of yours to undo")
        return self.undo[-1][0]

    def next_redo(self) -> Commit:
        """Give the undo that redo would revert; raises NothingToUndo."""
        if not self.redo:
            raise NothingToUndo("there is nothing of yours to redo")
        return self.redo[-1][0]

    def undo_name(self) -> str | None:
        """Say what undo would take back."""
        return self.undo[-1][1].name if self.undo else None

    def redo_name(self) -> str | None:
        """Say what redo would do again."""
        return self.redo[-1][1].name if self.redo else None

    def way_to(self, stroke: str | None) -> tuple[str, list[Commit]]:
        """Give "undo" or "redo" and the entries to revert, first to last, until `stroke` is the newest that stands; None: none stands.

        Raises NothingToUndo for a stroke that is in neither stack.
        """
        if stroke is not None and stroke not in self._standing:
            raise NothingToUndo("that stroke is not yours, or was undone before you painted on: restore its labels instead")
        if stroke is not None and not self._standing[stroke]:
            return "redo", self._entries_to(self.redo, stroke, is_included=True)
        return "undo", self._entries_to(self.undo, stroke, is_included=False)

    @staticmethod
    def _entries_to(stack: list[tuple[Commit, Commit]], stroke: str | None, is_included: bool) -> list[Commit]:
        entries: list[Commit] = []
        for entry, root in reversed(stack):
            if root.snapshot == stroke:
                return [*entries, entry] if is_included else entries
            entries.append(entry)
        return entries
