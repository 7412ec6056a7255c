"""Finding names and versions, and what is said of them to others."""

import re
from collections.abc import Collection

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from voxloop_registry.tables import Alias, Model, Version
from voxloop_shared.addresses import LATEST
from voxloop_shared.errors import ModelNotFound
from voxloop_shared.schemas import MANIFEST_SCHEMA, Deletion, ModelRecord
from voxloop_shared.workspace import checked_id

_NUMBER = re.compile(r"[0-9]{1,10}")
LARGEST_NUMBER = 999_999_999


def versions_of(name: str) -> Select[Version]:
    """Select the versions of a name, deleted ones included; raises ModelNotFound for what can be no name."""
    return select(Version).join(Model, Model.id == Version.model_id).where(Model.name == checked_id(name, ModelNotFound))


def find_version(session: Session, name: str, which: str, *, deleted: bool = False) -> Version:
    """Find a version by number, alias or `latest`, one that was deleted only where that is wanted; raises ModelNotFound."""
    query = versions_of(name)
    if which == LATEST:
        query = query.where(Version.deleted.is_(None)).order_by(Version.number.desc()).limit(1)
    elif _NUMBER.fullmatch(which) and int(which) <= LARGEST_NUMBER:
        query = query.where(Version.number == int(which))
    elif which.isascii() and which.isprintable():
        query = query.join(Alias, Alias.version_id == Version.id).where(Alias.alias == which)
    else:
        raise ModelNotFound(f"no version or alias {which[:80]!r} of a model {name!r}")
    found = session.scalar(query)
    if found is None:
        raise ModelNotFound(f"no version or alias {which[:80]!r} of a model {name!r}")
    if found.deleted is not None and not deleted:
        raise ModelNotFound(
            f"{address_of(found)} was deleted by {found.deleted_by} on {found.deleted:%Y-%m-%d}: `voxloop models restore` brings it back"
        )
    return found


def address_of(version: Version) -> str:
    """Give NAME:NUMBER."""
    return f"{version.model.name}:{version.number}"


def aliases_of(session: Session, model_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Give the aliases of names, each with the number that it points at."""
    found: dict[int, dict[str, int]] = {model_id: {} for model_id in model_ids}
    query = select(Alias.model_id, Alias.alias, Version.number).join(Version, Version.id == Alias.version_id)
    for model_id, alias, number in session.execute(query.where(Alias.model_id.in_(model_ids)).order_by(Alias.alias)):
        found[model_id][alias] = number
    return found


def with_manifests(query: Select[Version]) -> Select[Version]:
    """Have a query bring the manifests along."""
    return query.options(joinedload(Version.described, innerjoin=True))


def deletion_of(version: Version) -> Deletion | None:
    """Say who deleted a version, and when."""
    if version.deleted is None:
        return None
    return Deletion(by=version.deleted_by or "", at=version.deleted, is_purged=version.is_purged)


def to_record(version: Version) -> ModelRecord:
    """Say what a version is."""
    return ModelRecord(
        name=version.model.name,
        version=version.number,
        digest=version.digest,
        size=version.size,
        aliases=[alias.alias for alias in version.aliases],
        author=version.author,
        created=version.created,
        runnable=version.schema_version <= MANIFEST_SCHEMA,
        description=version.description,
        tags=sorted(version.tags),
        deleted=deletion_of(version),
        manifest=version.described.manifest,
    )
