"""Keeping the store in order: collecting weights that nobody needs, and checking those that are there."""

import hashlib
import itertools
import math
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from voxloop_registry.blobs import BlobStore, StoredBlob
from voxloop_registry.database import Database
from voxloop_registry.deletion import uses_of
from voxloop_registry.locks import lock_blob, lock_model
from voxloop_registry.lookup import address_of
from voxloop_registry.predictions import PredictionFiles
from voxloop_registry.safetensors import read_tensors
from voxloop_registry.tables import Model, Version
from voxloop_shared.errors import Conflict, InvalidInput, NotFound
from voxloop_shared.schemas import Schema

_DAY_S = 86_400.0
_AT_ONCE = 500
MOST_DAYS = 36_500


class Wish(Schema):
    """What is to be collected: blobs of no version that are older, and those of versions that were deleted longer ago."""

    older_than_days: float = Field(default=7, ge=0, le=MOST_DAYS, description="uploads under way and drafts of live mode are young")
    deleted_for_days: float = Field(default=30, ge=0, le=MOST_DAYS)
    is_dry: bool = Field(default=True, description="only say what would be collected")


class Collected(Schema):
    """A blob that nobody needs: no version names it, or only versions that were deleted."""

    digest: str
    size: int
    reason: Literal["orphan", "deleted"]


class Harvest(Schema):
    """What was collected, or would be; `purged` versions keep their place and can no longer be restored."""

    blobs: list[Collected]
    purged: list[str]
    bytes: int
    is_dry: bool


class BlobEntry(Schema):
    """A blob by what lies in the store and what versions name; `size` is None where the file is missing."""

    digest: str
    size: int | None
    versions: list[str]


class Checked(Schema):
    """What a blob was found to be."""

    digest: str
    size: int | None
    state: Literal["sound", "damaged", "missing", "not safetensors"]
    versions: list[str]


