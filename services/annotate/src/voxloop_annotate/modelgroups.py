"""A list of models in groups, of which any stretch of rows can be asked for: the community edition of the grid has no groups of its own."""

from collections.abc import Iterable
from dataclasses import dataclass

from voxloop_shared.schemas import Schema


class Group(Schema):
    """Models that have a value in common."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some models of a group: `count` of them, after the first `offset`; none of them and `is_head`: the line that names the group."""

    group: Group
    offset: int = 0
    count: int = 0
    is_head: bool = False


def stretches(groups: Iterable[Group], opened: Iterable[str], start: int, stop: int) -> tuple[list[Stretch], int]:
    """Say what stands in the rows from `start` to `stop` (exclusive) of the whole list, and how many rows it has.

    Each group is a head, which its models follow where it is among the `opened` values.
    """
    found: list[Stretch] = []
    is_open = set(opened)
    row = 0
    for group in groups:
        if start <= row < stop:
            found.append(Stretch(group, is_head=True))
        row += 1
        if group.value not in is_open:
            continue
        first, last = max(start, row), min(stop, row + group.count)
        if first < last:
            found.append(Stretch(group, offset=first - row, count=last - first))
        row += group.count
    return found, row
