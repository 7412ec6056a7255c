"""What the page takes away from a prediction: amounts, files, and other predictions by chains."""

import csv
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import zarr

from tests.infer.test_postprocessing import blobs
from tests.infer.test_postprocessing_jobs import CHAIN, SHAPE, predict
from tests.waiting import wait_until
from voxloop_annotate.app import create_app
from voxloop_annotate.settings import AnnotateSettings
from voxloop_infer.app import create_app as create_infer
from voxloop_infer.settings import InferSettings
from voxloop_shared.data.images import ArraySource, open_image
from voxloop_shared.data.predictions import open_prediction
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.errors import InvalidInput, PredictionNotFound, ServiceUnavailable, UnknownClass

BASE = "/api/volumes/rock/predictions/p1"


@pytest.fixture
def annotate(serve_app, workspace, run_dir, make_volume):
    predict(workspace, make_volume("rock", shape=SHAPE, dtype="float32", voxel_size=(2, 0.5, 0.5), unit="mm"), blobs(SHAPE))
    return serve_app(create_app(AnnotateSettings(workspace=workspace.root, run_dir=run_dir)), "annotate")


@pytest.fixture
def infer(serve_app, workspace, run_dir):
    return serve_app(create_infer(InferSettings(workspace=workspace.root, run_dir=run_dir)), "infer")


def test_amounts_say_how_much_of_each_class_there_is(annotate):
    found = annotate.get(f"{BASE}/amounts")
    assert {entry["id"]: entry["voxels"] for entry in found["classes"]} == {n: int((blobs(SHAPE) == n).sum()) for n in (1, 2, 5)}
    assert found["classes"][0]["space"] == pytest.approx(found["classes"][0]["voxels"] * 0.5)
    answer = annotate.request("GET", f"{BASE}/amounts", params={"format": "csv"})
    assert 'filename="rock-amounts.csv"' in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [int(row["voxels"]) for row in rows] == [entry["voxels"] for entry in found["classes"]]


@pytest.mark.parametrize("kind", ["tif", "nii", "nii.gz"])
@pytest.mark.parametrize(
    ("query", "name"), [({}, "rock-class"), ({"class": "5"}, "rock-class-5"), ({"layer": "confidence"}, "rock-confidence")]
)
def test_a_download_holds_what_the_prediction_says(annotate, workspace, tmp_path: Path, kind, query, name):
    answer = annotate.request("GET", f"{BASE}/export", params={"format": kind} | query)
    assert f'filename="{name}.{kind}"' in answer.headers["Content-Disposition"]
    path = tmp_path / f"a.{kind}"
    path.write_bytes(answer.content)
    with open_image(path) as source:
        found = source.read(slice(0, SHAPE[0]), slice(0, SHAPE[1]))
        assert source.voxel_size == pytest.approx((2, 0.5, 0.5))
    group = open_prediction(workspace, "rock", "p1")[1]
    expected = np.asarray(group["confidence/0"]) if "layer" in query else blobs(SHAPE)
    np.testing.assert_array_equal(found, expected == 5 if "class" in query else expected)
    wait_until(lambda: list((workspace.root / ".downloads").iterdir()) == [])


def test_an_ome_zarr_comes_as_a_zip_with_the_classes_in_it(annotate, tmp_path: Path):
    answer = annotate.request("GET", f"{BASE}/export", params={"format": "zarr.zip"})
    zipfile.ZipFile(io.BytesIO(answer.content)).extractall(tmp_path)
    group = zarr.open_group(tmp_path / "rock-class.zarr", mode="r")
    np.testing.assert_array_equal(np.asarray(group["0"]), blobs(SHAPE))
    label = group.attrs["ome"]["image-label"]
    assert [entry["label-value"] for entry in label["colors"]] == [1, 2, 5]


