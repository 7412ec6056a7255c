"""The history answers from what it has added up, page by page."""

from datetime import UTC, datetime

import pytest

from voxloop_shared.data.commits import Commit
from voxloop_shared.data.history import History
from voxloop_shared.errors import SnapshotNotFound


def a_history(strokes: int, author: str = "ada") -> History:
    """Make a history of strokes on slices 0, 1, 2, ...; one commit in ten changes the classes instead."""
    history = History([])
    history.append(Commit(snapshot="root", tool="new", author="voxloop", time=datetime.now(UTC)))
    for n in range(strokes):
        append(history, f"s{n}", "brush", author, stroke_id=f"id{n}", value=1, axis="z", index=n, counts={1: n + 1})
        if n % 10 == 9:
            append(history, f"c{n}", "classes", author)
    return history


def append(history: History, snapshot: str, tool: str, author: str, **fields) -> Commit:
    commit = Commit.now(tool, author, snapshot=snapshot, parent=history.head.snapshot, **fields)
    history.append(commit)
    return commit


def test_pages_follow_each_other_without_gap_or_overlap():
    history = a_history(57)
    found, before, pages = [], None, 0
    while True:
        page, more = history.changes(20, before)
        found += [commit.snapshot for commit in page]
        pages += 1
        if not more:
            break
        before = page[-1].snapshot
    assert found == [f"s{n}" for n in reversed(range(57))]
    assert pages == 3
    assert history.changes(57)[1] is False
    assert history.changes(56)[1] is True


def test_a_page_may_start_at_any_commit_but_not_at_an_unknown_one():
    history = a_history(57)
    assert [commit.snapshot for commit in history.changes(2, "c29")[0]] == ["s29", "s28"]
    assert history.changes(5, "s0") == ([], False)
    with pytest.raises(SnapshotNotFound):
        history.changes(5, "none")
    with pytest.raises(SnapshotNotFound):
        history.find("root")


def test_slices_stay_annotated_while_one_stroke_stands_on_them():
    history = a_history(3)
    append(history, "again", "lasso", "eva", stroke_id="x", value=1, axis="z", index=1)
    append(history, "other", "lasso", "eva", stroke_id="y", value=1, axis="x", index=8)
    assert history.annotated() == {"z": [0, 1, 2], "y": [], "x": [8]}
    append(history, "u1", "undo", "ada", reverts="s2")
    append(history, "u2", "undo", "ada", reverts="s1")
    assert history.annotated() == {"z": [0, 1], "y": [], "x": [8]}
    assert history.annotated_at("other") == {"z": [0, 1, 2], "y": [], "x": [8]}


def test_a_stroke_that_was_undone_and_forgotten_is_still_undone():
    history = a_history(2)
    undo = append(history, "u", "undo", "ada", reverts="s1")
    append(history, "new", "brush", "ada", stroke_id="n", value=1)
    assert [history.is_undone(history.find(name)) for name in ("s0", "s1", "new")] == [False, True, False]
    assert not history.is_undone(undo)
    assert history.root(undo) is history.find("s1")
