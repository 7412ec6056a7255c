"""Any stretch of a list in groups is what the whole list has there."""

from hypothesis import given
from hypothesis import strategies as st

from voxloop_annotate.modelgroups import Group, stretches

GROUPS = st.lists(st.integers(0, 7), max_size=6).map(lambda counts: [Group(value=f"g{i}", count=n) for i, n in enumerate(counts)])


def written_out(groups: list[Group], opened: set[str]) -> list[tuple[str, int | None]]:
    """Give all rows: the head of each group (None), and the models of those that are open."""
    rows: list[tuple[str, int | None]] = []
    for group in groups:
        rows.append((group.value, None))
        if group.value in opened:
            rows += [(group.value, number) for number in range(group.count)]
    return rows


@given(GROUPS, st.sets(st.sampled_from([f"g{i}" for i in range(6)])), st.integers(0, 40), st.integers(0, 20))
def test_any_stretch_is_that_of_the_whole_list(groups: list[Group], opened: set[str], start: int, length: int) -> None:
    found, total = stretches(groups, opened, start, start + length)
    rows: list[tuple[str, int | None]] = []
    for part in found:
        head = [(part.group.value, None)] if part.is_head else []
        rows += head + [(part.group.value, number) for number in range(part.offset, part.offset + part.count)]
    whole = written_out(groups, opened)
    assert rows == whole[start : start + length]
    assert total == len(whole)
