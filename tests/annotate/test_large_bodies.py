"""A body that is too large is refused before it fills the memory; images and weights may be as large as they are."""

import itertools
import secrets
from collections.abc import Iterator

import numpy as np
import psutil
import pytest

from tests.annotate.conftest import RunningAnnotate
from tests.annotate.test_strokes import a_stroke
from voxloop_shared import errors
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.volumes import import_volume

MIB = 2**20
PIECE = b"0," * (MIB // 2)


def pieces(count: int) -> Iterator[bytes]:
    return itertools.repeat(PIECE, count)


def test_a_large_body_for_nobody_is_refused_too(annotate: RunningAnnotate) -> None:
    with pytest.raises(errors.TooLarge):
        annotate.client.request("POST", "/api/nothing/of/the/kind", content=PIECE * 40)


@pytest.mark.parametrize("route", ["/strokes", "/undo", "/jump", "/restore", "/classes"])
@pytest.mark.parametrize("is_announced", [True, False], ids=["announced", "counted"])
def test_a_body_of_100_mb_is_refused_and_nothing_changes(annotate: RunningAnnotate, route: str, is_announced: bool) -> None:
    annotate.client.post(f"{annotate.base}/strokes", a_stroke())
    before = annotate.client.get(f"{annotate.base}/history")
    memory = psutil.Process(annotate.process.pid).memory_info().rss
    headers = {"Content-Type": "application/json"} | ({"Content-Length": str(100 * MIB)} if is_announced else {})
    method = "PUT" if route == "/classes" else "POST"
    with pytest.raises(errors.TooLarge, match="32 MiB"):
        annotate.client.request(method, annotate.base + route, content=pieces(100), headers=headers)
    assert psutil.Process(annotate.process.pid).memory_info().rss - memory < 80 * MIB
    assert annotate.client.get(f"{annotate.base}/history") == before


def test_a_label_image_may_be_larger(annotate: RunningAnnotate) -> None:
    image = np.broadcast_to(np.uint8(0), (10, 2048, 2048))
    info = import_volume(annotate.workspace, ArraySource(image), name=f"Large {secrets.token_hex(4)}", origin="test")
    annotate.client.post("/api/volumes", {"id": info.id})
    plane = np.zeros((2048, 2048), np.uint8)
    plane[100:103] = 1
    headers = {"X-Shape": "10,2048,2048"}
    answer = annotate.client.request(
        "PUT", f"/api/volumes/{info.id}/labels", content=itertools.repeat(plane.tobytes(), 10), headers=headers, timeout_s=60
    )
    assert answer.json()["counts"] == {"1": 10 * 3 * 2048}
