"""Planes come as the bytes that stand in the volume."""

import shutil

import numpy as np
import pytest

from tests.annotate.conftest import RunningAnnotate, voxels
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.errors import InvalidInput, NotFound, VolumeNotFound

EXPECTED = voxels((9, 20, 31))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("axis=z&index=4", EXPECTED[4]),
        ("axis=y&index=19", EXPECTED[:, 19]),
        ("axis=x&index=30", EXPECTED[:, :, 30]),
        ("axis=z&index=0&y0=3&y1=7&x0=30&x1=31", EXPECTED[0, 3:7, 30:31]),
    ],
)
def test_a_plane_holds_the_voxels_of_the_volume(annotate: RunningAnnotate, query: str, expected: np.ndarray) -> None:
    response = annotate.client.request("GET", f"{annotate.base}/slice?{query}")
    assert response.headers["x-dtype"] == "uint16"
    assert response.headers["x-shape"] == ",".join(map(str, expected.shape))
    assert response.content == expected.astype("<u2").tobytes()


@pytest.mark.parametrize(
    "query", ["axis=z&index=9", "axis=z&index=-1", "axis=w&index=0", "axis=z&index=0&level=7", "axis=z&index=0&y0=5&y1=5"]
)
def test_refuses_a_plane_outside_the_volume(annotate: RunningAnnotate, query: str) -> None:
    with pytest.raises(InvalidInput):
        annotate.client.get(f"{annotate.base}/slice?{query}")


@pytest.mark.parametrize(
    "path", ["/api/volumes/no-such/slice?axis=z&index=0", "/api/volumes/..%2F..%2Fetc/slice?axis=z&index=0", "/api/volumes/%2e%2e"]
)
def test_knows_no_volume_outside_the_workspace(annotate: RunningAnnotate, path: str) -> None:
    with pytest.raises(NotFound):
        annotate.client.request("GET", path)


def test_an_unknown_api_route_is_404_and_not_the_page(annotate: RunningAnnotate) -> None:
    with pytest.raises(NotFound, match="no route"):
        annotate.client.get("/api/such/a/route")


def test_lists_only_volumes_that_were_added(annotate: RunningAnnotate) -> None:
    import_volume(annotate.workspace, ArraySource(EXPECTED), name=f"unseen {annotate.volume}", origin="test")
    listed = [volume["id"] for volume in annotate.client.get("/api/volumes")["volumes"]]
    assert annotate.volume in listed
    assert f"unseen-{annotate.volume}" not in listed
    with pytest.raises(VolumeNotFound):
        annotate.client.post("/api/volumes", {"id": "never-imported"})


def test_a_volume_whose_import_was_killed_before_it_was_announced_is_there_after_a_restart(annotate: RunningAnnotate) -> None:
    name = f"orphan-{annotate.volume}"
    import_volume(annotate.workspace, ArraySource(EXPECTED), name=name, origin="test")
    strangers = [annotate.workspace.volumes / f"{kind}.zarr" for kind in ("empty", "foreign", "Bad Name")]
    for stranger in strangers:
        stranger.mkdir()
        if stranger.stem != "empty":
            (stranger / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group", "attributes": {}}')
    annotate.kill()
    annotate.start()
    for stranger in strangers:
        shutil.rmtree(stranger)
    assert name in [volume["id"] for volume in annotate.client.get("/api/volumes")["volumes"]]
    assert annotate.client.get(f"/api/volumes/{name}/classes")["counts"] == {}
