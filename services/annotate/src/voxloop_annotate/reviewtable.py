"""What reviews have brought: per way of choosing places, and place by place as a table."""

import csv
import io
from collections.abc import Callable, Sequence
from statistics import fmean, median

from voxloop_annotate.reviewbook import Entry
from voxloop_shared.review import Acquisition
from voxloop_shared.schemas import Schema


class Yield(Schema):
    """What came of the places that one acquisition function proposed; means are over the reviewed ones that were not skipped."""

    acquisition: Acquisition
    proposed: int
    reviewed: int
    accepted: int
    corrected: int
    skipped: int
    mean_painted: float | None
    mean_corrected: float | None
    median_seconds: float | None


def yields_of(entries: Sequence[Entry]) -> list[Yield]:
    """Sum up per acquisition function, so that a group sees whether a guided choice pays on its data."""
    names = dict.fromkeys(entry.place.acquisition for entry in entries)
    return [_yield_of(name, [entry for entry in entries if entry.place.acquisition == name]) for name in names]


def _yield_of(name: Acquisition, entries: list[Entry]) -> Yield:
    by_outcome = {word: [entry for entry in entries if entry.outcome == word] for word in ("accepted", "corrected", "skipped")}
    worked = by_outcome["accepted"] + by_outcome["corrected"]
    seconds = [(entry.time - entry.shown).total_seconds() for entry in worked if entry.time and entry.shown]
    return Yield(
        acquisition=name,
        proposed=len(entries),
        reviewed=sum(map(len, by_outcome.values())),
        accepted=len(by_outcome["accepted"]),
        corrected=len(by_outcome["corrected"]),
        skipped=len(by_outcome["skipped"]),
        mean_painted=_over(fmean, [entry.painted for entry in worked]),
        mean_corrected=_over(fmean, [entry.corrected for entry in worked]),
        median_seconds=_over(median, seconds),
    )


def _over(average: Callable[[list[float]], float], values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(average(known), 2) if known else None


_COLUMNS = ("id", "job", "prediction", "model", "proposed", "shown", "outcome", "author", "time", "painted", "corrected")
_PLACE_COLUMNS = ("acquisition", "score", "axis", "index", "reason")
_BOUNDS = ("z0", "z1", "y0", "y1", "x0", "x1")


def entries_csv(entries: Sequence[Entry]) -> str:
    """Give a row per place; a place's bounds are half-open, in voxels."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow([*_COLUMNS, *_PLACE_COLUMNS, *_BOUNDS])
    for entry in entries:
        told, place = entry.model_dump(mode="json"), entry.place
        bounds = [edge for span in place.box for edge in span]
        rows.writerow([*(told[name] for name in _COLUMNS), *(getattr(place, name) for name in _PLACE_COLUMNS), *bounds])
    return text.getvalue()
