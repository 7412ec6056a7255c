"""The book of reviews: which places were proposed, and what became of each, in the workspace's database."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from voxloop_annotate.catalogue import Catalogue
from voxloop_shared.errors import NotFound
from voxloop_shared.review import Place
from voxloop_shared.schemas import Schema

Outcome = Literal["accepted", "corrected", "skipped"]

_COLUMNS = (
    "number, job, place, prediction, model, proposed, snapshot, shown, outcome, acceptance, author, time, painted, corrected"  # as in Entry
)


class Entry(Schema):
    """A place and what became of it.

    `snapshot` are the labels when it was first shown (before that: when it was proposed). Since then, in its box, `painted` voxels got
    another label, `corrected` of them by hand and unlike what was predicted. `acceptance` is the snapshot that accepting it made.
    """

    id: int
    job: str
    place: Place
    prediction: str | None
    model: str | None
    proposed: datetime
    snapshot: str
    shown: datetime | None = None
    outcome: Outcome | None = None
    acceptance: str | None = None
    author: str | None = None
    time: datetime | None = None
    painted: int | None = None
    corrected: int | None = None


class ReviewBook:
    """Each change is one transaction: what was answered for is there after any crash."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def await_job(self, job: str, volume: str, author: str) -> None:
        """Remember that a job's places are to be taken in."""
        with self._catalogue.connection() as db:
            db.execute("INSERT OR REPLACE INTO review_jobs VALUES (?, ?, ?)", (job, volume, author))

    def awaited(self) -> list[tuple[str, str]]:
        """List (job, volume) of what is waited for."""
        with self._catalogue.connection() as db:
            return list(db.execute("SELECT job, volume FROM review_jobs ORDER BY job"))

    def drop_job(self, job: str) -> None:
        """Wait no longer for a job."""
        with self._catalogue.connection() as db:
            db.execute("DELETE FROM review_jobs WHERE job = ?", (job,))

    def take_in(self, job: str, volume: str, places: Sequence[Place], prediction: str | None, model: str | None, snapshot: str) -> bool:
        """Write down a job's places and wait for it no longer; False when that was done already."""
        now = datetime.now(UTC).isoformat()
        rows = [(volume, job, place.model_dump_json(), prediction, model, now, snapshot) for place in places]
        with self._catalogue.connection() as db:
            if db.execute("DELETE FROM review_jobs WHERE job = ?", (job,)).rowcount == 0:
                return False
            db.executemany(
                "INSERT INTO review_places (volume, job, place, prediction, model, proposed, snapshot) VALUES (?, ?, ?, ?, ?, ?, ?)", rows
            )
        return True

    def entries(self, volume: str) -> list[Entry]:
        """List all places that were ever proposed, oldest first."""
        with self._catalogue.connection() as db:
            rows = db.execute(f"SELECT {_COLUMNS} FROM review_places WHERE volume = ? ORDER BY number", (volume,))
            return [_entry_of(row) for row in rows]

    def entry(self, volume: str, number: int) -> Entry:
        """Give one place; raises NotFound."""
        with self._catalogue.connection() as db:
            row = db.execute(f"SELECT {_COLUMNS} FROM review_places WHERE volume = ? AND number = ?", (volume, number)).fetchone()
        if row is None:
            raise NotFound(f"no place {number} was ever proposed in volume {volume!r}")
        return _entry_of(row)

    def note_shown(self, number: int, snapshot: str) -> None:
        """Write down that a place is looked at, the first time, and with what labels."""
        with self._catalogue.connection() as db:
            db.execute(
                "UPDATE review_places SET shown = ?, snapshot = ? WHERE number = ? AND shown IS NULL",
                (datetime.now(UTC).isoformat(), snapshot, number),
            )

    def note_outcome(
        self, number: int, outcome: Outcome | None, author: str, acceptance: str | None, painted: int, corrected: int | None
    ) -> None:
        """Write down what became of a place; the last word counts, and None opens it again."""
        now = datetime.now(UTC).isoformat()
        with self._catalogue.connection() as db:
            db.execute(
                "UPDATE review_places SET outcome = ?, author = ?, acceptance = ?, painted = ?, corrected = ?, time = ? WHERE number = ?",
                (outcome, author, acceptance, painted, corrected, now, number),
            )


def _entry_of(row: sqlite3.Row | tuple[str | int | None, ...]) -> Entry:
    values = dict(zip(("id", *_COLUMNS.split(", ")[1:]), row, strict=True))
    return Entry.model_validate(values | {"place": Place.model_validate_json(str(values["place"]))})