class Upkeep:
    """The care of one registry's weights; safe between threads and between processes."""

    def __init__(self, database: Database, blobs: BlobStore, predictions: PredictionFiles) -> None:
        self._database = database
        self._blobs = blobs
        self._predictions = predictions

    def collect(self, wish: Wish) -> Harvest:
        """Take away, or name, what nobody needs. One that is killed on its way is simply done again."""
        purged = self._purge(datetime.now(UTC) - timedelta(days=wish.deleted_for_days), is_dry=wish.is_dry)
        before_s = time.time() - wish.older_than_days * _DAY_S
        found: list[_Ripe] = []
        stored = self._blobs.stored()
        while some := list(itertools.islice(stored, _AT_ONCE)):
            found += self._ripe(some, purged, before_s)
        if not wish.is_dry:
            found = [ripe for ripe in found if self._take_away(ripe)]
        names = sorted(name for given_up in purged.values() for name in given_up.names)
        blobs = [ripe.entry for ripe in found]
        return Harvest(blobs=blobs, purged=names, bytes=sum(entry.size for entry in blobs), is_dry=wish.is_dry)

    def delete_blob(self, digest: str) -> int:
        """Take weights away that no version names, and give their size; raises NotFound, and Conflict where one does."""
        self._blobs.path(digest)
        with self._database.writing() as session:
            lock_blob(session, digest)
            if named := _named(session, [digest]).get(digest):
                raise Conflict(f"{named[0]} is made of the weights {digest}: they stay as long as it does")
            return self._blobs.delete(digest)

    def entries(self, after: str, limit: int) -> list[BlobEntry]:
        """List what lies in the store and what versions name, in the order of digests, from the one after `after`."""
        stored = {entry.digest: entry.size for entry in self._blobs.stored() if entry.digest > after}
        with self._database.reading() as session:
            query = select(Version.digest).where(Version.digest > after, Version.is_purged.is_(False))
            wanted = session.scalars(query.distinct().order_by(Version.digest).limit(limit)).all()
            page = sorted({*stored, *wanted})[:limit]
            named = _named(session, page)
        return [BlobEntry(digest=digest, size=stored.get(digest), versions=named.get(digest, [])) for digest in page]

    def check(self, digest: str) -> Checked:
        """Read a blob and compare it with its digest; raises NotFound where it neither lies here nor is named."""
        with self._database.reading() as session:
            named = _named(session, [digest]).get(digest, [])
        try:
            path = self._blobs.path(digest)
        except NotFound:
            if not named:
                raise
            return Checked(digest=digest, size=None, state="missing", versions=named)
        with path.open("rb") as stream:
            is_sound = hashlib.file_digest(stream, "sha256").hexdigest() == digest
        return Checked(digest=digest, size=path.stat().st_size, state=self._state(digest, is_sound=is_sound), versions=named)

    def _state(self, digest: str, *, is_sound: bool) -> Literal["sound", "damaged", "not safetensors"]:
        if not is_sound:
            return "damaged"
        try:
            read_tensors(self._blobs.path(digest))
        except InvalidInput:
            return "not safetensors"
        return "sound"

    def _purge(self, before: datetime, *, is_dry: bool) -> dict[str, "_GivenUp"]:
        """Give up versions that were deleted before, and tell them by digest; those that something needs again stay."""
        with self._database.reading() as session:
            query = select(Version).where(Version.deleted < before, Version.is_purged.is_(False)).order_by(Version.id)
            found = [version.id for version in session.scalars(query) if not uses_of(session, version, self._predictions)]
        purged: dict[str, _GivenUp] = {}
        for id_ in found:
            with self._database.writing() as session:
                version = session.get_one(Version, id_)
                lock_model(session, version.model.name)
                session.refresh(version)
                if version.deleted is None or version.is_purged:  # somebody was faster
                    continue
                version.is_purged = not is_dry
                given_up = purged.setdefault(version.digest, _GivenUp())
                given_up.names.add(address_of(version))
                given_up.deleted_s = max(given_up.deleted_s, version.deleted.timestamp())
        return purged

    def _ripe(self, some: Collection[StoredBlob], purged: dict[str, "_GivenUp"], before_s: float) -> Iterator["_Ripe"]:
        """Choose the blobs that no version names, or only such as are given up; what was sent again since a deletion is an upload."""
        with self._database.reading() as session:
            named = _named(session, [blob.digest for blob in some])
        for blob in some:
            given_up = purged.get(blob.digest, _GivenUp())
            if set(named.get(blob.digest, ())) - given_up.names:
                continue
            limit_s = max(before_s, given_up.deleted_s)
            if blob.stored_s <= limit_s:
                yield _Ripe(Collected(digest=blob.digest, size=blob.size, reason="deleted" if given_up.names else "orphan"), limit_s)

    def _take_away(self, ripe: "_Ripe") -> bool:
        digest = ripe.entry.digest
        with self._database.writing() as session:
            lock_blob(session, digest)
            if _named(session, [digest]):
                return False
            try:
                self._blobs.delete(digest, ripe.before_s)
            except NotFound:  # somebody was faster, or has just sent it again
                return False
            return True


@dataclass(slots=True)
class _GivenUp:
    """Versions of the same weights whose deletion is final, and when the last of them was deleted, in seconds since 1970."""

    names: set[str] = field(default_factory=set)
    deleted_s: float = -math.inf


class _Ripe(NamedTuple):
    """A blob that may go as long as it came before, in seconds since 1970: else it was sent again."""

    entry: Collected
    before_s: float


def _named(session: Session, digests: Collection[str]) -> dict[str, list[str]]:
    """Give the versions that need weights, deleted ones included, by digest."""
    found: dict[str, list[str]] = {}
    query = select(Version.digest, Model.name, Version.number).join(Model, Model.id == Version.model_id)
    query = query.where(Version.digest.in_(digests), Version.is_purged.is_(False)).order_by(Model.name, Version.number)
    for digest, name, number in session.execute(query):
        found.setdefault(digest, []).append(f"{name}:{number}")
    return found
