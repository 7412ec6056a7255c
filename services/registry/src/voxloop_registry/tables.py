"""The registry's tables."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, String, TypeDecorator, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from typing_extensions import override


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


class Table(DeclarativeBase):
    """What all tables have in common."""


class Model(Table):
    """A name."""

    __tablename__ = "models"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(63), unique=True)
    author: Mapped[str]
    created: Mapped[datetime] = mapped_column(UtcTime)


class Version(Table):
    """An immutable version of a model; `number` counts 1, 2, 3… within its name."""

    __tablename__ = "versions"
    __table_args__ = (UniqueConstraint("model_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"))
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    author: Mapped[str]
    created: Mapped[datetime] = mapped_column(UtcTime)
    manifest: Mapped[dict[str, Any]] = mapped_column(JSON)

    model: Mapped[Model] = relationship(lazy="joined", innerjoin=True)
    aliases: Mapped[list["Alias"]] = relationship(lazy="selectin", viewonly=True, order_by="Alias.alias")


class Alias(Table):
    """A name for a version that moves, and who moved it last."""

    __tablename__ = "aliases"

    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"), primary_key=True)
    alias: Mapped[str] = mapped_column(String(31), primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"), index=True)
    author: Mapped[str]
    moved: Mapped[datetime] = mapped_column(UtcTime)

    version: Mapped[Version] = relationship(viewonly=True)
