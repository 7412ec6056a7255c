"""What the registry knows: names and their versions, published once and never changed."""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from voxloop_registry.aliases import place_alias
from voxloop_registry.blobs import BlobStore
from voxloop_registry.database import Database
from voxloop_registry.facts import ManifestFacts, read_facts, words_of
from voxloop_registry.locks import lock_blob, lock_or_add
from voxloop_registry.lookup import aliases_of, find_version, to_record, versions_of, with_manifests
from voxloop_registry.manifests import checked_manifest
from voxloop_registry.tables import ClassName, Description, Metric, Model, Version
from voxloop_registry.wording import checked_description, checked_tags
from voxloop_shared.addresses import CANDIDATE, CHAMPION
from voxloop_shared.errors import InvalidInput, ModelNotFound
from voxloop_shared.schemas import MANIFEST_SCHEMA, ModelRecord, Schema
from voxloop_shared.workspace import slug

_PARENT = re.compile(r"([a-z0-9][a-z0-9_-]{0,62}):([1-9][0-9]{0,8})")


class ModelSummary(Schema):
    """A name with its newest version."""

    name: str
    latest: ModelRecord
    version_count: int
    aliases: dict[str, int]
    description: str
    tags: list[str]


class ModelDetail(Schema):
    """A name with its versions, newest first."""

    name: str
    description: str
    tags: list[str]
    author: str
    created: datetime
    aliases: dict[str, int]
    versions: list[ModelRecord]


class Catalogue:
    """Names and versions in a database, their weights in a store; safe between threads and between processes."""

    def __init__(self, database: Database, blobs: BlobStore) -> None:
        self._database = database
        self._blobs = blobs

    def publish(
        self, name: str, manifest: dict[str, Any], digest: str, author: str, description: str = "", tags: Collection[str] = ()
    ) -> ModelRecord:
        """Add the next version of a name: it becomes `candidate`, and the first one `champion`, too.

        Raises InvalidInput for a name that is none or a wrong manifest, and NotFound where the weights are not there.
        """
        stored = checked_manifest(manifest)
        facts = read_facts(stored)
        with self._database.writing() as session:
            lock_blob(session, digest)
            size = self._blobs.path(digest).stat().st_size  # now that nobody can take them away
            now = datetime.now(UTC)
            version = _new_version(session, _checked_name(name), facts, author, now)
            version.digest, version.size = digest, size
            version.description, version.tags = checked_description(description), checked_tags(tags)
            version.words = words_of(stored, version.description, version.tags)
            _add(session, version, stored, facts)
            for alias in (CANDIDATE,) if version.number > 1 else (CANDIDATE, CHAMPION):
                place_alias(session, version, alias, author, now)
            session.refresh(version)
            return to_record(version)

    def version(self, name: str, which: str, *, deleted: bool = False) -> ModelRecord:
        """Give a version by its number, an alias or `latest`, where `deleted` also one that was deleted; raises ModelNotFound."""
        with self._database.reading() as session:
            return to_record(find_version(session, name, which, deleted=deleted))

    def model(self, name: str, *, deleted: bool = False) -> ModelDetail:
        """Give a name with its versions, where `deleted` also those that were deleted; raises ModelNotFound."""
        query = versions_of(name).order_by(Version.number.desc())
        with self._database.reading() as session:
            found = session.scalars(with_manifests(query if deleted else query.where(Version.deleted.is_(None)))).all()
            if not found:
                raise ModelNotFound(f"no model {name!r}")
            model = found[0].model
            return ModelDetail(
                name=name,
                description=model.description,
                tags=sorted(model.tags),
                author=model.author,
                created=model.created,
                aliases=aliases_of(session, [model.id])[model.id],
                versions=[to_record(version) for version in found],
            )

    def models(self, q: str = "", limit: int = 1000, offset: int = 0) -> list[ModelSummary]:
        """List the names that contain `q`, each with its newest version that can be run; the newest of all first."""
        newest = select(Version.model_id, func.max(Version.number).label("number"), func.count().label("count"))
        newest = newest.where(Version.deleted.is_(None), Version.schema_version <= MANIFEST_SCHEMA)
        newest_of = newest.group_by(Version.model_id).subquery()
        is_newest = (Version.model_id == newest_of.c.model_id) & (Version.number == newest_of.c.number)
        named = with_manifests(select(Version).join(newest_of, is_newest).join(Model, Model.id == Version.model_id))
        query = named.add_columns(newest_of.c.count).order_by(Version.id.desc()).limit(limit).offset(offset)
        if q:
            query = query.where(Model.name.contains(q.lower(), autoescape=True))
        with self._database.reading() as session:
            found = session.execute(query).all()
            aliases = aliases_of(session, [version.model_id for version, _count in found])
            return [_summary(version, count, aliases[version.model_id]) for version, count in found]


def _summary(version: Version, count: int, aliases: dict[str, int]) -> ModelSummary:
    model = version.model
    return ModelSummary(
        name=model.name,
        latest=to_record(version),
        version_count=count,
        aliases=aliases,
        description=model.description,
        tags=sorted(model.tags),
    )


def _checked_name(name: str) -> str:
    right = slug(name)
    if right != name:
        raise InvalidInput(f"{name[:80]!r} is no model name: write {right!r}")
    return name


def _new_version(session: Session, name: str, facts: ManifestFacts, author: str, now: datetime) -> Version:
    """Give the next version of a name, which stays locked, as does its parent's: nobody deletes that meanwhile."""
    parent = _PARENT.fullmatch(facts.parent or "")
    model = lock_or_add(session, name, [parent[1]] if parent else [], author, now)
    last = session.scalar(select(func.max(Version.number)).where(Version.model_id == model.id)) or 0
    parent_id = None
    if parent:
        of_parent = select(Version.id).join(Model, Model.id == Version.model_id)
        parent_id = session.scalar(of_parent.where(Model.name == parent[1], Version.number == int(parent[2])))
    return Version(
        model=model,
        number=last + 1,
        author=author,
        created=now,
        schema_version=facts.schema_version,
        learner=facts.learner,
        volume=facts.volume,
        made_by=facts.made_by,
        duration_s=facts.duration_s,
        parent=facts.parent,
        parent_id=parent_id,
        words=facts.words,
        summary=facts.summary,
    )


def _add(session: Session, version: Version, manifest: dict[str, Any], facts: ManifestFacts) -> None:
    session.add(version)
    session.flush()
    session.add(Description(version_id=version.id, manifest=manifest))
    session.add_all(Metric(version_id=version.id, name=name, value=value) for name, value in facts.metrics.items())
    session.add_all(ClassName(version_id=version.id, name=name) for name in facts.class_names)
    session.flush()
