"""Aliases: names for versions that move, and the history of their moves."""

import re
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from voxloop_registry.database import Database
from voxloop_registry.gate import GateReport, compare
from voxloop_registry.locks import lock_model
from voxloop_registry.lookup import aliases_of, find_version
from voxloop_registry.tables import Alias, Model, Move, Version
from voxloop_shared.addresses import CHAMPION, LATEST
from voxloop_shared.errors import Conflict, DoubtfulPromotion, InvalidInput, ModelNotFound, NotFound
from voxloop_shared.schemas import Schema
from voxloop_shared.workspace import checked_id

_ALIAS = re.compile(r"[a-z][a-z0-9_-]{0,30}")
ANYWHERE: Final = -1
"""No expectation of where an alias points."""


class AliasMove(Schema):
    """Who moved an alias, from which number to which, and when; None stands for nowhere."""

    alias: str
    before: int | None
    after: int | None
    author: str
    moved: datetime
    note: str


class Aliases:
    """The aliases of one registry; safe between threads and between processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def move(
        self, name: str, alias: str, number: int, author: str, *, expected: int | None = ANYWHERE, acknowledges: bool = False
    ) -> dict[str, int]:
        """Point an alias at a version and give all the name's aliases.

        Raises ModelNotFound, InvalidInput for what can be no alias, Conflict where it does not point where it is `expected` to
        (None: nowhere), and DoubtfulPromotion where a new champion may be worse and that is not acknowledged.
        """
        _check_alias(alias)
        with self._database.writing() as session:
            model = lock_model(session, name)
            version = find_version(session, name, str(number))
            _check_expected(session, model, alias, expected)
            note = _note_of_promotion(session, version, acknowledges=acknowledges) if alias == CHAMPION else ""
            place_alias(session, version, alias, author, datetime.now(UTC), note)
            return aliases_of(session, [model.id])[model.id]

    def remove(self, name: str, alias: str, author: str) -> dict[str, int]:
        """Take an alias away and give those that are left; raises ModelNotFound, NotFound."""
        with self._database.writing() as session:
            model = lock_model(session, name)
            found = session.get(Alias, (model.id, alias)) if _ALIAS.fullmatch(alias) else None
            if found is None:
                raise NotFound(f"model {name!r} has no alias {alias[:80]!r}")
            before = found.version.number
            session.delete(found)
            session.add(Move(model_id=model.id, alias=alias, before=before, after=None, author=author, moved=datetime.now(UTC), note=""))
            session.flush()
            return aliases_of(session, [model.id])[model.id]

    def compare(self, name: str, which: str, against: str) -> GateReport:
        """Compare a version with the one that an alias of its name points at; raises ModelNotFound, InvalidInput."""
        _check_alias(against)
        with self._database.reading() as session:
            return compare(session, find_version(session, name, which), against)

    def history(self, name: str) -> list[AliasMove]:
        """List the moves, the newest first; raises ModelNotFound."""
        with self._database.reading() as session:
            model_id = session.scalar(select(Model.id).where(Model.name == checked_id(name, ModelNotFound)))
            if model_id is None:
                raise ModelNotFound(f"no model {name!r}")
            found = session.scalars(select(Move).where(Move.model_id == model_id).order_by(Move.id.desc()))
            return [AliasMove(alias=m.alias, before=m.before, after=m.after, author=m.author, moved=m.moved, note=m.note) for m in found]


def place_alias(session: Session, version: Version, alias: str, author: str, now: datetime, note: str = "") -> None:
    """Point an alias at a version, in a transaction that has locked its name, and write the move down."""
    before = _number_of(session, version.model_id, alias)
    if before == version.number:
        return
    session.merge(Alias(model_id=version.model_id, alias=alias, version_id=version.id, author=author, moved=now))
    session.add(Move(model_id=version.model_id, alias=alias, before=before, after=version.number, author=author, moved=now, note=note))
    session.flush()


def _check_alias(alias: str) -> None:
    if not _ALIAS.fullmatch(alias) or alias == LATEST:
        raise InvalidInput(f"{alias[:80]!r} is no alias: write up to 31 small letters, digits, - and _, a letter first, not {LATEST!r}")


def _check_expected(session: Session, model: Model, alias: str, expected: int | None) -> None:
    if expected == ANYWHERE:
        return
    move = session.scalar(select(Move).where(Move.model_id == model.id, Move.alias == alias).order_by(Move.id.desc()).limit(1))
    now = _number_of(session, model.id, alias)
    if now != expected:
        place = f"points at {now}" if now is not None else "is not there"
        by = f", moved by {move.author} on {move.moved:%Y-%m-%d %H:%M} UTC" if move else ""
        raise Conflict(f"{model.name}@{alias} {place}{by}, not where you saw it: look again", {"version": now})


def _number_of(session: Session, model_id: int, alias: str) -> int | None:
    query = select(Version.number).join(Alias, Alias.version_id == Version.id)
    return session.scalar(query.where(Alias.model_id == model_id, Alias.alias == alias))


def _note_of_promotion(session: Session, version: Version, *, acknowledges: bool) -> str:
    """Ask the gate, and give what it warned of."""
    report = compare(session, version, CHAMPION)
    if report.is_doubtful and not acknowledges:
        raise DoubtfulPromotion(report.message, report.model_dump(mode="json"))
    return report.message if report.is_doubtful else ""
