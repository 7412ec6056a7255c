"""Databases of older versions go on working; a new one has the tables that the steps lead to."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from tests.registry.conftest import on_both, revision_after
from tests.registry.files import digest_of, weights
from voxloop_registry import upgrades
from voxloop_registry.database import connect
from voxloop_registry.tables import Table
from voxloop_registry.upgrades import FIRST, NEWEST, revision_of, upgrade
from voxloop_shared.errors import Conflict, InvalidInput, ServiceUnavailable

# as SQLAlchemy's create_all made them before there were steps
OLD_TABLES = (
    "CREATE TABLE models (id INTEGER NOT NULL, name VARCHAR(63) NOT NULL, author VARCHAR NOT NULL, created DATETIME NOT NULL, "
    "PRIMARY KEY (id), UNIQUE (name))",
    "CREATE TABLE versions (id INTEGER NOT NULL, model_id INTEGER NOT NULL, number INTEGER NOT NULL, digest VARCHAR(64) NOT NULL, "
    "size INTEGER NOT NULL, author VARCHAR NOT NULL, created DATETIME NOT NULL, manifest JSON NOT NULL, PRIMARY KEY (id), "
    "UNIQUE (model_id, number), FOREIGN KEY(model_id) REFERENCES models (id))",
    "CREATE TABLE aliases (model_id INTEGER NOT NULL, alias VARCHAR(31) NOT NULL, version_id INTEGER NOT NULL, author VARCHAR NOT NULL, "
    "moved DATETIME NOT NULL, PRIMARY KEY (model_id, alias), FOREIGN KEY(model_id) REFERENCES models (id), "
    "FOREIGN KEY(version_id) REFERENCES versions (id))",
    "CREATE INDEX ix_versions_digest ON versions (digest)",
    "CREATE INDEX ix_aliases_version_id ON aliases (version_id)",
)
_UPGRADER = """
import sys
from voxloop_registry.database import connect
from voxloop_registry.upgrades import upgrade
upgrade(connect(sys.argv[1]))
"""


@pytest.fixture
def old_file(workspace, manifest: dict) -> Path:
    """The database of a workspace with models from before there were steps: version 2 is a child of version 1."""
    manifest["metrics"] = {"mean_dice": 0.75, "dice": {"2": 0.5}}
    path = workspace.models / "registry.db"
    content, when = weights(), "2026-01-01 10:00:00.000000"
    place = workspace.models / "blobs" / digest_of(content)[:2] / digest_of(content)
    place.parent.mkdir(parents=True)
    place.write_bytes(content)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA journal_mode=WAL")
        for statement in OLD_TABLES:
            db.execute(statement)
        db.execute("INSERT INTO models VALUES (7, 'nerve', 'ada', ?)", (when,))
        for number in (1, 2):
            said = json.dumps(manifest | {"parent": "nerve:1" if number == 2 else None})
            row = (10 + number, 7, number, digest_of(content), len(content), "ada", when, said)
            db.execute("INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        db.executemany("INSERT INTO aliases VALUES (7, ?, ?, 'ada', ?)", [("candidate", 12, when), ("champion", 11, when)])
    db.close()
    return path


def test_a_registry_of_before_goes_on_working(old_file: Path, start_service, publish):
    client = start_service("registry").client
    assert client.get("/models/nerve")["aliases"] == {"candidate": 2, "champion": 1}
    found = client.get("/models/nerve/versions/2")
    assert (found["manifest"]["parent"], found["created"], found["size"]) == ("nerve:1", "2026-01-01T10:00:00Z", len(weights()))
    assert client.request("GET", "/models/nerve/versions/champion/weights").content == weights()
    page = client.get("/versions", metric="mean_dice:0.7:0.8", q="bone", sort="version", learner="unet", volume="rock", author="ada")
    assert [(row["version"], row["metrics"]) for row in page["rows"]] == [(n, {"mean_dice": 0.75, "dice.2": 0.5}) for n in (1, 2)]
    assert client.get("/models/nerve/versions/1/uses")["children"] == ["nerve:2"]
    assert len(client.get("/models/nerve/aliases/history")) == 2
    assert publish(client)["version"] == 3


def test_references_are_kept_and_checked_afterwards(old_file: Path):
    engine = connect(old_file)
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    tables = inspect(engine)
    assert {key["referred_table"] for key in tables.get_foreign_keys("versions")} == {"models", "versions"}
    assert tables.get_unique_constraints("versions")[0]["column_names"] == ["model_id", "number"]
    engine.dispose()


def test_an_upgrade_that_fails_changes_nothing(old_file: Path):
    with sqlite3.connect(old_file) as db:
        db.execute("UPDATE aliases SET version_id = 99 WHERE alias = 'champion'")
    db.close()
    before = old_file.read_bytes()
    engine = connect(old_file)
    with pytest.raises(Conflict, match="refers to what is not there"):
        upgrade(engine)
    with engine.connect() as connection:
        assert revision_of(connection) == FIRST
        assert connection.scalar(text("SELECT count(manifest) FROM versions")) == 2
    engine.dispose()
    assert len(before) == old_file.stat().st_size


def test_processes_that_start_at_once_adopt_an_old_database_once(old_file: Path):
    running = [subprocess.Popen([sys.executable, "-c", _UPGRADER, f"sqlite:///{old_file}"]) for _ in range(4)]
    assert [process.wait(60) for process in running] == [0] * 4
    assert revision_after(f"sqlite:///{old_file}") == NEWEST


@on_both
def test_the_steps_lead_to_the_tables_that_a_new_database_has(database_url: str):
    engine = connect(database_url)
    run_all_steps(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []
        assert revision_of(connection) == NEWEST
    stepped = described(engine)
    with engine.begin() as connection:
        Table.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
    upgrade(engine)
    assert described(engine) == stepped
    engine.dispose()


def test_the_newest_step_is_the_one_that_is_looked_for():
    assert ScriptDirectory(Path(upgrades.__file__).with_name("migrations")).get_heads() == [NEWEST]


@on_both
def test_the_database_of_a_newer_voxloop_is_left_alone(database_url: str):
    engine = connect(database_url)
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Conflict, match="newer voxloop"):
        upgrade(engine)
    engine.dispose()


@pytest.mark.parametrize("url", ["mysql://x/y", "registry.db", "sqlite://", "", "postgresql//x"])
def test_refuses_databases_that_it_does_not_know(url: str):
    with pytest.raises(InvalidInput, match="postgresql://"):
        connect(url)


def test_says_when_no_server_answers(tmp_path: Path, postgres):
    with pytest.raises(ServiceUnavailable, match="does not answer"):
        upgrade(connect(f"postgresql://voxloop:secret@/none?host={tmp_path}"))


def run_all_steps(engine: Engine) -> None:
    """Build a database by the steps alone."""
    from alembic import command
    from alembic.config import Config

    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(upgrades.__file__).with_name("migrations")))
        command.upgrade(config, NEWEST)


def described(engine: Engine) -> dict:
    """Columns and indices of all tables."""
    found = inspect(engine)
    return {
        table: (
            sorted((c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(table)),
            sorted((i["name"], tuple(i["column_names"]), bool(i["unique"])) for i in found.get_indexes(table)),
            sorted(tuple(key["column_names"]) for key in found.get_unique_constraints(table)),
            found.get_pk_constraint(table)["constrained_columns"],
        )
        for table in found.get_table_names()
    }
