"""Bringing a database to the tables of this version: at each start, under a lock, by Alembic's steps (see migrations)."""

import logging
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from voxloop_registry.database import said_plainly
from voxloop_registry.tables import Table
from voxloop_shared.errors import Conflict

log = logging.getLogger(__name__)

FIRST, NEWEST = "0001", "0002"
_STEPS = Path(__file__).with_name("migrations")
_LOCK = 0x766F786C6F6F70
"""A number that only voxloop's registries lock in PostgreSQL ("voxloop")."""


def upgrade(engine: Engine) -> None:
    """Make the tables of a new database, or bring those of an old one up to date; of several processes one does it at a time.

    Raises Conflict for a database that a newer voxloop has made, and ServiceUnavailable where no server answers.
    """
    with said_plainly():
        with engine.connect() as connection:
            if revision_of(connection) == NEWEST:
                return
        with engine.execution_options(is_writing=True).connect() as connection:
            _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        # tables are made anew and renamed, which would look like taking away what others refer to
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")  # not by the engine, which would begin a transaction
    with connection.begin():
        _lock(connection)
        _bring_up(connection)
        _check_references(connection)
    connection.invalidate()  # for the pragma


def revision_of(connection: Connection) -> str | None:
    """Give the step that a database stands at; None where there are no tables. One from before there were steps is at the first."""
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" in tables:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))
    return FIRST if "versions" in tables else None


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _bring_up(connection: Connection) -> None:
    before = revision_of(connection)
    if before is None:
        _create(connection)
    elif before > NEWEST:
        raise Conflict(f"the registry's database was made by a newer voxloop (step {before}, this one knows {NEWEST}): update voxloop")
    elif before < NEWEST:
        _run_steps(connection, before)


def _create(connection: Connection) -> None:
    """Make the tables of a new database in one go, as the steps would leave them."""
    Table.metadata.create_all(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:newest)"), {"newest": NEWEST})


def _run_steps(connection: Connection, before: str) -> None:
    from alembic import command  # a quarter of a second, which most starts do not need
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    if "alembic_version" not in inspect(connection).get_table_names():
        command.stamp(config, FIRST)
    command.upgrade(config, NEWEST)
    log.info("database brought from step %s to %s", before, NEWEST)


def _check_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
        raise Conflict(f"the registry's database refers to what is not there ({broken[0]}, row {broken[1]}): it was left as it is")
