"""What the tests of fills share: a volume with structure, orders, and plain searches to compare with."""

import secrets
from collections import deque
from itertools import product
from typing import Any

import numpy as np
import pytest

from tests.annotate.conftest import RunningAnnotate
from tests.annotate.test_strokes import merge
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.labels import Labels
from voxloop_shared.data.volumes import import_volume

SHAPE = (13, 37, 150)
"""Odd, long in x, and more than one chunk of labels wide."""
VOXEL_SIZE = (2.0, 0.75, 0.5)


def blobs(shape: tuple[int, ...] = SHAPE, seed: int = 0) -> np.ndarray:
    """Make soft structure of a few grey values, of which voxels of one value join in many ways."""
    values = np.random.default_rng(seed).integers(0, 6, shape)
    for axis in range(len(shape)):
        values = values + np.roll(values, 1, axis)
    return (values * 100).astype(np.uint16)


@pytest.fixture
def blobby(annotate_service: RunningAnnotate) -> RunningAnnotate:
    """The running service with a fresh volume of blobs."""
    info = import_volume(
        annotate_service.workspace,
        ArraySource(blobs()),
        name=f"Blobs {secrets.token_hex(4)}",
        origin="test",
        voxel_size=VOXEL_SIZE,
        unit="um",
    )
    annotate_service.client.post("/api/volumes", {"id": info.id})
    annotate_service.volume = info.id
    return annotate_service


def an_order(kind: str, **fields: Any) -> dict[str, Any]:
    """Make an order of class 1 on slice z = 4."""
    return {"id": secrets.token_hex(8), "kind": kind, "value": 1, "axis": "z", "index": 4} | fields


def fill(annotate: RunningAnnotate, kind: str, **fields: Any) -> dict[str, Any]:
    """Send an order and give the answer."""
    answer: dict[str, Any] = annotate.client.post(f"{annotate.base}/fills", an_order(kind, **fields))
    return answer


def labels_of(annotate: RunningAnnotate) -> np.ndarray:
    """Read the newest labels from the disk."""
    return np.asarray(Labels.open(annotate.workspace.labels_of(annotate.volume)).array()[:])


def lay(annotate: RunningAnnotate, labels: np.ndarray) -> None:
    """Give the volume labels."""
    merge(annotate, labels.astype(np.uint8))


def standing(axis: str, planes: np.ndarray) -> np.ndarray:
    """Turn planes (n, rows, columns) across an axis to (z, y, x)."""
    return np.moveaxis(planes, 0, "zyx".index(axis))


def joined(mask: np.ndarray, seeds: list[tuple[int, ...]], corners: bool = False) -> np.ndarray:
    """Mark what can be reached from the seeds inside a mask, one voxel after the other."""
    steps = [s for s in product((-1, 0, 1), repeat=mask.ndim) if any(s) and (corners or sum(map(abs, s)) == 1)]
    found = np.zeros(mask.shape, bool)
    waiting = deque(seed for seed in seeds if mask[seed])
    for seed in waiting:
        found[seed] = True
    while waiting:
        here = waiting.popleft()
        for step in steps:
            there = tuple(a + b for a, b in zip(here, step, strict=True))
            if all(0 <= a < n for a, n in zip(there, mask.shape, strict=True)) and mask[there] and not found[there]:
                found[there] = True
                waiting.append(there)
    return found
