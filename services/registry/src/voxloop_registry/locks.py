"""Locks by which writers of one thing wait for each other, until their transactions end.

SQLite has one writer at a time; these are what PostgreSQL needs to be as strict. Who needs several takes a blob's first, then that of
names by age: so no two writers wait for each other.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from voxloop_registry.tables import Model
from voxloop_shared.errors import ModelNotFound
from voxloop_shared.workspace import checked_id

_LOCK_BLOB = text("SELECT pg_advisory_xact_lock(:key)")


def lock_model(session: Session, name: str) -> Model:
    """Give a name whose row nobody else changes meanwhile; raises ModelNotFound."""
    found = session.scalar(select(Model).where(Model.name == checked_id(name, ModelNotFound)).with_for_update())
    if found is None:
        raise ModelNotFound(f"no model {name!r}")
    return found


def lock_or_add(session: Session, name: str, others: Iterable[str], author: str, now: datetime) -> Model:
    """Give a name, a new one included, locked as are the `others` that are known."""
    added = {"name": name, "author": author, "created": now, "words": name}
    if session.get_bind().dialect.name == "sqlite":
        session.execute(sqlite.insert(Model).values(added).on_conflict_do_nothing(index_elements=["name"]))
    else:
        session.execute(postgresql.insert(Model).values(added).on_conflict_do_nothing(index_elements=["name"]))
    names = {name, *others}
    locked = session.scalars(select(Model).where(Model.name.in_(names)).order_by(Model.id).with_for_update()).all()
    return next(model for model in locked if model.name == name)


def lock_blob(session: Session, digest: str) -> None:
    """Hold off others that would name or take away the same weights; `digest` is a sha256."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_LOCK_BLOB, {"key": int(digest[:15], 16)})
