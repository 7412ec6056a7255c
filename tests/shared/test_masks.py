"""Run lengths say exactly what a mask says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from voxloop_shared.data.masks import check_box, decode_mask, encode_mask
from voxloop_shared.errors import InvalidStroke

masks = arrays(np.bool_, array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=12))


@given(masks)
def test_a_mask_comes_back(mask: np.ndarray):
    np.testing.assert_array_equal(decode_mask(encode_mask(mask), mask.shape), mask)


@given(masks)
def test_runs_alternate_begin_unset_and_fill(mask: np.ndarray):
    runs = encode_mask(mask)
    assert sum(runs) == mask.size
    assert sum(runs[1::2]) == mask.sum()
    assert all(length > 0 for length in runs[1:])
    assert (runs[0] == 0) == bool(mask.flat[0])


@given(st.lists(st.integers(0, 20), max_size=30))
def test_any_runs_that_fill_are_understood(runs: list[int]):
    mask = decode_mask(runs, (1, 1, sum(runs)))
    assert mask.ravel().tolist() == [bool(k % 2) for k, length in enumerate(runs) for _ in range(length)]


@pytest.mark.parametrize(
    "runs",
    [[], [5], [7], [0], [-1, 7], [3, 4], [10**30], [2**63], [2**64 + 6], [-(2**70), 2**70 + 6], [2**63 - 1, 2**63 - 1, 8], [0, 6, -6, 6]],
    ids=str,
)
def test_refuses_runs_that_do_not_fill(runs: list[int]):
    with pytest.raises(InvalidStroke, match="6 voxels"):
        decode_mask(runs, (1, 2, 3))


@pytest.mark.parametrize("part", [(0, 0), (2, 1), (-1, 2), (0, 11), (10, 11), (0, 10**30), (-(10**30), 3)], ids=str)
@pytest.mark.parametrize("axis", range(3))
def test_refuses_boxes_outside_the_volume(part: tuple[int, int], axis: int):
    box = [(0, 1)] * 3
    box[axis] = part
    with pytest.raises(InvalidStroke, match=f"box {'zyx'[axis]}"):
        check_box(tuple(box), (10, 10, 10))


def test_takes_boxes_that_touch_the_border():
    check_box(((0, 10), (9, 10), (0, 1)), (10, 10, 10))
