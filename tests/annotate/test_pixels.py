"""Planes come as the bytes that stand in the volume."""

import secrets
import shutil
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from tests.annotate.conftest import RunningAnnotate, voxels
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.predictions import finish_prediction, new_prediction
from voxloop_shared.data.volumes import import_volume, level_array
from voxloop_shared.errors import InvalidInput, NotFound, PredictionNotFound, VolumeNotFound
from voxloop_shared.schemas import ModelRef, PredictionInfo, VolumeInfo

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
        annotate.client.request("GET", f"{annotate.base}/slice?{query}")


def add_prediction(annotate: RunningAnnotate, layers: dict[str, np.ndarray]) -> str:
    """Write a prediction of the volume into the workspace and give its id."""
    volume = VolumeInfo.model_validate(annotate.client.get(annotate.base))
    info = PredictionInfo(
        id=f"p{secrets.token_hex(4)}",
        volume=volume.id,
        model=ModelRef(name="unet", version=1, digest="0" * 64),
        snapshot="S",
        planes="z",
        job=None,
        classes=[],
        levels=volume.levels,
        author="test",
        created=datetime.now(UTC),
        duration_s=1.0,
    )
    with new_prediction(annotate.workspace, volume, info.id) as group:
        for name, voxels_of in layers.items():
            level_array(group, f"{name}/0")[:] = voxels_of
        finish_prediction(group, volume, info)
    return info.id


@pytest.mark.parametrize("layer", ["class", "confidence"])
@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("axis=z&index=4", np.s_[4]),
        ("axis=z&index=8&y0=3&y1=7&x0=30&x1=31", np.s_[8, 3:7, 30:31]),
        ("axis=y&index=19&y0=2&x1=5", np.s_[2:, 19, :5]),
        ("axis=x&index=0&y1=3&x0=11&x1=20", np.s_[:3, 11:20, 0]),
    ],
)
def test_a_part_of_a_prediction_holds_its_voxels(annotate: RunningAnnotate, layer: str, query: str, part: Any) -> None:
    rng = np.random.default_rng(0)
    layers = {name: rng.integers(0, 256, (9, 20, 31), np.uint8) for name in ("class", "confidence")}
    route = f"{annotate.base}/predictions/{add_prediction(annotate, layers)}/{layer}"
    response = annotate.client.request("GET", f"{route}?{query}")
    expected = layers[layer][part]
    assert response.headers["x-shape"] == ",".join(map(str, expected.shape))
    assert response.content == expected.tobytes()
    with pytest.raises(InvalidInput):
        annotate.client.request("GET", f"{route}?{query}&y0=10&y1=32")
    with pytest.raises(PredictionNotFound):
        annotate.client.request("GET", f"{annotate.base}/predictions/none/{layer}?{query}")


def histogram_of(annotate: RunningAnnotate, array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    info = import_volume(annotate.workspace, ArraySource(array), name=f"Grey {secrets.token_hex(4)}", origin="test")
    found = annotate.client.get(f"/api/volumes/{info.id}/histogram")
    return np.array(found["edges"]), np.array(found["counts"])


@pytest.mark.parametrize(
    ("dtype", "low", "high"), [("uint16", 0, 65535), ("uint16", 900, 1400), ("int16", -3000, 3000), ("int16", -32768, 32767)]
)
def test_the_histogram_counts_every_voxel_near_its_value(annotate: RunningAnnotate, dtype: str, low: int, high: int) -> None:
    rng = np.random.default_rng(0)
    grey = np.clip(rng.normal((low + high) / 2, (high - low) / 8, (9, 40, 51)), low, high).astype(dtype)
    grey[0, 0, :2] = low, high
    edges, counts = histogram_of(annotate, grey)
    assert (edges[0], edges[-1], len(counts), len(edges)) == (low - 0.5, high + 0.5, 256, 257)
    assert counts.sum() == grey.size
    below = [(grey < edge).sum() for edge in edges]
    often = np.unique(grey, return_counts=True)[1].max()
    assert abs(np.concatenate(([0], counts.cumsum())) - below).max() <= often  # a value that an edge cuts is shared by two bins


def test_the_histogram_of_8_bits_counts_each_value(annotate: RunningAnnotate) -> None:
    grey = np.random.default_rng(0).integers(0, 256, (9, 20, 31)).astype(np.uint8)
    edges, counts = histogram_of(annotate, grey)
    np.testing.assert_array_equal(edges, np.arange(257) - 0.5)
    np.testing.assert_array_equal(counts, [(grey == value).sum() for value in range(256)])


def test_the_histogram_leaves_out_what_is_no_number(annotate: RunningAnnotate) -> None:
    grey = np.random.default_rng(0).normal(size=(9, 20, 31)).astype(np.float32)
    grey[0, 0, :4] = np.nan, np.inf, -np.inf, 4e3
    edges, counts = histogram_of(annotate, grey)
    finite = grey[np.isfinite(grey)].astype(float)
    assert (edges[0], edges[-1], counts.sum()) == (finite.min(), 4e3, finite.size)
    for start, stop, count in zip(edges[:-1], [*edges[1:-1], np.inf], counts, strict=True):
        assert count == ((finite >= start) & (finite < stop)).sum()


@pytest.mark.parametrize("value", [np.uint8(7), np.int16(-5), np.float32(0.25)])
def test_the_histogram_of_one_value_has_one_bin_of_voxels_around_it(annotate: RunningAnnotate, value: Any) -> None:
    edges, counts = histogram_of(annotate, np.full((3, 4, 5), value))
    assert edges[0] < value < edges[-1]
    assert counts.sum() == 60
    assert (np.diff(edges) > 0).all()


def test_the_histogram_of_a_large_volume_is_of_a_coarser_level(annotate: RunningAnnotate) -> None:
    grey = np.broadcast_to(np.arange(256, dtype=np.uint8)[:, None, None], (256, 200, 200))
    _, counts = histogram_of(annotate, grey)
    assert counts.sum() == 128 * 100 * 100


def test_an_unknown_volume_has_no_histogram(annotate: RunningAnnotate) -> None:
    with pytest.raises(VolumeNotFound):
        annotate.client.get("/api/volumes/no-such/histogram")


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
