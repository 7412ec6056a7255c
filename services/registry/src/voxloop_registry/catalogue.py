"""What the registry knows: names, versions, aliases, who and when."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, Select, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, aliased

from voxloop_registry.database import connect
from voxloop_registry.tables import Alias, Model, Table, Version
from voxloop_shared.addresses import LATEST
from voxloop_shared.errors import Conflict, DiskFull, InvalidInput, ModelNotFound
from voxloop_shared.schemas import Manifest, ModelVersion, Schema
from voxloop_shared.workspace import checked_id, slug

CANDIDATE = "candidate"
CHAMPION = "champion"
_ALIAS = re.compile(r"[a-z][a-z0-9_-]{0,30}")


class ModelSummary(Schema):
    """A name with its newest version."""

    name: str
    latest: ModelVersion
    version_count: int
    aliases: dict[str, int]


class ModelDetail(Schema):
    """A name with all its versions, newest first."""

    name: str
    aliases: dict[str, int]
    versions: list[ModelVersion]


class Catalogue:
    """The database of one registry; safe between threads and between processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(is_writing=True)

    @classmethod
    def open(cls, path: Path) -> "Catalogue":
        """Open a database file, a new one included."""
        catalogue = cls(connect(path))
        with catalogue._writer.begin() as connection:
            Table.metadata.create_all(connection)
        return catalogue

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()

    def publish(self, name: str, manifest: Manifest, digest: str, size: int, author: str) -> ModelVersion:
        """Add the next version of a name: it becomes `candidate`, and the first one `champion`, too.

        Raises InvalidInput for a name that is none.
        """
        with self._session(is_writing=True) as session:
            now = datetime.now(UTC)
            model = _model_for(session, _checked_name(name), author, now)
            last = session.scalar(select(func.max(Version.number)).where(Version.model_id == model.id)) or 0
            stored = manifest.model_dump(mode="json")
            version = Version(model=model, number=last + 1, digest=digest, size=size, author=author, created=now, manifest=stored)
            session.add(version)
            session.flush()
            for alias in (CANDIDATE,) if last else (CANDIDATE, CHAMPION):
                session.merge(Alias(model_id=model.id, alias=alias, version_id=version.id, author=author, moved=now))
            session.flush()
            session.refresh(version)
            return _to_schema(version)

    def move_alias(self, name: str, alias: str, number: int, author: str) -> dict[str, int]:
        """Point an alias at a version and give all the name's aliases; raises ModelNotFound, or InvalidInput for what can be no alias."""
        if not _ALIAS.fullmatch(alias) or alias == LATEST:
            raise InvalidInput(f"{alias[:80]!r} is no alias: write up to 31 small letters, digits, - and _, a letter first, not {LATEST!r}")
        with self._session(is_writing=True) as session:
            version = _find_version(session, name, str(number))
            session.merge(Alias(model_id=version.model_id, alias=alias, version_id=version.id, author=author, moved=datetime.now(UTC)))
            session.flush()
            return _aliases_of(session, [version.model_id])[version.model_id]

    @contextmanager
    def unused(self, digest: str) -> Iterator[None]:
        """Hold off new versions while weights that none names are taken away; raises Conflict where one does."""
        with self._session(is_writing=True) as session:
            used = session.scalar(select(Version).where(Version.digest == digest).limit(1))
            if used is not None:
                raise Conflict(f"{used.model.name}:{used.number} is made of the weights {digest}: they stay as long as it does")
            yield

    def version(self, name: str, which: str) -> ModelVersion:
        """Give a version by its number, an alias or `latest`; raises ModelNotFound."""
        with self._session() as session:
            return _to_schema(_find_version(session, name, which))

    def model(self, name: str) -> ModelDetail:
        """Give a name with all its versions; raises ModelNotFound."""
        with self._session() as session:
            found = session.scalars(_versions_of(name).order_by(Version.number.desc())).all()
            if not found:
                raise ModelNotFound(f"no model {name!r}")
            aliases = _aliases_of(session, [found[0].model_id])[found[0].model_id]
            return ModelDetail(name=name, aliases=aliases, versions=[_to_schema(version) for version in found])

    def models(self, q: str = "", limit: int = 1000, offset: int = 0) -> list[ModelSummary]:
        """List the names that contain `q`, the one with the newest version first."""
        newest = select(Version.model_id, func.max(Version.number).label("number"), func.count().label("count"))
        newest_of = newest.group_by(Version.model_id).subquery()
        is_newest = (Version.model_id == newest_of.c.model_id) & (Version.number == newest_of.c.number)
        named = aliased(Model)
        query = select(Version, newest_of.c.count).join(newest_of, is_newest).join(named, named.id == Version.model_id)
        if q:
            query = query.where(named.name.contains(q.lower(), autoescape=True))
        with self._session() as session:
            found = session.execute(query.order_by(Version.id.desc()).limit(limit).offset(offset)).all()
            aliases = _aliases_of(session, [version.model_id for version, _count in found])
            return [
                ModelSummary(name=version.model.name, latest=_to_schema(version), version_count=count, aliases=aliases[version.model_id])
                for version, count in found
            ]

    @contextmanager
    def _session(self, is_writing: bool = False) -> Iterator[Session]:
        try:
            with Session(self._writer if is_writing else self._engine) as session, session.begin():
                yield session
        except OperationalError as error:
            if "disk is full" in str(error.orig):
                raise DiskFull("no space left on the disk for the registry's database: free some and try again") from error
            raise


def _checked_name(name: str) -> str:
    right = slug(name)
    if right != name:
        raise InvalidInput(f"{name[:80]!r} is no model name: write {right!r}")
    return name


def _model_for(session: Session, name: str, author: str, now: datetime) -> Model:
    """Find a name, or add it; the row stays locked until the transaction ends, so that numbers are given one by one."""
    found = session.scalar(select(Model).where(Model.name == name).with_for_update())
    if found is None:
        found = Model(name=name, author=author, created=now)
        session.add(found)
        session.flush()
    return found


def _versions_of(name: str) -> Select[Version]:
    return select(Version).join(Model, Model.id == Version.model_id).where(Model.name == checked_id(name, ModelNotFound))


def _find_version(session: Session, name: str, which: str) -> Version:
    query = _versions_of(name)
    if which == LATEST:
        query = query.order_by(Version.number.desc()).limit(1)
    elif which.isascii() and which.isdigit():
        query = query.where(Version.number == int(which[:10]))
    else:
        query = query.join(Alias, Alias.version_id == Version.id).where(Alias.alias == which)
    found = session.scalar(query)
    if found is None:
        raise ModelNotFound(f"no version or alias {which[:80]!r} of a model {name!r}")
    return found


def _aliases_of(session: Session, model_ids: list[int]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {model_id: {} for model_id in model_ids}
    query = select(Alias.model_id, Alias.alias, Version.number).join(Version, Version.id == Alias.version_id)
    for model_id, alias, number in session.execute(query.where(Alias.model_id.in_(model_ids)).order_by(Alias.alias)):
        found[model_id][alias] = number
    return found


def _to_schema(version: Version) -> ModelVersion:
    return ModelVersion(
        name=version.model.name,
        version=version.number,
        digest=version.digest,
        size=version.size,
        aliases=[alias.alias for alias in version.aliases],
        author=version.author,
        created=version.created,
        manifest=Manifest.model_validate(version.manifest),
    )
