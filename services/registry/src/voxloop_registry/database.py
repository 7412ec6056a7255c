"""How the registry connects to SQLite: durable, consistent, and patient with other writers."""

import sqlite3
import time
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event

_BUSY_TIMEOUT_S = 30
_RETRY_S = 0.01
_PRAGMAS = (
    f"PRAGMA busy_timeout={_BUSY_TIMEOUT_S * 1000}",  # first: the others may have to wait, too
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
)


def connect(path: Path) -> Engine:
    """Make an engine over a database file; a connection with the option `is_writing` takes the write lock at once."""
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": _BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # else Python's sqlite3 begins transactions itself, and too late
    for pragma in _PRAGMAS:
        _execute_patiently(connection, pragma)


def _execute_patiently(connection: sqlite3.Connection, pragma: str) -> None:
    """Execute what SQLite refuses at once, in spite of its busy timeout, while another process makes the same new file one with a WAL."""
    deadline = time.monotonic() + _BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute(pragma)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_S)
        else:
            return


def _begin(connection: Connection) -> None:
    # a transaction that reads first and writes then could not wait for another writer: SQLite would refuse it
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("is_writing") else "BEGIN")
