"""How the registry connects to its database: SQLite, durable and patient with other writers, or a facility's PostgreSQL."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import Session

from voxloop_shared.errors import DiskFull, InvalidInput, ServiceUnavailable

_BUSY_TIMEOUT_S = 30
_RETRY_S = 0.01
_POOL = {"pool_size": 40, "max_overflow": 20}  # as many as the server has threads: with fewer, requests fail while writers wait
_PRAGMAS = (
    f"PRAGMA busy_timeout={_BUSY_TIMEOUT_S * 1000}",  # first: the others may have to wait, too
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
)
_PG_DISK_FULL = "53100"
_PG_TRY_AGAIN = ("40001", "40P01")
"""Serialization failure, deadlock."""


class Database:
    """Transactions over an engine; safe between threads and between processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(is_writing=True)
        # a list is read by several queries, which must not see different states
        is_sqlite = engine.dialect.name == "sqlite"
        self._reader = engine if is_sqlite else engine.execution_options(isolation_level="REPEATABLE READ")

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that sees one state of the database."""
        with said_plainly(), Session(self._reader) as session, session.begin():
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session whose changes appear together when the block ends well.

        In SQLite it is the only one that writes; in PostgreSQL it must lock the rows by which it decides (see locks.py).
        """
        with said_plainly(), Session(self._writer, expire_on_commit=False) as session, session.begin():
            session.connection()  # takes SQLite's lock now and not at the first statement: it holds for the files, too
            yield session


def connect(url: str | Path) -> Engine:
    """Make an engine over a file or by a URL, `postgresql://…` or `sqlite:///…`; raises InvalidInput for any other.

    A connection to SQLite with the option `is_writing` takes the write lock at once.
    """
    address = URL.create("sqlite", database=str(url)) if isinstance(url, Path) else _parsed(url)
    if address.get_backend_name() == "postgresql":
        return _connect_postgresql(address)
    if address.get_backend_name() != "sqlite" or not address.database:
        raise InvalidInput(f"the registry knows postgresql:// and sqlite:///FILE, not {address.drivername}://")
    engine = create_engine(address, connect_args={"timeout": _BUSY_TIMEOUT_S}, **_POOL)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        raise InvalidInput("the registry's database URL cannot be read: write postgresql://USER@HOST/DATABASE or sqlite:///FILE") from error


def _connect_postgresql(address: URL) -> Engine:
    try:
        return create_engine(address.set(drivername="postgresql+psycopg"), pool_pre_ping=True, **_POOL)
    except ModuleNotFoundError as error:
        raise InvalidInput("PostgreSQL needs a driver: pip install 'voxloop-registry[postgresql]'") from error


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


@contextmanager
def said_plainly() -> Iterator[None]:
    """Translate what a database cannot do just now: raises DiskFull, ServiceUnavailable."""
    try:
        yield
    except OperationalError as error:
        state = getattr(error.orig, "sqlstate", "")  # PostgreSQL's; None where no server answers
        if "disk is full" in str(error.orig) or state == _PG_DISK_FULL:
            raise DiskFull("no space left on the disk for the registry's database: free some and try again") from error
        if "database is locked" in str(error.orig) or error.connection_invalidated or state is None or state in _PG_TRY_AGAIN:
            raise ServiceUnavailable("the registry's database is busy or does not answer: try again in a moment") from error
        raise
