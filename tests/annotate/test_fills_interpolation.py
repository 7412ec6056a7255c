"""Interpolation fills the slices between two by their signed distances; copies take a whole slice along."""

from typing import Any

import numpy as np
import pytest

from tests.annotate.conftest import RunningAnnotate
from tests.annotate.filling import SHAPE, VOXEL_SIZE, blobby, fill, labels_of, lay, standing
from voxloop_shared.errors import InvalidInput

__all__ = ["blobby"]


def discs(axis: str, *marked: tuple[int, tuple[float, float], float]) -> np.ndarray:
    """Mark discs (slice, middle, radius in voxels) across an axis, as an array (z, y, x)."""
    lengths = [n for name, n in zip("zyx", SHAPE, strict=True) if name != axis]
    rows, columns = np.indices(lengths)
    planes = np.zeros((SHAPE["zyx".index(axis)], *lengths), bool)
    for index, (row, column), radius in marked:
        planes[index] |= np.hypot(rows - row, columns - column) <= radius
    return standing(axis, planes)


def signed(plane: np.ndarray, sampling: list[float]) -> np.ndarray:
    """Measure each voxel's distance to every one on the other side, and take the least."""
    inside, outside = (np.argwhere(side) * sampling for side in (plane, ~plane))
    distances = np.zeros(plane.shape)
    for own, other, sign in ((inside, outside, 1), (outside, inside, -1)):
        nearest = np.sqrt(np.square(own[:, None] - other[None]).sum(2).min(1))
        distances[tuple(np.rint(own / sampling).astype(int).T)] = sign * nearest
    return distances


def between(axis: str, shapes: np.ndarray, first: int, last: int) -> np.ndarray:
    """Blend two slices of a mask, and give the mask (z, y, x) with what lies between them."""
    across = "zyx".index(axis)
    planes = np.moveaxis(shapes, across, 0)
    sampling = [size for number, size in enumerate(VOXEL_SIZE) if number != across]
    here, there = signed(planes[first], sampling), signed(planes[last], sampling)
    filled = planes.copy()
    for index in range(first + 1, last):
        filled[index] |= (last - index) * here + (index - first) * there >= 0
    return standing(axis, filled)


MARKED: dict[str, Any] = {
    "z": ((2, (12, 30), 9), (9, (18, 38), 14)),  # of several chunks, off the edges
    "y": ((5, (4, 120), 5), (30, (8, 126), 4)),
    "x": ((3, (6, 10), 3), (140, (5, 14), 6)),
}


