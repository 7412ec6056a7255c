"""What can be asked of the versions: filters, order, page; and how that becomes a query."""

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from voxloop_registry.manifests import checked_text
from voxloop_registry.tables import SHORT, Alias, ClassName, Metric, Model, Version
from voxloop_shared.errors import InvalidInput
from voxloop_shared.schemas import MANIFEST_SCHEMA, Schema

MOST_ROWS = 1000
_METRIC_ORDER = "metric."
_SORTS: dict[str, InstrumentedAttribute[Any]] = {
    "created": Version.created,
    "name": Model.name,
    "version": Version.number,
    "learner": Version.learner,
    "volume": Version.volume,
    "author": Version.author,
    "size": Version.size,
    "duration_s": Version.duration_s,
}
Texts = Annotated[list[Annotated[str, Field(max_length=SHORT)]], Field(max_length=50)]


class Question(Schema):
    """Which versions are wanted. Of one filter any value may hold (of classes, tags and metrics all must), and every filter must."""

    q: str = Field(default="", max_length=500, description="words that occur in what is said of a version, or of its name")
    name: Texts = Field(default=[])
    learner: Texts = Field(default=[])
    volume: Texts = Field(default=[])
    author: Texts = Field(default=[], description="who published it, or who made it")
    class_: Texts = Field(default=[], alias="class", description="names of classes")
    tag: Texts = Field(default=[])
    alias: Texts = Field(default=[])
    metric: Texts = Field(default=[], description="NAME:LOW:HIGH, ends included; either may be left out")
    newest: bool = Field(default=False, description="only the newest version of each name")
    deleted: bool = Field(default=False, description="only those that were deleted, instead of all others")
    runnable: bool | None = None
    sort: str = Field(
        default="-created", max_length=500, description=f"{', '.join(_SORTS)} or metric.NAME, - before it for falling; several by comma"
    )
    limit: int = Field(default=100, ge=1, le=MOST_ROWS)
    offset: int = Field(default=0, ge=0, le=1 << 40)


class GroupQuestion(Question):
    """By what the versions that are wanted are to be grouped; order and page play no part."""

    by: Literal["name", "learner", "volume", "author"] = "name"


@dataclass(frozen=True, slots=True)
class MetricRange:
    """A metric and the values that it may have, ends included."""

    name: str
    low: float
    high: float


def filtered(question: Question) -> Select[Version]:
    """Select the versions that a question means, in no order; raises InvalidInput."""
    query = select(Version).join(Model, Model.id == Version.model_id)
    query = query.where(Version.deleted.is_not(None) if question.deleted else Version.deleted.is_(None))
    if question.newest:
        query = query.where(_is_newest(question))
    return query.where(*_by_value(question), *_by_content(question))


def ordered(query: Select[Version], sort: str) -> Select[Version]:
    """Put versions in order; those without the metric that is sorted by come last. Raises InvalidInput."""
    for wish in sort.split(","):
        is_falling, name = wish.startswith("-"), wish.removeprefix("-")
        if name.startswith(_METRIC_ORDER):
            metric = aliased(Metric)
            named = checked_text(name.removeprefix(_METRIC_ORDER), "sort")
            query = query.outerjoin(metric, (metric.version_id == Version.id) & (metric.name == named))
            column: ColumnElement[Any] | InstrumentedAttribute[Any] = metric.value
        elif name in _SORTS:
            column = _SORTS[name]
        else:
            raise InvalidInput(f"cannot sort by {name[:80]!r}: write {', '.join(_SORTS)} or metric.NAME")
        query = query.order_by((column.desc() if is_falling else column.asc()).nulls_last())
    return query.order_by(Version.id.desc())  # else pages might overlap where values are equal


def parse_range(text: str) -> MetricRange:
    """Read NAME:LOW:HIGH; raises InvalidInput."""
    name, *ends = checked_text(text, "metric").rsplit(":", 2)
    try:
        low, high = (float(end) if end else missing for end, missing in zip(ends, (-math.inf, math.inf), strict=True))
    except ValueError as error:
        raise InvalidInput(f"{text[:80]!r} is no range of a metric: write NAME:LOW:HIGH, where either end may be left out") from error
    if not name or math.isnan(low) or math.isnan(high):
        raise InvalidInput(f"{text[:80]!r} is no range of a metric: write NAME:LOW:HIGH, where either end may be left out")
    return MetricRange(name, low, high)


def _is_newest(question: Question) -> ColumnElement[bool]:
    """Newest among those that are not deleted (or that are, where these are asked for)."""
    others = select(Version.model_id, func.max(Version.number).label("number"))
    others = others.where(Version.deleted.is_not(None) if question.deleted else Version.deleted.is_(None))
    newest = others.group_by(Version.model_id).subquery()
    ids = aliased(Version)
    is_newest = (ids.model_id == newest.c.model_id) & (ids.number == newest.c.number)
    return Version.id.in_(select(ids.id).join(newest, is_newest))


def _by_value(question: Question) -> list[ColumnElement[bool]]:
    columns: list[tuple[list[str], InstrumentedAttribute[str]]] = [
        (question.name, Model.name),
        (question.learner, Version.learner),
        (question.volume, Version.volume),
    ]
    found: list[ColumnElement[bool]] = [column.in_(_checked(values)) for values, column in columns if values]
    if question.author:
        authors = _checked(question.author)
        found.append(or_(Version.author.in_(authors), Version.made_by.in_(authors)))
    if question.alias:
        pointing = select(Alias.version_id).where(Alias.alias.in_(_checked(question.alias)))
        found.append(Version.id.in_(pointing))
    if question.runnable is not None:
        is_runnable = Version.schema_version <= MANIFEST_SCHEMA
        found.append(is_runnable if question.runnable else ~is_runnable)
    return found


def _by_content(question: Question) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for word in re.split(r"\s+", checked_text(question.q, "q").lower().strip()):
        if word:
            found.append(Version.words.contains(word, autoescape=True) | Model.words.contains(word, autoescape=True))
    for name in _checked(question.class_):
        found.append(Version.id.in_(select(ClassName.version_id).where(ClassName.name == name.lower())))
    for tag in _checked(question.tag):
        found.append(Version.tags.contains(f" {tag} ", autoescape=True) | Model.tags.contains(f" {tag} ", autoescape=True))
    for wanted in map(parse_range, question.metric):
        found.append(_lies_within(wanted))
    return found


def _lies_within(wanted: MetricRange) -> ColumnElement[bool]:
    query = exists().where(Metric.version_id == Version.id, Metric.name == wanted.name)
    if wanted.low > -math.inf:
        query = query.where(Metric.value >= wanted.low)
    if wanted.high < math.inf:
        query = query.where(Metric.value <= wanted.high)
    return query


def _checked(values: list[str]) -> list[str]:
    return [checked_text(value, "a filter") for value in values]
