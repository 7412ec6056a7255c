"""Post-processing as a service: jobs that make new predictions, previews that agree with them, and what is refused."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pytest

from tests.infer.conftest import IDS
from tests.infer.test_jobs import ended
from tests.infer.test_postprocessing import blobs
from tests.waiting import wait_until
from voxloop_infer.app import create_app
from voxloop_infer.postprocessing import preview
from voxloop_infer.settings import InferSettings
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.predictions import finish_prediction, list_predictions, new_prediction, open_prediction
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.errors import InvalidInput, PredictionNotFound, Superseded, TooLarge, UnknownClass, VolumeNotFound
from voxloop_shared.schemas import LabelClass, ModelRef, PredictionInfo
from voxloop_shared.workspace import Workspace

SHAPE = (20, 60, 70)
CLASSES = [LabelClass(id=n, name=f"class {n}", color="#112233") for n in (1, 2, 5)]
CHAIN = {
    "steps": [
        {"kind": "range", "low": 20},
        {"kind": "closing", "size": 3, "extent": "volume"},
        {"kind": "remove_small", "minimum": 25, "classes": [5]},
        {"kind": "fill_holes", "extent": "slice", "classes": [2]},
    ]
}
LOCAL = {"steps": CHAIN["steps"][:2]}


def predict(workspace: Workspace, volume, numbers: np.ndarray, prediction_id: str = "p1") -> None:
    info = PredictionInfo(
        id=prediction_id, volume=volume.id, model=ModelRef(name="rocks", version=3, digest="d"), snapshot="S", planes="z", job="j1",
        classes=CLASSES, levels=volume.levels, author="ada", created=datetime.now(UTC), duration_s=1,
    )  # fmt: skip
    with new_prediction(workspace, volume, prediction_id) as group:
        group["class/0"][:] = numbers
        group["confidence/0"][:] = np.arange(numbers.size).reshape(numbers.shape) % 251
        finish_prediction(group, volume, info)


@pytest.fixture
def rock(make_volume, workspace):
    volume = make_volume("rock", shape=SHAPE, dtype="float32", voxel_size=(1, 1, 1), unit="mm")
    predict(workspace, volume, blobs(SHAPE))
    return volume


def classes_of(workspace, prediction_id: str) -> np.ndarray:
    return np.asarray(open_prediction(workspace, "rock", prediction_id)[1]["class/0"])


def order(**changes) -> dict:
    return {"volume": "rock", "prediction": "p1", "chain": CHAIN} | changes


def test_a_job_makes_a_new_prediction_and_leaves_its_source_alone(infer, rock, workspace):
    done = ended(infer, infer.post("/jobs/postprocess", order()))
    assert (done["state"], done["kind"], done["progress"]) == ("succeeded", "postprocess", 0.95), done["error"]
    info, group = open_prediction(workspace, "rock", done["result"]["prediction"])
    assert (info.id, info.job, info.source, info.model.version, info.snapshot) == (done["id"], done["id"], "p1", 3, "S")
    assert [step["kind"] for step in info.chain["steps"]] == ["range", "closing", "remove_small", "fill_holes"]
    found, before = np.asarray(group["class/0"]), classes_of(workspace, "p1")
    np.testing.assert_array_equal(before, blobs(SHAPE))
    assert (found != before).any()
    numbers, counts = np.unique(found, return_counts=True)
    assert done["result"]["voxels"] == {str(n): int(c) for n, c in zip(numbers, counts, strict=True)}
    source = open_prediction(workspace, "rock", "p1")[1]
    np.testing.assert_array_equal(np.asarray(group["confidence/0"]), np.asarray(source["confidence/0"]))
    assert sorted(group) == sorted(source)
    assert group.attrs["voxloop"]["levels"] == source.attrs["voxloop"]["levels"]
    assert group["class"].attrs["ome"] == source["class"].attrs["ome"]


def test_the_same_inputs_give_the_same_voxels(infer, rock, workspace):
    first, again = (ended(infer, infer.post("/jobs/postprocess", order()))["id"] for _ in range(2))
    np.testing.assert_array_equal(classes_of(workspace, first), classes_of(workspace, again))


@pytest.mark.parametrize(("axis", "index"), [("z", 7), ("y", 31), ("x", 0)])
@pytest.mark.parametrize("region", [None, ((3, 15), (10, 41))])
@pytest.mark.parametrize("chain", [CHAIN, LOCAL], ids=["whole", "local"])
def test_a_preview_shows_what_the_job_will_make(infer, rock, workspace, axis, index, region, chain):
    answer = infer.request("POST", "/postprocess/preview", json=order(chain=chain, axis=axis, index=index, region=region))
    rows, columns = map(int, answer.headers["X-Shape"].split(","))
    shown = np.frombuffer(answer.content, np.uint8).reshape(rows, columns)
    made = classes_of(workspace, ended(infer, infer.post("/jobs/postprocess", order(chain=chain)))["id"])
    plane = made.take(index, "zyx".index(axis))
    (top, bottom), (left, right) = region or ((0, plane.shape[0]), (0, plane.shape[1]))
    np.testing.assert_array_equal(shown, plane[top:bottom, left:right])
    assert answer.headers["X-Exact"] == "yes"


def test_components_of_a_volume_too_large_for_a_preview_are_said_to_be_a_guess(infer, rock, monkeypatch):
    monkeypatch.setattr(preview, "_BOX_VOXELS", 20_000)
    chain = {"steps": [{"kind": "remove_small", "minimum": 10_000, "classes": [2, 5]}]}
    answer = infer.request("POST", "/postprocess/preview", json=order(chain=chain, index=10, region=((20, 30), (20, 30))))
    assert answer.headers["X-Exact"] == "no"
    z, y, x = (tuple(map(int, part.split(":"))) for part in answer.headers["X-Box"].split(","))
    size = np.prod([b - a for a, b in (z, y, x)])
    assert 10_000 < size <= 20_000
    assert z[0] <= 10 < z[1]
    assert y[0] <= 20
    assert y[1] >= 30
    local = infer.request("POST", "/postprocess/preview", json=order(chain=LOCAL, index=10, region=((20, 30), (20, 30))))
    assert local.headers["X-Exact"] == "yes"


def test_what_leaves_the_box_of_a_preview_counts_as_large(infer, make_volume, workspace, monkeypatch):
    monkeypatch.setattr(preview, "_BOX_VOXELS", 3000)
    numbers = np.ones(SHAPE, np.uint8)
    numbers[10, 30, :] = 2
    numbers[10, 25, 30:34] = 2
    predict(workspace, make_volume("rock", shape=SHAPE), numbers)
    chain = {"steps": [{"kind": "remove_small", "minimum": 60, "classes": [2]}]}
    answer = infer.request("POST", "/postprocess/preview", json=order(chain=chain, index=10, region=((24, 32), (26, 38))))
    shown = np.frombuffer(answer.content, np.uint8).reshape(8, 12)
    assert answer.headers["X-Exact"] == "no"
    assert shown[6].tolist() == [2] * 12
    assert (shown == 2).sum() == 12


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"volume": "nowhere"}, VolumeNotFound, "nowhere"),
        ({"prediction": "p7"}, PredictionNotFound, "p7"),
        ({"chain": {"steps": []}}, InvalidInput, "at least 1 item"),
        ({"chain": {"steps": [{"kind": "closing", "size": 4}]}}, InvalidInput, "use 3 or 5"),
        ({"chain": {"steps": [{"kind": "closing", "size": 301}]}}, InvalidInput, "31"),
        ({"chain": {"steps": [{"kind": "closing", "classes": [4]}]}}, UnknownClass, "it has 1, 2, 5"),
        ({"chain": {"steps": [{"kind": "blur"}]}}, InvalidInput, "blur"),
    ],
)
def test_refuses_at_once_what_cannot_be_done(infer, rock, change, error, said):
    for path, extra in (("/jobs/postprocess", {}), ("/postprocess/preview", {"index": 0})):
        with pytest.raises(error) as refusal:
            infer.post(path, order(**change) | extra)
        assert said in f"{refusal.value.message} {refusal.value.detail}"
    assert infer.get("/jobs") == []


def test_a_size_in_ml_needs_a_physical_unit(infer, make_volume, workspace):
    predict(workspace, make_volume("rock", shape=SHAPE, unit="voxel"), blobs(SHAPE))
    chain = {"steps": [{"kind": "remove_small", "minimum": 0.5, "unit": "ml"}]}
    with pytest.raises(InvalidInput, match="give the size in voxels"):
        infer.post("/jobs/postprocess", order(chain=chain))


@pytest.mark.parametrize("where", [{"index": 20}, {"index": -1}, {"index": 0, "region": ((0, 61), (0, 5))}])
def test_a_preview_outside_the_volume_is_refused(infer, rock, where):
    with pytest.raises(InvalidInput):
        infer.post("/postprocess/preview", order() | where)


def test_a_preview_that_would_take_too_much_is_refused(infer, rock, monkeypatch):
    monkeypatch.setattr(preview, "_MOST_VOXELS", 1000)
    with pytest.raises(TooLarge, match="smaller"):
        infer.post("/postprocess/preview", order(index=3))


def test_a_prediction_that_goes_while_its_job_waits_fails_the_job(infer, make_volume, rock, workspace):
    large = import_volume(workspace, ArraySource(np.zeros((64, 512, 512), np.uint8)), name="large", origin="test")
    predict(workspace, large, np.tile(np.array([1, 2, 5, 2], np.uint8), (64, 512, 128)))
    slow = {"steps": [{"kind": "gaussian", "sigma": 3, "extent": "volume"}]}
    first = infer.post("/jobs/postprocess", {"volume": "large", "prediction": "p1", "chain": slow})
    second = infer.post("/jobs/postprocess", order())
    shutil.rmtree(workspace.prediction("rock", "p1"))
    done = ended(infer, second)
    assert (done["state"], done["error"]["type"]) == ("failed", "PredictionNotFound")
    assert list_predictions(workspace, "rock") == []
    assert ended(infer, first)["state"] == "succeeded"


def test_a_cancelled_job_leaves_nothing(infer, workspace):
    large = import_volume(workspace, ArraySource(np.zeros((96, 512, 512), np.uint8)), name="large", origin="test")
    predict(workspace, large, np.tile(np.array([1, 2, 5, 2], np.uint8), (96, 512, 128)))
    steps = [{"kind": "gaussian", "sigma": 3, "extent": "volume"}] * 5
    job = infer.post("/jobs/postprocess", {"volume": "large", "prediction": "p1", "chain": {"steps": steps}})
    wait_until(lambda: infer.get(f"/jobs/{job['id']}")["message"].startswith("post-processing"))
    assert infer.post(f"/jobs/{job['id']}/cancel")["state"] == "cancelled"
    folder = workspace.predictions_of("large")
    wait_until(lambda: [path.name for path in folder.iterdir()] == ["p1.zarr"])


def test_a_full_disk_is_named_and_nothing_is_left(serve_app, registry, run_dir, small_disk):
    workspace = Workspace(small_disk / "ws")
    workspace.prepare()
    rng = np.random.default_rng(0)
    volume = import_volume(workspace, ArraySource(np.zeros((16, 512, 512), np.uint8)), name="rock", origin="test")
    predict(workspace, volume, rng.choice(np.array([1, 2, 5], np.uint8), (16, 512, 512)))
    infer = serve_app(create_app(InferSettings(workspace=workspace.root, run_dir=run_dir)), "infer")
    filler = small_disk / "filler"
    with filler.open("wb") as stream:
        free = shutil.disk_usage(small_disk).free - (1 << 20)
        stream.write(b"x" * free)
    done = ended(infer, infer.post("/jobs/postprocess", order(chain={"steps": [{"kind": "dilation", "extent": "slice"}]})))
    assert (done["state"], done["error"]["type"]) == ("failed", "DiskFull"), done
    assert [path.name for path in workspace.predictions_of("rock").iterdir()] == ["p1.zarr"]


def test_a_prediction_can_end_with_a_chain_and_both_are_kept(infer, publish, make_volume, workspace):
    make_volume("rock", shape=(9, 70, 90), dtype="uint8")
    publish()
    chain = {"steps": [{"kind": "remove_small", "minimum": 200}, {"kind": "majority", "size": 3}]}
    done = ended(infer, infer.post("/jobs", {"volume": "rock", "model": "rocks", "chain": chain}))
    assert done["state"] == "succeeded", done["error"]
    made, raw = (open_prediction(workspace, "rock", name)[0] for name in (done["result"]["prediction"], done["result"]["source"]))
    assert (made.source, raw.source, raw.chain) == (raw.id, None, None)
    assert made.created > raw.created
    told = [line["progress"] for line in infer.get(f"/jobs/{done['id']}/metrics")]
    assert told == sorted(told)
    assert {round(share, 2) for share in told} >= {0.8, 0.99}  # one progress: predicted, then post-processed
    redone = ended(infer, infer.post("/jobs/postprocess", order(prediction=raw.id, chain=chain)))
    np.testing.assert_array_equal(classes_of(workspace, redone["id"]), classes_of(workspace, made.id))
    assert set(np.unique(classes_of(workspace, made.id))) <= set(IDS)


def test_a_chain_that_the_model_cannot_have_is_refused_before_predicting(infer, publish, make_volume):
    make_volume("rock", shape=(5, 40, 40))
    publish()
    with pytest.raises(UnknownClass, match="it has 2, 7, 9"):
        infer.post("/jobs", {"volume": "rock", "model": "rocks", "chain": {"steps": [{"kind": "closing", "classes": [1]}]}})
    assert infer.get("/jobs") == []


def test_a_job_that_was_interrupted_between_its_phases_predicts_no_second_time(infer, publish, make_volume, workspace):
    """What the job does next fails; resumed, it goes on from the prediction that is there."""
    make_volume("rock", shape=(9, 70, 90), dtype="uint8")
    publish()
    chain = {"steps": [{"kind": "remove_small", "minimum": 200}]}
    aside = workspace.predictions_of("rock") / "aside"

    def block_second_phase(job):
        path = workspace.prediction("rock", f"{job['id']}-chain")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("in the way")
        return path

    job = infer.post("/jobs", {"volume": "rock", "model": "rocks", "chain": chain})
    obstacle = block_second_phase(job)
    assert ended(infer, job)["state"] == "failed"
    raw = open_prediction(workspace, "rock", job["id"])[0]
    before = [line["message"] for line in infer.get(f"/jobs/{job['id']}/metrics")]
    obstacle.rename(aside)
    infer.post(f"/jobs/{job['id']}/resume")
    done = ended(infer, job)
    assert done["state"] == "succeeded", done["error"]
    after = [line["message"] for line in infer.get(f"/jobs/{job['id']}/metrics")][len(before) :]
    assert not any(message.startswith("block") for message in after)
    assert open_prediction(workspace, "rock", job["id"])[0].created == raw.created
    assert done["result"]["source"] == job["id"]


def test_a_newer_preview_of_a_client_ends_the_older_ones(infer, workspace):
    large = import_volume(workspace, ArraySource(np.zeros((40, 512, 512), np.uint8)), name="large", origin="test")
    predict(workspace, large, np.tile(np.array([1, 2, 5, 2], np.uint8), (40, 512, 128)))
    slow = {"steps": [{"kind": "gaussian", "sigma": 1.5, "extent": "volume"}] * 4}
    request = {"volume": "large", "prediction": "p1", "chain": slow, "index": 20, "client": "page-z"}
    with ThreadPoolExecutor(3) as pool:
        outcomes = [
            future.exception() for future in [pool.submit(infer.request, "POST", "/postprocess/preview", json=request) for _ in range(3)]
        ]
    assert sorted(isinstance(error, Superseded) for error in outcomes) == [False, True, True]
