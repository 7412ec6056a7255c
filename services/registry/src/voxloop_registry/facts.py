"""What lists and searches need of a manifest, read once when it is published; also of one that is newer than this voxloop."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from voxloop_registry.tables import SHORT

_MOST_METRICS = 600
"""Numbers of a manifest that can be searched: enough for two per class."""
_MOST_CLASSES = 250
_LARGEST = 1e300


@dataclass(frozen=True, slots=True)
class ManifestFacts:
    """Searchable parts of a manifest. `metrics` are flat: a number of a class is `dice.2`; class names are in small letters.

    `words` is what a search for text looks through, in small letters; `summary` is what a list shows beside the columns.
    """

    schema_version: int
    learner: str
    volume: str
    made_by: str
    duration_s: float | None
    parent: str | None
    metrics: dict[str, float]
    class_names: list[str]
    words: str
    summary: dict[str, Any]


def read_facts(manifest: dict[str, Any]) -> ManifestFacts:
    """Read what is there and of the kind that is expected; nothing else of a manifest matters here."""
    learner, volume, made_by = (_text(manifest, name) for name in ("learner", "volume", "author"))
    classes = list(_classes(manifest.get("classes")))[:_MOST_CLASSES]
    names = [entry["name"] for entry in classes]
    metrics = dict(list(_numbers(manifest.get("metrics")))[:_MOST_METRICS])
    others = {name: _text(manifest, name) for name in ("volume_digest", "snapshot", "planes")}
    return ManifestFacts(
        schema_version=manifest.get("schema_version", 1),
        learner=learner,
        volume=volume,
        made_by=made_by,
        duration_s=_finite(manifest.get("duration_s")),
        parent=_text(manifest, "parent") or None,
        metrics=metrics,
        class_names=sorted({name.lower()[:SHORT] for name in names}),
        words=words_of(manifest),
        summary=others | {"job": _text(manifest, "job") or None, "classes": classes, "metrics": metrics},
    )


def words_of(manifest: dict[str, Any], description: str = "", tags: Collection[str] = ()) -> str:
    """Give what a search for text looks through, in small letters."""
    said = [_text(manifest, name) for name in ("learner", "volume", "author")]
    names = [entry["name"] for entry in _classes(manifest.get("classes"))]
    return "\n".join([*said, *names, description, *sorted(tags)]).lower()


def _text(manifest: dict[str, Any], name: str) -> str:
    value = manifest.get(name)
    return value[:SHORT] if isinstance(value, str) else ""


def _classes(found: object) -> Iterator[dict[str, Any]]:
    for entry in found if isinstance(found, list) else []:
        match entry:
            case {"id": int(number), "name": str(name), "color": str(color)}:
                yield {"id": number, "name": name[:SHORT], "color": color[:SHORT]}


def _numbers(found: object) -> Iterator[tuple[str, float]]:
    """Give the numbers, those of classes after all others."""
    entries = list(found.items()) if isinstance(found, dict) else []
    for name, value in entries:
        if (number := _finite(value)) is not None:
            yield name[:SHORT], number
    for name, values in entries:
        for key, value in values.items() if isinstance(values, dict) else ():
            if (number := _finite(value)) is not None:
                yield f"{name}.{key}"[:SHORT], number


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < _LARGEST else None  # which NaN is not, either
