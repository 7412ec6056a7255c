"""Flood fills take what a search from voxel to voxel finds, and paint it as the overwrite rule says."""

from typing import Any

import numpy as np
import pytest

from tests.annotate.conftest import RunningAnnotate
from tests.annotate.filling import SHAPE, blobby, blobs, fill, joined, labels_of, lay
from voxloop_annotate.fills.flood import flood
from voxloop_shared.errors import InvalidInput

__all__ = ["blobby"]
IMAGE = blobs().astype(np.int64)


def expected(seed: tuple[int, int, int], tolerance: float, box: list[list[int]]) -> np.ndarray:
    inside = np.zeros(SHAPE, bool)
    inside[tuple(slice(max(a, 0), b) for a, b in box)] = True
    return joined(inside & (abs(IMAGE - IMAGE[seed]) <= tolerance), [seed])


@pytest.mark.parametrize(("axis", "seed"), [("z", (4, 9, 140)), ("y", (0, 36, 70)), ("x", (12, 5, 149))])
@pytest.mark.parametrize("tolerance", [0, 250.5])
def test_a_flood_in_a_plane_takes_what_is_joined_there(blobby: RunningAnnotate, axis: str, seed: Any, tolerance: float) -> None:
    across = "zyx".index(axis)
    box = [[0, n] for n in SHAPE]
    box[across] = [seed[across], seed[across] + 1]
    answer = fill(blobby, "flood", seed=seed, tolerance=tolerance, axis=axis, index=seed[across])
    mask = expected(seed, tolerance, box)
    np.testing.assert_array_equal(labels_of(blobby), mask)
    assert answer["changed"] == answer["counts"]["1"] == mask.sum()
    assert answer["box"] == [[int(where.min()), int(where.max()) + 1] for where in np.nonzero(mask)]


@pytest.mark.parametrize("box", [[[2, 9], [5, 30], [100, 141]], [[-4, 7], [20, 99], [0, 150]]])
def test_a_flood_in_a_box_takes_what_is_joined_in_3d_and_stays_inside(blobby: RunningAnnotate, box: list[list[int]]) -> None:
    seed = (5, 24, 120)
    fill(blobby, "flood", seed=seed, tolerance=200, dims=3, box=box, value=2)
    mask = expected(seed, 200, box)
    assert 1000 < mask.sum() < 0.9 * np.prod([min(b, n) - max(a, 0) for (a, b), n in zip(box, SHAPE, strict=True)])
    np.testing.assert_array_equal(labels_of(blobby), 2 * mask)


def test_a_flood_in_a_plane_can_be_bounded_by_a_box(blobby: RunningAnnotate) -> None:
    fill(blobby, "flood", seed=(4, 9, 120), tolerance=300, box=[[0, 13], [3, 20], [110, 150]])
    np.testing.assert_array_equal(labels_of(blobby), expected((4, 9, 120), 300, [[4, 5], [3, 20], [110, 150]]))


@pytest.mark.parametrize(("rule", "kept"), [({"overwrite": "unlabelled"}, (1, 2)), ({"overwrite": "class", "replaces": 2}, (0, 1))])
def test_the_rule_says_what_is_painted_but_not_how_far_the_flood_runs(
    blobby: RunningAnnotate, rule: dict[str, Any], kept: tuple[int, ...]
) -> None:
    before = np.zeros(SHAPE, np.uint8)
    before[:, 10:14], before[:, :, 60:70] = 2, 1  # walls that a flood over labels could not cross
    lay(blobby, before)
    fill(blobby, "flood", seed=(4, 24, 120), tolerance=700, value=255, **rule)
    mask = expected((4, 24, 120), 700, [[4, 5], [0, 37], [0, 150]])
    assert mask[4, :10, :60].any()
    np.testing.assert_array_equal(labels_of(blobby), np.where(mask & ~np.isin(before, kept), 255, before))


@pytest.mark.parametrize(
    ("values", "tolerance"),
    [
        (np.array([[250, 255, 0, 3, 251]], np.uint8), 300),
        (np.array([[250, 255, 248, 3, 251]], np.uint8), 5),
        (np.array([[-32768, -32760, 32767, -32700, 5]], np.int16), 60.5),
        (np.array([[-32768, -32760, 32767, -32700, 5]], np.int16), 1e9),
        (np.array([[0.1, 0.2, np.nan, 0.1, 0.1]], np.float32), 0.11),
        (np.array([[1e38, -3e38, np.inf, 0, 0]], np.float32), 1e300),
        (np.array([[0.1, 0.3, 0.30000004, 0, 0]], np.float32), float(np.float32(0.3)) - float(np.float32(0.1))),
    ],
)
def test_a_range_beyond_what_the_voxels_can_hold_is_no_other_range(values: np.ndarray, tolerance: float) -> None:
    with np.errstate(invalid="ignore"):
        alike = abs(values.astype(np.float64) - float(values[0, 0])) <= tolerance
    np.testing.assert_array_equal(flood(values, (0, 0), tolerance), joined(alike, [(0, 0)]))


def test_a_flood_cannot_begin_at_a_voxel_without_a_number() -> None:
    with pytest.raises(InvalidInput, match="nan"):
        flood(np.array([[np.nan, 1.0]], np.float32), (0, 0), 1)
