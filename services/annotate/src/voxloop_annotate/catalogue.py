"""The workspace's database: which volumes there are, who did what, and what follows which job."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS volumes (id TEXT PRIMARY KEY, name TEXT NOT NULL, added TEXT NOT NULL, author TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS audit (
    number INTEGER PRIMARY KEY, time TEXT NOT NULL, author TEXT NOT NULL, action TEXT NOT NULL, volume TEXT, detail TEXT
);
CREATE TABLE IF NOT EXISTS people (user TEXT PRIMARY KEY, role TEXT NOT NULL, author TEXT NOT NULL, time TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS follow_ups (job TEXT PRIMARY KEY, volume TEXT NOT NULL, author TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS flags (
    number INTEGER PRIMARY KEY AUTOINCREMENT, volume TEXT NOT NULL, axis TEXT NOT NULL, slice INTEGER NOT NULL,
    z0 INTEGER NOT NULL, z1 INTEGER NOT NULL, y0 INTEGER NOT NULL, y1 INTEGER NOT NULL, x0 INTEGER NOT NULL, x1 INTEGER NOT NULL,
    author TEXT NOT NULL, time TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS review_jobs (job TEXT PRIMARY KEY, volume TEXT NOT NULL, author TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS review_places (
    number INTEGER PRIMARY KEY AUTOINCREMENT, volume TEXT NOT NULL, job TEXT NOT NULL, place TEXT NOT NULL, prediction TEXT, model TEXT,
    proposed TEXT NOT NULL, snapshot TEXT NOT NULL, shown TEXT, outcome TEXT, acceptance TEXT, author TEXT, time TEXT,
    painted INTEGER, corrected INTEGER
);
CREATE INDEX IF NOT EXISTS review_places_of ON review_places (volume, job);
"""


class Catalogue:
    """A SQLite file in WAL mode; a connection per call, so any thread may use it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def prepare(self) -> None:
        """Make the tables of a new workspace."""
        with self.connection() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(_SCHEMA)

    def add_volume(self, volume_id: str, name: str, author: str) -> None:
        """Show a volume to everybody; harmless when it is shown already."""
        with self.connection() as db:
            known = db.execute("SELECT 1 FROM volumes WHERE id = ?", (volume_id,)).fetchone()
            if known is None:
                db.execute("INSERT INTO volumes VALUES (?, ?, ?, ?)", (volume_id, name, _now(), author))
                _note(db, author, "add volume", volume_id, name)

    def volume_ids(self) -> list[str]:
        """List the volumes, the one added last first."""
        with self.connection() as db:
            return [row[0] for row in db.execute("SELECT id FROM volumes ORDER BY added DESC, id")]

    def note(self, author: str, action: str, volume: str, detail: str = "") -> None:
        """Add a line to the audit trail."""
        with self.connection() as db:
            _note(db, author, action, volume, detail)

    def add_follow_up(self, job: str, volume: str, author: str) -> None:
        """Remember that the volume is to be predicted when a training job has succeeded."""
        with self.connection() as db:
            db.execute("INSERT OR REPLACE INTO follow_ups VALUES (?, ?, ?)", (job, volume, author))

    def follow_ups(self) -> list[tuple[str, str, str]]:
        """List (job, volume, author) of what waits for a job."""
        with self.connection() as db:
            return list(db.execute("SELECT job, volume, author FROM follow_ups"))

    def drop_follow_up(self, job: str) -> None:
        """Forget what waits for a job."""
        with self.connection() as db:
            db.execute("DELETE FROM follow_ups WHERE job = ?", (job,))

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Open the database for one transaction."""
        db = sqlite3.connect(self._path, timeout=10)
        try:
            with db:
                yield db
        finally:
            db.close()


def _note(db: sqlite3.Connection, author: str, action: str, volume: str, detail: str) -> None:
    db.execute("INSERT INTO audit (time, author, action, volume, detail) VALUES (?, ?, ?, ?, ?)", (_now(), author, action, volume, detail))


def _now() -> str:
    return datetime.now(UTC).isoformat()
