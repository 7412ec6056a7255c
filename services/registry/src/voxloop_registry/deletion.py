"""Deleting a version so that it can be brought back; refused while something needs it."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from voxloop_registry.blobs import BlobStore
from voxloop_registry.database import Database
from voxloop_registry.locks import lock_blob, lock_model
from voxloop_registry.lookup import address_of, find_version, to_record
from voxloop_registry.predictions import PredictionFiles
from voxloop_registry.tables import Alias, Model, Version
from voxloop_shared.errors import Conflict, ModelInUse
from voxloop_shared.schemas import ModelRecord, Schema


class PredictionRef(Schema):
    """The address of a prediction."""

    volume: str
    prediction: str


class Uses(Schema):
    """What needs a version: aliases that point at it, versions trained from it, predictions that it has made."""

    aliases: list[str]
    children: list[str]
    predictions: list[PredictionRef]

    def __bool__(self) -> bool:
        return bool(self.aliases or self.children or self.predictions)


class Bin:
    """Deleted versions and how they get there; safe between threads and between processes."""

    def __init__(self, database: Database, blobs: BlobStore, predictions: PredictionFiles) -> None:
        self._database = database
        self._blobs = blobs
        self._predictions = predictions

    def uses(self, name: str, which: str) -> Uses:
        """Say what needs a version; raises ModelNotFound."""
        with self._database.reading() as session:
            return uses_of(session, find_version(session, name, which), self._predictions)

    def delete(self, name: str, number: int, author: str) -> ModelRecord:
        """Take a version out of all lists; raises ModelNotFound, and ModelInUse that says what needs it."""
        with self._database.writing() as session:
            lock_model(session, name)
            version = find_version(session, name, str(number))
            uses = uses_of(session, version, self._predictions)
            if uses:
                raise ModelInUse(f"{address_of(version)} is needed: {_said(uses)}", uses.model_dump(mode="json"))
            version.deleted, version.deleted_by = datetime.now(UTC), author
            session.flush()
            return to_record(version)

    def restore(self, name: str, number: int) -> ModelRecord:
        """Bring a deleted version back, harmless for one that is there; raises ModelNotFound, and Conflict where its weights are gone."""
        with self._database.writing() as session:
            version = find_version(session, name, str(number), deleted=True)
            lock_blob(session, version.digest)
            lock_model(session, name)
            session.refresh(version)
            if version.deleted is not None:
                if version.is_purged or not self._blobs.has(version.digest):
                    raise Conflict(f"the weights of {address_of(version)} were collected: it cannot be brought back")
                version.deleted = version.deleted_by = None
                session.flush()
            return to_record(version)


def uses_of(session: Session, version: Version, predictions: PredictionFiles) -> Uses:
    """Say what needs a version now."""
    aliases = session.scalars(select(Alias.alias).where(Alias.version_id == version.id).order_by(Alias.alias)).all()
    children = select(Model.name, Version.number).join(Model, Model.id == Version.model_id)
    children = children.where(Version.parent_id == version.id, Version.deleted.is_(None)).order_by(Model.name, Version.number)
    made = predictions.made_by(version.model.name, version.number, version.digest)
    return Uses(
        aliases=list(aliases),
        children=[f"{name}:{number}" for name, number in session.execute(children)],
        predictions=[PredictionRef(volume=entry.volume, prediction=entry.prediction) for entry in made],
    )


def _said(uses: Uses) -> str:
    """Name what needs a version, a few of each kind."""
    named = {
        "alias": uses.aliases,
        "trained from it": uses.children,
        "predicted by it": [f"{entry.volume}/{entry.prediction}" for entry in uses.predictions],
    }
    return "; ".join(f"{kind} {', '.join(found[:3])}{' …' if len(found) > 3 else ''}" for kind, found in named.items() if found)
