import subprocess
import sys

import numpy as np
import pytest

from tests.conftest import serving
from tests.train.conftest import CLASSES, ended, stripes_of_labels, two_phases
from tests.waiting import wait_until
from voxloop_registry.app import create_app as create_registry
from voxloop_registry.settings import RegistrySettings
from voxloop_shared.data.history import Commit
from voxloop_shared.data.labels import Labels, class_color
from voxloop_shared.data.origins import accept_states
from voxloop_shared.errors import (
    InvalidInput,
    JobNotFound,
    ModelNotFound,
    SnapshotNotFound,
    TooFewLabels,
    VolumeNotFound,
)
from voxloop_shared.schemas import LabelClass, OverwriteRule
from voxloop_shared.settings import socket_path
from voxloop_train.app import create_app

QUICK = {"width": 4, "depth": 2, "crop": 32, "steps": 3, "guide": 0}
SHAPE = (6, 50, 70)
NOT_NUMBERS = np.where(np.indices(SHAPE)[2] % 5, two_phases(dtype="float32"), np.inf)
NOT_NUMBERS[2:4, :, 8:30] = np.nan


def test_a_job_publishes_a_model_that_says_where_it_comes_from(train, registry, stripes, workspace):
    snapshot = Labels.open(workspace.labels_of("stripes")).head
    job = train.post("/jobs", {"volume": "stripes", "config": QUICK | {"steps": 40, "held_out": 0.3}, "budget_s": 60})
    done = ended(train, job)
    assert done["state"] == "succeeded", done
    result = done["result"]
    model = registry.get("/models/stripes/versions/latest")
    assert result["model"] == {"name": "stripes", "version": 1, "digest": model["digest"]}
    assert result["snapshot"] == model["manifest"]["snapshot"] == snapshot
    manifest = model["manifest"]
    assert [entry["id"] for entry in manifest["classes"]] == [2, 9]
    assert (manifest["job"], manifest["author"], manifest["volume_digest"]) == (job["id"], done["author"], stripes.digest)
    assert result["metrics"]["steps"] == 40
    assert set(result["metrics"]["dice"]) == {"2", "9"}
    assert result["metrics"]["mean_dice"] > 0.6
    assert result["metrics"]["held_out_voxels"] > 0
    assert ended(train, train.post("/jobs", {"volume": "stripes", "config": QUICK | {"held_out": 0.3}}))["state"] == "succeeded"
    gate = registry.get("/models/stripes/versions/2/gate")
    assert (gate["same_strokes"], gate["incumbent"]) == (True, "stripes:1"), "the same labels, so the same were held out"


def test_accepted_voxels_can_be_left_out(train, registry, stripes, workspace):
    labels = Labels.open(workspace.labels_of("stripes"))
    box = tuple((0, length) for length in stripes.shape)
    order = Commit.now("accept", "ada", stroke_id="a", box=box)
    labels.edit(order, lambda before: accept_states(before, np.full(stripes.shape, 3, np.uint8), OverwriteRule(overwrite="unlabelled")))
    for accepted, wanted in (("ignore", [2, 9]), ("use", [2, 3, 9])):
        done = ended(train, train.post("/jobs", {"volume": "stripes", "config": QUICK, "accepted": accepted}))
        assert done["state"] == "succeeded", done
        manifest = registry.get("/models/stripes/versions/latest")["manifest"]
        assert sorted(entry["id"] for entry in manifest["classes"]) == wanted
        assert manifest["settings"]["accepted"] == accepted


def test_the_metrics_say_how_far_and_how_well(train, stripes):
    job = train.post("/jobs", {"volume": "stripes", "config": QUICK | {"steps": 10}})
    assert ended(train, job)["state"] == "succeeded"
    lines = train.get(f"/jobs/{job['id']}/metrics")
    assert lines[0]["message"] == "starting"
    assert lines[0]["elapsed_s"] < 1
    stepping = [line for line in lines if "loss" in line]
    assert {"progress", "eta_s", "step", "lr", "samples_per_s", "val_dice"} <= set(stepping[-1])
    assert lines[-1]["progress"] == 1