@pytest.mark.parametrize(
    ("path", "query", "error"),
    [
        ("/api/volumes/rock/predictions/p9/amounts", {}, PredictionNotFound),
        ("/api/volumes/rock/predictions/p9/export", {}, PredictionNotFound),
        (f"{BASE}/export", {"format": "png"}, InvalidInput),
        (f"{BASE}/export", {"layer": "depth"}, InvalidInput),
        (f"{BASE}/export", {"class": "9"}, UnknownClass),
    ],
)
def test_refuses_what_there_is_not(annotate, workspace, path, query, error):
    with pytest.raises(error):
        annotate.request("GET", path, params=query)
    folder = workspace.root / ".downloads"
    assert not folder.exists() or list(folder.iterdir()) == []


def test_downloads_that_were_cut_off_are_gone_at_the_next_start(serve_app, workspace, run_dir):
    left = workspace.root / ".downloads" / "x" / "half.tif"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    serve_app(create_app(AnnotateSettings(workspace=workspace.root, run_dir=run_dir)), "annotate")
    assert not left.exists()


def test_the_form_of_a_chain_comes_with_its_presets(annotate):
    found = annotate.get("/api/chains")
    steps = found["schema"]["properties"]["steps"]["items"]["discriminator"]["mapping"]
    assert {"range", "closing", "remove_small", "fill_holes", "keep_largest"} <= set(steps)
    assert [step["kind"] for step in found["presets"]["sarcopenia"]["steps"]] == ["range", "closing", "remove_small", "dilation", "range"]


@pytest.mark.parametrize("level", [0, -1])
@pytest.mark.parametrize(("axis", "index"), [("z", 13), ("x", 40)])
def test_a_preview_at_any_level_is_what_the_job_makes(annotate, infer, workspace, axis, index, level):
    """On a volume wide enough for a pyramid."""
    numbers = np.tile(blobs(SHAPE), (1, 3, 4))[:, :150, :260]
    workspace_volume = _wide(workspace, numbers)
    base = f"/api/volumes/{workspace_volume.id}/predictions/p1"
    level = range(len(workspace_volume.levels))[level]
    step = workspace_volume.levels[level].scale["zyx".index(axis)]
    query = {"axis": axis, "index": index - index % step, "level": level}
    answer = annotate.request("GET", f"{base}/chained", params=query | {"chain": json.dumps(CHAIN)})
    assert answer.headers["X-Exact"] == "yes"
    job = annotate.post(f"{base}/postprocess", {"chain": CHAIN})
    wait_until(lambda: infer.get(f"/jobs/{job['id']}")["state"] == "succeeded")
    made = annotate.request("GET", f"/api/volumes/wide/predictions/{job['id']}/class", params=query)
    assert made.content == answer.content
    assert made.headers["X-Shape"] == answer.headers["X-Shape"]
    plain = annotate.request("GET", f"{base}/class", params=query)
    assert plain.content != made.content


def _wide(workspace, numbers):
    image = np.random.default_rng(0).integers(0, 100, numbers.shape).astype("uint8")
    volume = import_volume(workspace, ArraySource(image), name="wide", origin="test", voxel_size=(1, 1, 1), unit="mm")
    predict(workspace, volume, numbers)
    return volume


@pytest.mark.parametrize("chain", ["{", '{"steps": []}', '{"steps": [{"kind": "closing", "classes": [3]}]}'])
def test_a_chain_that_cannot_be_is_refused(annotate, infer, chain):
    with pytest.raises(InvalidInput):
        annotate.request("GET", f"{BASE}/chained", params={"chain": chain, "axis": "z", "index": 0})


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # httpcore leaves the socket of a refused connection open
def test_a_preview_without_infer_says_so(annotate):
    with pytest.raises(ServiceUnavailable, match="infer"):
        annotate.request("GET", f"{BASE}/chained", params={"chain": json.dumps(CHAIN), "axis": "z", "index": 0})


def test_a_chain_is_checked_without_computing(annotate):
    assert annotate.post(f"{BASE}/postprocess/check", {"chain": CHAIN})["chain"]["fallback"] is None
    with pytest.raises(UnknownClass, match="no class 9"):
        annotate.post(f"{BASE}/postprocess/check", {"chain": CHAIN | {"priority": [9]}})
