"""The registry's tables."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Float, ForeignKey, Index, String, Text, TypeDecorator, UniqueConstraint, false
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from typing_extensions import override

SHORT = 200
"""Characters of a text that can be searched by its exact value: an index of PostgreSQL takes no more than 2,700 bytes."""


class UtcTime(TypeDecorator[datetime]):
    """A moment, stored as UTC; SQLite would forget the zone."""

    impl = DateTime
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


class TagSet(TypeDecorator[frozenset[str]]):
    """Tags, stored as ` one two ` so that LIKE finds a whole one."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: frozenset[str] | None, dialect: Dialect) -> str | None:
        return value if value is None or isinstance(value, str) else "".join(f" {tag}" for tag in sorted(value)) + " "

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> frozenset[str] | None:
        return frozenset() if value is None else frozenset(value.split())


class Table(DeclarativeBase):
    """What all tables have in common."""


class Model(Table):
    """A name. `words` is what a search for text looks through, in small letters."""

    __tablename__ = "models"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(63), unique=True)
    author: Mapped[str]
    created: Mapped[datetime] = mapped_column(UtcTime)
    description: Mapped[str] = mapped_column(Text, default="", server_default="")
    tags: Mapped[frozenset[str]] = mapped_column(TagSet, default=frozenset(), server_default="")
    words: Mapped[str] = mapped_column(Text, default="", server_default="")


class Version(Table):
    """An immutable version of a model; `number` counts 1, 2, 3… within its name and is never given again.

    What is searched and listed stands in columns of its own, taken from the manifest (see facts.py), so that no list reads manifests.
    """

    __tablename__ = "versions"
    __table_args__ = (
        UniqueConstraint("model_id", "number"),
        Index("ix_versions_learner", "learner"),
        Index("ix_versions_volume", "volume"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"))
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    author: Mapped[str]
    created: Mapped[datetime] = mapped_column(UtcTime, index=True)

    schema_version: Mapped[int] = mapped_column(default=1, server_default="1")
    learner: Mapped[str] = mapped_column(String(SHORT), default="", server_default="")
    volume: Mapped[str] = mapped_column(String(SHORT), default="", server_default="")
    made_by: Mapped[str] = mapped_column(String(SHORT), default="", server_default="", index=True)
    duration_s: Mapped[float | None] = mapped_column(Float)
    parent: Mapped[str | None] = mapped_column(String(SHORT))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("versions.id"), index=True)

    deleted: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    deleted_by: Mapped[str | None]
    is_purged: Mapped[bool] = mapped_column(default=False, server_default=false())

    description: Mapped[str] = mapped_column(Text, default="", server_default="")
    tags: Mapped[frozenset[str]] = mapped_column(TagSet, default=frozenset(), server_default="")
    words: Mapped[str] = mapped_column(Text, default="", server_default="")
    summary: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")

    model: Mapped[Model] = relationship(lazy="joined", innerjoin=True)
    aliases: Mapped[list["Alias"]] = relationship(lazy="selectin", viewonly=True, order_by="Alias.alias")
    described: Mapped["Description"] = relationship(back_populates="version")


class Description(Table):
    """The manifest of a version, apart from what lists read."""

    __tablename__ = "manifests"

    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"), primary_key=True)
    manifest: Mapped[dict[str, Any]] = mapped_column(JSON)

    version: Mapped[Version] = relationship(back_populates="described")


class Metric(Table):
    """A number that a manifest gives, to be searched and sorted by."""

    __tablename__ = "metrics"
    __table_args__ = (Index("ix_metrics_range", "name", "value", "version_id"),)

    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(SHORT), primary_key=True)
    value: Mapped[float] = mapped_column(Float)


class ClassName(Table):
    """A class that a version tells, by its name in small letters."""

    __tablename__ = "class_names"

    name: Mapped[str] = mapped_column(String(SHORT), primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"), primary_key=True, index=True)


class Alias(Table):
    """A name for a version that moves, and who moved it last."""

    __tablename__ = "aliases"

    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"), primary_key=True)
    alias: Mapped[str] = mapped_column(String(31), primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"), index=True)
    author: Mapped[str]
    moved: Mapped[datetime] = mapped_column(UtcTime)

    version: Mapped[Version] = relationship(viewonly=True)


class Move(Table):
    """One move of an alias: from a version's number, None where it was new, to another, None where it was taken away."""

    __tablename__ = "moves"

    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"), index=True)
    alias: Mapped[str] = mapped_column(String(31))
    before: Mapped[int | None]
    after: Mapped[int | None]
    author: Mapped[str]
    moved: Mapped[datetime] = mapped_column(UtcTime)
    note: Mapped[str] = mapped_column(Text)