@pytest.mark.parametrize(("shape", "dtype"), [((1, 20, 33), "uint16"), ((9, 33, 17), "int16"), ((3, 130, 71), "float32")])
def test_trains_on_odd_shapes_and_every_dtype(train, make_volume, paint, shape, dtype):
    array = two_phases(shape, dtype)
    if dtype == "float32":
        array[0, :3, :3], array[0, 5, 5] = np.nan, np.inf
    volume = make_volume("odd", array=array)
    labels = np.zeros(shape, np.uint8)
    labels[0, 2, 3:12], labels[0, 15, 3:12], labels[0, 8, 2], labels[0, 9, 2] = 2, 9, 255, 255
    paint(volume, labels)
    done = ended(train, train.post("/jobs", {"volume": "odd", "config": QUICK | {"in_channels": 3, "planes": "zyx"}}))
    assert done["state"] == "succeeded", done["error"]
    assert done["result"]["metrics"]["train_voxels"] + done["result"]["metrics"]["held_out_voxels"] == 18


@pytest.mark.parametrize(
    ("learner", "voxels"),
    [
        pytest.param("unet", np.full(SHAPE, 7, np.uint8), id="unet, constant"),
        pytest.param("instant", np.full(SHAPE, 7, np.uint8), id="instant, constant"),
        pytest.param("instant", two_phases((1, 50, 70)), id="instant, a single slice"),
        pytest.param("instant", NOT_NUMBERS, id="instant, NaN and infinite"),
    ],
)
def test_a_job_on_awkward_voxels_makes_a_model(train, registry, make_volume, paint, learner, voxels):
    """Of `unet` a single slice, NaN and infinite voxels are among the odd shapes above."""
    paint(make_volume("odd", array=voxels), stripes_of_labels(voxels.shape))
    done = ended(train, train.post("/jobs", {"volume": "odd", "learner": learner, "config": QUICK if learner == "unet" else {"trees": 10}}))
    assert done["state"] == "succeeded", done["error"]
    assert registry.get("/models/odd/versions/1")["manifest"]["learner"] == learner


def test_a_job_learns_250_classes(train, registry, make_volume, workspace):
    classes = [LabelClass(id=n, name=f"class {n}", color=class_color(n)) for n in range(1, 251)]
    image = np.zeros((2, 130, 64), np.uint8)
    image[0, 1:126, 0:20], image[1, 1:126, 0:20] = np.arange(1, 126)[:, None], np.arange(126, 251)[:, None]
    volume = make_volume("many", array=two_phases(image.shape))
    labels = Labels.create(workspace.labels_of("many"), volume.shape, classes)
    labels.merge(iter([image]), "import", "ada", lambda _slab: None)
    done = ended(train, train.post("/jobs", {"volume": "many", "learner": "instant", "config": {"trees": 10}}))
    assert done["state"] == "succeeded", done["error"]
    assert len(registry.get("/models/many/versions/1")["manifest"]["classes"]) == 250


def test_a_job_keeps_the_snapshot_of_its_submission(train, stripes, paint, workspace):
    before = Labels.open(workspace.labels_of("stripes")).head
    job = train.post("/jobs", {"volume": "stripes", "config": QUICK})
    paint(stripes, np.full(stripes.shape, 3, np.uint8))
    assert ended(train, job)["result"]["snapshot"] == before


