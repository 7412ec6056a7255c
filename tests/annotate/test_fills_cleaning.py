"""Holes are filled and islands erased, on one slice and in one class."""

from typing import Any

import numpy as np
import pytest

from tests.annotate.conftest import RunningAnnotate
from tests.annotate.filling import SHAPE, blobby, fill, joined, labels_of, lay, standing

__all__ = ["blobby"]
INDEX = {"z": 4, "y": 20, "x": 75}


def speckled(axis: str) -> np.ndarray:
    """Label a slice across an axis with both classes, uncertain and nothing, in shapes full of holes and islands; and its neighbour."""
    across = "zyx".index(axis)
    lengths = tuple(n for number, n in enumerate(SHAPE) if number != across)
    planes = np.zeros((SHAPE[across], *lengths), np.uint8)
    for index in (INDEX[axis], INDEX[axis] + 1):
        planes[index] = np.random.default_rng(index).choice([0, 1, 2, 255], lengths, p=[0.12, 0.3, 0.5, 0.08])
    return standing(axis, planes)


def plane_of(labels: np.ndarray, axis: str) -> np.ndarray:
    return labels[standing(axis, np.arange(SHAPE["zyx".index(axis)])[:, None, None] == INDEX[axis]) & np.ones(SHAPE, bool)].reshape(
        [n for name, n in zip("zyx", SHAPE, strict=True) if name != axis]
    )


@pytest.mark.parametrize("axis", ["z", "y", "x"])
@pytest.mark.parametrize("rule", [{}, {"overwrite": "unlabelled"}, {"overwrite": "class", "replaces": 255}])
def test_holes_are_what_the_border_cannot_reach(blobby: RunningAnnotate, axis: str, rule: dict[str, Any]) -> None:
    before = speckled(axis)
    lay(blobby, before)
    answer = fill(blobby, "holes", axis=axis, index=INDEX[axis], value=2, **rule)
    plane = plane_of(before, axis)
    border = np.ones(plane.shape, bool)
    border[1:-1, 1:-1] = False
    holes = (plane != 2) & ~joined(plane != 2, [tuple(place) for place in np.argwhere(border)])
    paintable = {None: np.ones(plane.shape, bool), "unlabelled": plane == 0, "class": plane == 255}[rule.get("overwrite")]
    expected = np.where(holes & paintable, 2, plane)
    after = labels_of(blobby)
    np.testing.assert_array_equal(plane_of(after, axis), expected)
    assert answer["changed"] == (after != before).sum() == (holes & paintable).sum() > 0


@pytest.mark.parametrize("axis", ["z", "y", "x"])
@pytest.mark.parametrize("smallest", [2, 9])
def test_islands_are_the_pieces_with_fewer_voxels(blobby: RunningAnnotate, axis: str, smallest: int) -> None:
    before = speckled(axis)
    lay(blobby, before)
    answer = fill(blobby, "islands", axis=axis, index=INDEX[axis], value=1, smallest=smallest, overwrite="unlabelled")
    plane = plane_of(before, axis)
    expected = plane.copy()
    for place in np.argwhere(plane == 1):
        piece = joined(plane == 1, [tuple(place)], corners=True)
        if piece.sum() < smallest:
            expected[piece] = 0
    after = labels_of(blobby)
    np.testing.assert_array_equal(plane_of(after, axis), expected)
    assert answer["changed"] == (after != before).sum() > 0
    assert answer["counts"]["1"] == (after == 1).sum() > 0
