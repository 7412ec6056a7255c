"""Strokes that paint only voxels whose image value lies in a range."""

import secrets
from typing import Any

import numpy as np
import pytest

from tests.annotate.conftest import RunningAnnotate, voxels
from tests.annotate.test_strokes import a_stroke, read_labels
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.volumes import import_volume

PLANE = {"box": [[4, 5], [0, 20], [0, 31]], "runs": [0, 20 * 31]}


def paint(annotate: RunningAnnotate, **changes: Any) -> Any:
    return annotate.client.post(f"{annotate.base}/strokes", a_stroke(**changes))


@pytest.mark.parametrize(("low", "high"), [(4100, 4230), (4100.5, 4229.5), (4117, 4117), (-1e300, 1e300), (0, 3999)])
def test_only_voxels_in_the_range_are_painted_ends_included(annotate: RunningAnnotate, low: float, high: float) -> None:
    answer = paint(annotate, **PLANE, intensity=[low, high])
    image = voxels((9, 20, 31))[4]
    expected = (image >= low) & (image <= high)
    np.testing.assert_array_equal(read_labels(annotate, 4), expected)
    assert answer["counts"] == ({"1": int(expected.sum())} if expected.any() else {})


def test_the_range_goes_with_mask_and_overwrite_rule(annotate: RunningAnnotate) -> None:
    paint(annotate, value=2, box=[[4, 5], [3, 9], [0, 31]], runs=[0, 6 * 31])
    mask = np.random.default_rng(0).random((20, 31)) < 0.5
    flat = np.flatnonzero(np.diff(np.concatenate(([False], mask.ravel(), [False]))))
    runs = np.diff(np.concatenate(([0], flat, [mask.size]))).tolist()
    paint(annotate, box=PLANE["box"], runs=runs, intensity=[4100, 4400], overwrite="class", replaces=2)
    image = voxels((9, 20, 31))[4]
    expected = np.zeros((20, 31), np.uint8)
    expected[3:9] = 2
    expected[(expected == 2) & mask & (image >= 4100) & (image <= 4400)] = 1
    np.testing.assert_array_equal(read_labels(annotate, 4), expected)


def test_a_voxel_without_a_value_lies_in_no_range(annotate: RunningAnnotate) -> None:
    image = np.linspace(0, 1, 9 * 20 * 31, dtype=np.float32).reshape(9, 20, 31)
    image[4, 5:9] = np.nan
    image[4, 10, :3] = np.inf
    info = import_volume(annotate.workspace, ArraySource(image), name=f"Float {secrets.token_hex(4)}", origin="test")
    annotate.client.post("/api/volumes", {"id": info.id})
    annotate.volume = info.id
    paint(annotate, **PLANE, intensity=[-1e308, 1e308])
    np.testing.assert_array_equal(read_labels(annotate, 4), np.isfinite(image[4]) | np.isinf(image[4]))


def test_a_range_works_through_a_3d_box_and_undo_knows_what_it_painted(annotate: RunningAnnotate) -> None:
    answer = paint(annotate, box=[[2, 7], [1, 18], [2, 30]], runs=[0, 5 * 17 * 28], intensity=[3000, 5010])
    image = voxels((9, 20, 31))[2:7, 1:18, 2:30]
    assert answer["counts"] == {"1": int(((image >= 3000) & (image <= 5010)).sum())}
    assert annotate.client.post(f"{annotate.base}/undo")["counts"] == {}