@pytest.mark.parametrize("axis", ["z", "y", "x"])
@pytest.mark.parametrize("given", [True, False])
def test_slices_between_two_are_blended_by_distance_in_units(blobby: RunningAnnotate, axis: str, given: bool) -> None:
    shapes = discs(axis, *MARKED[axis])
    lay(blobby, shapes)
    first, last = (index for index, _, _ in MARKED[axis])
    answer = fill(blobby, "interpolate", axis=axis, index=(first + last) // 2, between=[last, first] if given else None)
    filled = between(axis, shapes, first, last)
    np.testing.assert_array_equal(labels_of(blobby), filled)
    assert answer["changed"] == filled.sum() - shapes.sum() > 0
    low, high = answer["box"]["zyx".index(axis)]
    assert first < low < high <= last


def test_a_shape_that_fills_the_whole_slice_can_be_an_end(blobby: RunningAnnotate) -> None:
    labels = np.zeros(SHAPE, np.uint8)
    labels[3], labels[7] = 1, discs("z", (7, (18, 75), 10))[7]
    lay(blobby, labels)
    fill(blobby, "interpolate", index=5)
    areas = labels_of(blobby).sum(axis=(1, 2))
    assert areas[3] > areas[4] > areas[5] > areas[6] > areas[7] > 0


@pytest.mark.parametrize(
    ("index", "filled"),
    [(4, range(2, 7)), (1, range(2, 7)), (7, range(2, 7)), (8, range(9, 11)), (11, range(9, 11))],
)
def test_the_nearest_annotated_slices_are_found(blobby: RunningAnnotate, index: int, filled: range) -> None:
    lay(blobby, 2 * discs("z", *((z, (20, 70), 8) for z in (1, 7, 8, 11))) + discs("z", (5, (5, 5), 3)))
    fill(blobby, "interpolate", value=2, index=index)
    held = [z for z in range(13) if (labels_of(blobby)[z] == 2).any()]
    assert held == sorted({1, 7, 8, 11, *filled})


def test_interpolation_paints_as_the_rule_says(blobby: RunningAnnotate) -> None:
    before = discs("z", *MARKED["z"]).astype(np.uint8)
    before[5] = 2
    lay(blobby, before)
    fill(blobby, "interpolate", overwrite="unlabelled", index=6)
    np.testing.assert_array_equal(labels_of(blobby), np.where(before == 0, between("z", before == 1, 2, 9), before))


@pytest.mark.parametrize(
    ("order", "what"),
    [
        ({"index": 1}, "no slice before z = 1"),
        ({"index": 10}, "no slice after z = 10"),
        ({"value": 2}, "class 2 is on no slice before"),
        ({"value": 2, "between": [2, 9]}, "class 2 is not on slice z = 2"),
        ({"between": [2, 5]}, "not on slice z = 5"),
        ({"between": [9, 9]}, "no slice lies between"),
        ({"between": [2, 13]}, "ends at 12"),
        ({"axis": "y", "between": [12, 13]}, "no slice lies between"),
    ],
)
def test_refuses_to_interpolate_where_an_end_is_missing(blobby: RunningAnnotate, order: dict[str, Any], what: str) -> None:
    before = discs("z", *MARKED["z"])
    lay(blobby, before)
    with pytest.raises(InvalidInput, match=what):
        fill(blobby, "interpolate", **order)
    np.testing.assert_array_equal(labels_of(blobby), before)


@pytest.mark.parametrize(("value", "copied"), [(None, (1, 2)), (2, (2,))])
@pytest.mark.parametrize("axis", ["z", "y", "x"])
def test_a_copy_takes_a_class_or_all_from_the_nearest_earlier_slice_that_has_any(
    blobby: RunningAnnotate, axis: str, value: int | None, copied: tuple[int, ...]
) -> None:
    before = np.maximum(discs(axis, (2, (8, 9), 4), (12, (4, 4), 3)) * 1, discs(axis, (2, (8, 9), 2), (8, (3, 9), 3)) * 2)
    lay(blobby, before)
    answer = fill(blobby, "copy", axis=axis, index=7, value=value)
    expected = np.moveaxis(before.copy(), "zyx".index(axis), 0)
    expected[7] = np.where(np.isin(expected[2], copied), expected[2], expected[7])
    np.testing.assert_array_equal(labels_of(blobby), standing(axis, expected))
    assert answer["changed"] == np.isin(expected[2], copied).sum()


def test_a_copy_can_name_a_later_slice_and_keeps_what_the_rule_protects(blobby: RunningAnnotate) -> None:
    before = np.maximum(discs("z", (9, (20, 70), 10)) * 1, discs("z", (4, (20, 70), 4)) * 2)
    lay(blobby, before)
    fill(blobby, "copy", source=9, overwrite="unlabelled")
    assert (labels_of(blobby)[4] == np.where(before[4] == 0, before[9], before[4])).all()


@pytest.mark.parametrize(
    ("order", "what"),
    [
        ({}, "class 1 on any slice before z = 4"),
        ({"value": None}, "labelled on any slice"),
        ({"source": 4}, "itself"),
        ({"source": 13}, "12"),
    ],
)
def test_refuses_to_copy_from_nowhere(blobby: RunningAnnotate, order: dict[str, Any], what: str) -> None:
    before = discs("z", (4, (20, 70), 5), (5, (20, 70), 5))
    lay(blobby, before)
    with pytest.raises(InvalidInput, match=what):
        fill(blobby, "copy", **order)
    np.testing.assert_array_equal(labels_of(blobby), before)
