"""Search, history of aliases, soft deletion: what lists read moves out of the manifests, into columns and tables of its own."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from voxloop_registry.facts import ManifestFacts, read_facts

revision = "0002"
down_revision = "0001"

_AT_ONCE = 500
_MODELS = sa.table("models", sa.column("id"), sa.column("name"), sa.column("words"))
_ALIASES = sa.table(
    "aliases", *(sa.column(name) for name in ("model_id", "alias", "version_id", "author")), sa.column("moved", sa.DateTime())
)
_MOVES = sa.table(
    "moves",
    *(sa.column(name) for name in ("model_id", "alias", "before", "after", "author", "note")),
    sa.column("moved", sa.DateTime()),
)
_MANIFESTS = sa.table("manifests", sa.column("version_id"), sa.column("manifest", sa.JSON()))
_METRICS = sa.table("metrics", *(sa.column(name) for name in ("version_id", "name", "value")))
_CLASS_NAMES = sa.table("class_names", *(sa.column(name) for name in ("name", "version_id")))
_FACTS = ("schema_version", "learner", "volume", "made_by", "duration_s", "parent", "parent_id", "words")
_VERSIONS = sa.table(
    "versions",
    *(sa.column(name) for name in ("id", "model_id", "number", *_FACTS)),
    sa.column("summary", sa.JSON()),
    sa.column("manifest", sa.JSON()),
)


def upgrade() -> None:
    """Add the columns and tables, fill them from the manifests, and move these to a table of their own."""
    _widen_models()
    _widen_versions()
    _add_tables()
    _fill(op.get_bind())
    with op.batch_alter_table("versions") as versions:
        versions.drop_column("manifest")


def _widen_models() -> None:
    with op.batch_alter_table("models") as models:
        for name in ("description", "tags", "words"):
            models.add_column(sa.Column(name, sa.Text(), nullable=False, server_default=""))


def _widen_versions() -> None:
    short = sa.String(200)
    with op.batch_alter_table("versions") as versions:
        versions.alter_column("size", existing_type=sa.Integer(), type_=sa.BigInteger(), existing_nullable=False)
        versions.add_column(sa.Column("schema_version", sa.Integer(), nullable=False, server_default="1"))
        for name in ("learner", "volume", "made_by"):
            versions.add_column(sa.Column(name, short, nullable=False, server_default=""))
        versions.add_column(sa.Column("duration_s", sa.Float()))
        versions.add_column(sa.Column("parent", short))
        versions.add_column(sa.Column("parent_id", sa.Integer()))
        versions.create_foreign_key("fk_versions_parent", "versions", ["parent_id"], ["id"])
        versions.add_column(sa.Column("deleted", sa.DateTime()))
        versions.add_column(sa.Column("deleted_by", sa.String()))
        versions.add_column(sa.Column("is_purged", sa.Boolean(), nullable=False, server_default=sa.false()))
        for name in ("description", "tags", "words"):
            versions.add_column(sa.Column(name, sa.Text(), nullable=False, server_default=""))
        versions.add_column(sa.Column("summary", sa.JSON(), nullable=False, server_default="{}"))
    for name in ("created", "learner", "volume", "made_by", "parent_id", "deleted"):
        op.create_index(f"ix_versions_{name}", "versions", [name])


def _add_tables() -> None:
    def of_version(**options: Any) -> sa.Column[Any]:
        return sa.Column("version_id", sa.Integer(), sa.ForeignKey("versions.id"), primary_key=True, **options)

    op.create_table("manifests", of_version(), sa.Column("manifest", sa.JSON(), nullable=False))
    op.create_table(
        "metrics", of_version(), sa.Column("name", sa.String(200), primary_key=True), sa.Column("value", sa.Float(), nullable=False)
    )
    op.create_index("ix_metrics_range", "metrics", ["name", "value", "version_id"])
    op.create_table("class_names", sa.Column("name", sa.String(200), primary_key=True), of_version())
    op.create_index("ix_class_names_version_id", "class_names", ["version_id"])
    op.create_table(
        "moves",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("model_id", sa.Integer(), sa.ForeignKey("models.id"), nullable=False),
        sa.Column("alias", sa.String(31), nullable=False),
        sa.Column("before", sa.Integer()),
        sa.Column("after", sa.Integer()),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("moved", sa.DateTime(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
    )
    op.create_index("ix_moves_model_id", "moves", ["model_id"])


def _fill(connection: sa.Connection) -> None:
    connection.execute(_MODELS.update().values(words=_MODELS.c.name))
    names = dict(connection.execute(sa.select(_MODELS.c.id, _MODELS.c.name)).all())
    rows = connection.execute(sa.select(_VERSIONS.c.id, _VERSIONS.c.model_id, _VERSIONS.c.number)).all()
    numbered = {f"{names[row.model_id]}:{row.number}": row.id for row in rows}
    ids = [row.id for row in rows]
    for start in range(0, len(ids), _AT_ONCE):
        _fill_some(connection, ids[start : start + _AT_ONCE], numbered)
    known = sa.select(_ALIASES, _VERSIONS.c.number).join(_VERSIONS, _VERSIONS.c.id == _ALIASES.c.version_id)
    for row in connection.execute(known.order_by(_ALIASES.c.moved)).all():
        moved = {"model_id": row.model_id, "alias": row.alias, "before": None, "after": row.number}
        connection.execute(_MOVES.insert().values(moved | {"author": row.author, "moved": row.moved, "note": ""}))


def _fill_some(connection: sa.Connection, ids: Sequence[int], numbered: dict[str, int]) -> None:
    """Fill what is taken from the manifests of these versions."""
    query = sa.select(_VERSIONS.c.id, _VERSIONS.c.manifest).where(_VERSIONS.c.id.in_(ids))
    found = [(row.id, row.manifest, read_facts(row.manifest)) for row in connection.execute(query)]
    for id_, _manifest, facts in found:
        connection.execute(_VERSIONS.update().where(_VERSIONS.c.id == id_).values(**_columns(facts, numbered)))
    _insert(connection, _MANIFESTS, [{"version_id": id_, "manifest": manifest} for id_, manifest, _facts in found])
    _insert(connection, _METRICS, _metrics(found))
    _insert(connection, _CLASS_NAMES, [{"name": name, "version_id": id_} for id_, _manifest, facts in found for name in facts.class_names])


def _columns(facts: ManifestFacts, numbered: dict[str, int]) -> dict[str, Any]:
    return {
        "schema_version": facts.schema_version,
        "learner": facts.learner,
        "volume": facts.volume,
        "made_by": facts.made_by,
        "duration_s": facts.duration_s,
        "parent": facts.parent,
        "parent_id": numbered.get(facts.parent or ""),
        "words": facts.words,
        "summary": facts.summary,
    }


def _metrics(found: Sequence[tuple[int, Any, ManifestFacts]]) -> list[dict[str, Any]]:
    def pairs() -> Iterator[dict[str, Any]]:
        for id_, _manifest, facts in found:
            yield from ({"version_id": id_, "name": name, "value": value} for name, value in facts.metrics.items())

    return list(pairs())


def _insert(connection: sa.Connection, table: sa.TableClause, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(table.insert(), rows)
