"""The gate before `champion`: a model beside the incumbent, by what their trainings recorded of held-out strokes.

The score is mean Dice on strokes that a training kept back. Two scores can be compared only where the same voxels judged both models;
a manifest names them by the sha256 of their positions (`metrics.held_out`).
"""

import math
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from voxloop_registry.lookup import address_of
from voxloop_registry.tables import Alias, Version
from voxloop_shared.schemas import Schema

METRIC = "mean_dice"
_SPREAD = "dice_spread"
_NOISE = 1e-6
"""Scores are rounded to five digits: what differs by less is equal."""

Verdict = Literal["first", "better", "equal", "worse", "unknown"]


class ClassScore(Schema):
    """Dice of one class, of the model and of the incumbent; None where it was not judged."""

    name: str
    color: str
    value: float | None
    incumbent_value: float | None


class GateReport(Schema):
    """A model beside the incumbent. `same_strokes` is None where the manifests do not say which strokes judged them.

    `spread` is the standard deviation of the difference of two scores from the same strokes, at most (they count as independent).
    """

    model: str
    incumbent: str | None
    metric: str
    value: float | None
    incumbent_value: float | None
    difference: float | None
    spread: float | None
    same_strokes: bool | None
    per_class: list[ClassScore]
    verdict: Verdict
    is_doubtful: bool
    message: str


def compare(session: Session, version: Version, alias: str) -> GateReport:
    """Compare a version with the one that an alias of its name points at."""
    found = select(Version).join(Alias, Alias.version_id == Version.id)
    incumbent = session.scalar(found.where(Alias.model_id == version.model_id, Alias.alias == alias))
    manifest = version.described.manifest
    if incumbent is None or incumbent.id == version.id:
        return _unopposed(version, manifest, alias, is_itself=incumbent is not None)
    return _report(version, manifest, incumbent, incumbent.described.manifest)


def _unopposed(version: Version, manifest: dict[str, Any], alias: str, *, is_itself: bool) -> GateReport:
    said = f"{address_of(version)} is {alias} already" if is_itself else f"there is no {alias} yet"
    return GateReport(
        model=address_of(version),
        incumbent=None,
        metric=METRIC,
        value=_score(manifest),
        incumbent_value=None,
        difference=None,
        spread=None,
        same_strokes=None,
        per_class=_per_class(manifest, {}),
        verdict="first",
        is_doubtful=False,
        message=said,
    )


def _report(version: Version, manifest: dict[str, Any], incumbent: Version, other: dict[str, Any]) -> GateReport:
    value, before = _score(manifest), _score(other)
    difference = None if value is None or before is None else round(value - before, 6)
    same = same_strokes(manifest, other)
    verdict = _verdict(difference, same)
    spread = _joint_spread(manifest, other)
    names = address_of(version), address_of(incumbent)
    return GateReport(
        model=names[0],
        incumbent=names[1],
        metric=METRIC,
        value=value,
        incumbent_value=before,
        difference=difference,
        spread=spread,
        same_strokes=same,
        per_class=_per_class(manifest, other),
        verdict=verdict,
        is_doubtful=verdict in ("worse", "unknown"),
        message=_message(names, (value, before), spread, same, verdict),
    )


def same_strokes(manifest: dict[str, Any], other: dict[str, Any]) -> bool | None:
    """Say whether the same held-out voxels judged both models; None where that is not recorded."""
    if manifest.get("volume_digest") != other.get("volume_digest"):
        return False
    ours, theirs = (_metrics(entry).get("held_out") for entry in (manifest, other))
    return ours == theirs if isinstance(ours, str) and isinstance(theirs, str) else None


def _verdict(difference: float | None, same: bool | None) -> Verdict:
    if difference is None or not same:
        return "unknown"
    if abs(difference) < _NOISE:
        return "equal"
    return "better" if difference > 0 else "worse"


def _message(
    names: tuple[str, str], scores: tuple[float | None, float | None], spread: float | None, same: bool | None, is_: Verdict
) -> str:
    model, incumbent = names
    told = f"mean Dice {_shown(scores[0])} against {_shown(scores[1])} of {incumbent}"
    if None in scores:
        return f"{model} cannot be compared with {incumbent}: {' and '.join(_unjudged(names, scores))} not judged on held-out strokes"
    if not same:
        why = "they were judged on different strokes" if same is False else "it is not recorded whether the same strokes judged both"
        return f"{model} may be better or worse than {incumbent}: {told}, but {why}"
    doubt = "" if spread is None else f" (give or take {spread:.3f})"
    return f"{model} is {'as good as' if is_ == 'equal' else f'{is_} than'} {incumbent} on the same held-out strokes: {told}{doubt}"


def _unjudged(names: tuple[str, str], scores: tuple[float | None, float | None]) -> list[str]:
    found = [name for name, score in zip(names, scores, strict=True) if score is None]
    return [*found[:-1], f"{found[-1]} {'was' if len(found) == 1 else 'were'}"]


def _shown(score: float | None) -> str:
    return "unknown" if score is None else f"{score:.3f}"


def _joint_spread(manifest: dict[str, Any], other: dict[str, Any]) -> float | None:
    spreads = [_number(_metrics(entry).get(_SPREAD)) for entry in (manifest, other)]
    known = [spread for spread in spreads if spread is not None]
    return round(math.hypot(*known), 6) if len(known) == len(spreads) else None


def _per_class(manifest: dict[str, Any], other: dict[str, Any]) -> list[ClassScore]:
    """Pair the classes by name, for numbers differ between volumes."""
    ours, theirs = _dice(manifest), _dice(other)
    colors = {name: color for entry in (other, manifest) for name, color in _colors(entry).items()}
    return [
        ClassScore(name=name, color=color, value=ours.get(name), incumbent_value=theirs.get(name))
        for name, color in colors.items()
        if name in ours or name in theirs
    ]


def _dice(manifest: dict[str, Any]) -> dict[str, float | None]:
    found = _metrics(manifest).get("dice")
    dice = found if isinstance(found, dict) else {}
    return {name: _number(dice.get(str(number))) for number, name, _color in _classes(manifest) if str(number) in dice}


def _colors(manifest: dict[str, Any]) -> dict[str, str]:
    return {name: color for _number, name, color in _classes(manifest)}


def _classes(manifest: dict[str, Any]) -> list[tuple[int, str, str]]:
    found = manifest.get("classes")
    entries = [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
    return [(entry.get("id", 0), str(entry.get("name", "")), str(entry.get("color", ""))) for entry in entries]


def _score(manifest: dict[str, Any]) -> float | None:
    return _number(_metrics(manifest).get(METRIC))


def _metrics(manifest: dict[str, Any]) -> dict[str, Any]:
    found = manifest.get("metrics")
    return found if isinstance(found, dict) else {}


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
