"""Lists of versions, one light row each, and what there is to filter them by."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, contains_eager

from voxloop_registry.database import Database
from voxloop_registry.lookup import deletion_of
from voxloop_registry.search import GroupQuestion, Question, filtered, ordered
from voxloop_registry.tables import Alias, ClassName, Metric, Model, Version
from voxloop_shared.schemas import MANIFEST_SCHEMA, Deletion, Schema


class ClassRow(Schema):
    """A class as a list shows it; one that a newer voxloop described may break today's rules."""

    id: int
    name: str
    color: str


class VersionRow(Schema):
    """A version without its manifest. `author` published it, `made_by` made it; `version_count` counts the name's versions."""

    name: str
    version: int
    version_count: int
    digest: str
    size: int
    aliases: list[str]
    author: str
    made_by: str
    created: datetime
    learner: str
    volume: str
    volume_digest: str
    snapshot: str
    job: str | None
    planes: str
    classes: list[ClassRow]
    metrics: dict[str, float]
    parent: str | None
    duration_s: float | None
    tags: list[str]
    description: str
    model_tags: list[str]
    model_description: str
    schema_version: int
    runnable: bool
    deleted: Deletion | None


class VersionPage(Schema):
    """Some of the rows that a question means, and how many there are."""

    total: int
    rows: list[VersionRow]


class Value(Schema):
    """A value to filter by, and how many versions have it."""

    value: str
    count: int


class MetricFacet(Schema):
    """A metric, its range, and how many versions have it."""

    name: str
    low: float
    high: float
    count: int


class Facets(Schema):
    """What there is to filter by, the most frequent first."""

    learners: list[Value]
    volumes: list[Value]
    authors: list[Value]
    classes: list[Value]
    tags: list[Value]
    aliases: list[Value]
    metrics: list[MetricFacet]


class Listing:
    """The lists of one registry; safe between threads and between processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def search(self, question: Question) -> VersionPage:
        """Find versions; raises InvalidInput for a question that cannot be read."""
        chosen = filtered(question)
        page = ordered(chosen, question.sort).options(contains_eager(Version.model)).limit(question.limit).offset(question.offset)
        with self._database.reading() as session:
            found = session.scalars(page).all()
            counts = _counts_of(session, {version.model_id for version in found})
            total = session.scalar(select(func.count()).select_from(chosen.with_only_columns(Version.id).subquery()))
            return VersionPage(total=total or 0, rows=[_row(version, counts.get(version.model_id, 0)) for version in found])

    def groups(self, question: GroupQuestion) -> list[Value]:
        """Count the versions that a question means by a value, in the order of values; one of two authors counts for both."""
        chosen = filtered(question).with_only_columns(Version.id)
        with self._database.reading() as session:
            if question.by == "author":
                return sorted(_authors(session, Version.id.in_(chosen)), key=lambda group: group.value)
            column = {"name": Model.name, "learner": Version.learner, "volume": Version.volume}[question.by]
            query = select(column, func.count()).select_from(Version).join(Model, Model.id == Version.model_id)
            found = session.execute(query.where(Version.id.in_(chosen)).group_by(column).order_by(column))
            return [Value(value=value, count=count) for value, count in found]

    def facets(self, *, deleted: bool = False) -> Facets:
        """Say what there is to filter by, among those that were deleted or among all others."""
        is_meant = Version.deleted.is_not(None) if deleted else Version.deleted.is_(None)
        with self._database.reading() as session:
            return Facets(
                learners=_values(session, Version.learner, is_meant),
                volumes=_values(session, Version.volume, is_meant),
                authors=_authors(session, is_meant),
                classes=_values(session, ClassName.name, is_meant),
                tags=_tags(session, is_meant),
                aliases=_values(session, Alias.alias, is_meant),
                metrics=_metrics(session, is_meant),
            )


def _row(version: Version, count: int) -> VersionRow:
    summary, model = version.summary, version.model
    return VersionRow(
        name=model.name,
        version=version.number,
        version_count=count,
        digest=version.digest,
        size=version.size,
        aliases=[alias.alias for alias in version.aliases],
        author=version.author,
        made_by=version.made_by,
        created=version.created,
        learner=version.learner,
        volume=version.volume,
        volume_digest=summary.get("volume_digest", ""),
        snapshot=summary.get("snapshot", ""),
        job=summary.get("job"),
        planes=summary.get("planes", ""),
        classes=summary.get("classes", []),
        metrics=summary.get("metrics", {}),
        parent=version.parent,
        duration_s=version.duration_s,
        tags=sorted(version.tags),
        description=version.description,
        model_tags=sorted(model.tags),
        model_description=model.description,
        schema_version=version.schema_version,
        runnable=version.schema_version <= MANIFEST_SCHEMA,
        deleted=deletion_of(version),
    )


def _counts_of(session: Session, model_ids: Collection[int]) -> dict[int, int]:
    query = select(Version.model_id, func.count()).where(Version.model_id.in_(model_ids), Version.deleted.is_(None))
    return dict(session.execute(query.group_by(Version.model_id)).all())


def _values(session: Session, column: InstrumentedAttribute[str], is_meant: ColumnElement[bool]) -> list[Value]:
    """Count the values of a column of the versions, or of what belongs to them."""
    query = select(column, func.count()).where(is_meant, column != "")
    if column.class_ is not Version:
        query = query.join(Version, Version.id == column.class_.version_id)
    return [
        Value(value=value, count=count) for value, count in session.execute(query.group_by(column).order_by(func.count().desc(), column))
    ]


def _authors(session: Session, is_meant: ColumnElement[bool]) -> list[Value]:
    counts: Counter[str] = Counter()
    for author, made_by, count in session.execute(
        select(Version.author, Version.made_by, func.count()).where(is_meant).group_by(Version.author, Version.made_by)
    ):
        for name in {author, made_by} - {""}:
            counts[name] += count
    return _most_first(counts)


def _tags(session: Session, is_meant: ColumnElement[bool]) -> list[Value]:
    counts: Counter[str] = Counter()
    both = select(Version.tags, Model.tags, func.count()).join(Model, Model.id == Version.model_id).where(is_meant)
    for own, of_model, count in session.execute(both.group_by(Version.tags, Model.tags)):
        for tag in own | of_model:
            counts[tag] += count
    return _most_first(counts)


def _most_first(counts: Counter[str]) -> list[Value]:
    return [Value(value=value, count=count) for value, count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))]


def _metrics(session: Session, is_meant: ColumnElement[bool]) -> list[MetricFacet]:
    query = select(Metric.name, func.min(Metric.value), func.max(Metric.value), func.count())
    # what is left out is named, for that is little: the index then answers by itself
    query = query.where(Metric.version_id.not_in(select(Version.id).where(~is_meant)))
    found = session.execute(query.group_by(Metric.name).order_by(func.count().desc(), Metric.name))
    return [MetricFacet(name=name, low=low, high=high, count=count) for name, low, high, count in found]