def test_a_second_training_is_the_next_version_and_may_start_from_the_first(train, registry, stripes):
    ended(train, train.post("/jobs", {"volume": "stripes", "config": QUICK, "register_as": "bands"}))
    done = ended(train, train.post("/jobs", {"volume": "stripes", "config": QUICK, "register_as": "bands", "parent": "bands:1"}))
    assert done["result"]["model"]["version"] == 2
    assert registry.get("/models/bands/versions/2")["manifest"]["parent"] == "bands:1"
    assert "took" in train.get(f"/jobs/{done['id']}/log")["text"]


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"volume": "nowhere"}, VolumeNotFound, "nowhere"),
        ({"volume": "../stripes"}, VolumeNotFound, "stripes"),
        ({"snapshot": "NOSUCHSNAPSHOT"}, SnapshotNotFound, "NOSUCHSNAPSHOT"),
        ({"learner": "magic"}, InvalidInput, "unet"),
        ({"config": {"width": 3}}, InvalidInput, "width"),
        ({"config": {"wdith": 8}}, InvalidInput, "wdith"),
        ({"budget_s": 0}, InvalidInput, "budget_s"),
        ({"parent": "nothing"}, ModelNotFound, "nothing"),
        ({"parent": "no such"}, InvalidInput, "names no model"),
        ({"register_as": "My Model"}, InvalidInput, "my-model"),
        ({"register_as": "a/../b"}, InvalidInput, "no name"),
    ],
)
def test_refuses_at_once_what_cannot_be_trained(train, stripes, change, error, said):
    with pytest.raises(error, match=said):
        train.post("/jobs", {"volume": "stripes"} | change)
    assert train.get("/jobs") == []


@pytest.mark.parametrize("learner", ["unet", "instant"])
def test_says_what_to_paint_when_labels_are_too_few(train, make_volume, paint, workspace, learner):
    volume = make_volume("bare", shape=(6, 50, 70))
    Labels.create(workspace.labels_of("bare"), volume.shape, CLASSES)
    with pytest.raises(TooFewLabels, match=r"no voxel is labelled.*'dark'"):
        train.post("/jobs", {"volume": "bare", "learner": learner})
    paint(volume, np.where(stripes_of_labels() == 9, 9, 255).astype(np.uint8))
    with pytest.raises(TooFewLabels, match=r"only 'bright' has labelled voxels.*'dark'"):
        train.post("/jobs", {"volume": "bare", "learner": learner})
    assert train.get("/jobs") == []


def test_a_cancelled_training_ends_soon_and_publishes_nothing(train, registry, stripes):
    job = train.post("/jobs", {"volume": "stripes", "config": {"width": 4}, "budget_s": 600})
    wait_until(lambda: (train.get(f"/jobs/{job['id']}")["progress"] or 0) > 0)
    assert train.post(f"/jobs/{job['id']}/cancel")["state"] == "cancelled"
    assert registry.get("/models") == []


def test_a_training_that_finds_no_registry_is_published_when_resumed(train_settings, serve_app, stripes):
    train = serve_app(create_app(train_settings.model_copy(update={"registry_patience_s": 0.0})), "train")
    done = ended(train, train.post("/jobs", {"volume": "stripes", "config": QUICK}))
    assert (done["state"], done["error"]["type"]) == ("failed", "ServiceUnavailable")
    settings = RegistrySettings(workspace=train_settings.workspace, run_dir=train_settings.run_dir)
    with serving(create_registry(settings), socket_path(settings.run_dir, "registry")) as registry:
        train.post(f"/jobs/{done['id']}/resume")
        again = ended(train, done)
        assert again["state"] == "succeeded"
        assert registry.get("/models/stripes/versions/1")["manifest"]["job"] == done["id"]
        lines = train.get(f"/jobs/{done['id']}/metrics")
        assert sum(line["message"] == "reading labels" for line in lines) == 1


def test_lists_the_learners_with_forms(train):
    learners = train.get("/learners")
    assert [learner["name"] for learner in learners] == ["unet", "instant"]
    for field in (field for learner in learners for field in learner["settings"]["properties"].values()):
        assert "default" in field
        assert field["title"]
        assert field["description"]


def test_says_how_it_is(train):
    health = train.get("/health")
    assert health["service"] == "train"
    assert health["devices"]
    assert health["queue_length"] == 0
    with pytest.raises(JobNotFound):
        train.get("/jobs/none")


def test_the_first_line_is_out_before_torch_loads():
    script = "import sys, voxloop_train.worker; print('torch' in sys.modules, 'numpy' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "False"]
