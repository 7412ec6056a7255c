import numpy as np
import pytest

from tests.infer.conftest import IDS, voxels
from tests.waiting import wait_until
from voxloop_shared.data.predictions import list_predictions, open_prediction
from voxloop_shared.errors import InvalidInput, ModelNotFound, VolumeNotFound
from voxloop_shared.nets.hardware import thread_count
from voxloop_shared.schemas import LabelClass


def ended(service, job):
    def look():
        found = service.get(f"/jobs/{job['id']}")
        return found if found["state"] not in ("queued", "running") else None

    return wait_until(look)


@pytest.mark.parametrize(
    ("shape", "dtype", "planes"),
    [((35, 70, 90), "uint8", "z"), ((1, 40, 50), "uint16", "zyx"), ((7, 33, 19), "int16", "nine"), ((5, 600, 20), "float32", "z")],
)
def test_predicts_every_voxel_and_says_by_which_model(infer, publish, make_volume, workspace, shape, dtype, planes):
    make_volume("rock", array=voxels(shape, dtype))
    model = publish()
    done = ended(infer, infer.post("/jobs", {"volume": "rock", "model": "rocks", "planes": planes}))
    assert done["state"] == "succeeded", done["error"]
    info, group = open_prediction(workspace, "rock", done["result"]["prediction"])
    assert (info.id, info.job, info.planes, info.snapshot) == (done["id"], done["id"], planes, "S")
    assert info.model == model.ref
    assert group["class/0"].shape == group["confidence/0"].shape == shape
    numbers, counts = np.unique(np.asarray(group["class/0"]), return_counts=True)
    assert set(numbers) <= set(IDS)
    assert done["result"]["voxels"] == {str(n): int(c) for n, c in zip(numbers, counts, strict=True)}
    assert f"class/{len(info.levels) - 1}" in group


def test_the_same_inputs_give_the_same_voxels(infer, publish, make_volume, workspace):
    make_volume("rock", array=voxels((9, 70, 90)))
    publish()
    made = [ended(infer, infer.post("/jobs", {"volume": "rock", "model": "rocks:1"}))["id"] for _ in range(2)]
    first, again = (np.asarray(open_prediction(workspace, "rock", name)[1]["class/0"]) for name in made)
    assert np.array_equal(first, again)


@pytest.mark.parametrize(("voxel_size", "planes"), [((1, 1, 1), "zyx"), ((1.5, 1, 1), "zyx"), ((3, 1, 1), "z")])
def test_without_planes_those_of_the_model_are_used_where_the_voxels_allow_it(infer, publish, make_volume, workspace, voxel_size, planes):
    make_volume("rock", array=voxels((5, 40, 40)), voxel_size=voxel_size, unit="um")
    publish(planes="zyx")
    done = ended(infer, infer.post("/jobs", {"volume": "rock", "model": "rocks@latest"}))
    info, group = open_prediction(workspace, "rock", done["id"])
    assert info.planes == planes
    assert ("uncertainty" in group) == (planes == "zyx")


def test_several_models_are_fused_and_all_are_named(infer, publish, make_volume, workspace):
    make_volume("rock", array=voxels((5, 40, 40)))
    models = [publish("rocks"), publish("stones", in_channels=3)]
    done = ended(infer, infer.post("/jobs", {"volume": "rock", "models": ["rocks", "stones"], "planes": "z", "flips": True}))
    assert done["state"] == "succeeded", done["error"]
    info, group = open_prediction(workspace, "rock", done["id"])
    assert (info.model, info.models, info.flips, info.partial) == (models[0].ref, [model.ref for model in models], True, False)
    assert np.asarray(group["uncertainty/0"]).max() > 0


def test_a_job_keeps_the_version_of_its_submission(infer, publish, make_volume):
    make_volume("rock", array=voxels((5, 40, 40)))
    publish()
    job = infer.post("/jobs", {"volume": "rock", "model": "rocks"})
    publish()
    assert ended(infer, job)["result"]["model"]["version"] == 1


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"volume": "nowhere"}, VolumeNotFound, "nowhere"),
        ({"model": "nothing"}, ModelNotFound, "nothing"),
        ({"model": "rocks:7"}, ModelNotFound, "7"),
        ({"model": "no such"}, InvalidInput, "names no model"),
        ({"planes": "ten"}, InvalidInput, "planes"),
        ({"focus": [0, 0, 40]}, InvalidInput, "outside the volume"),
        ({"models": ["rocks"]}, InvalidInput, "several as"),
        ({"model": None, "models": ["rocks", "bones"]}, InvalidInput, "9 'class 9' and 3 'femur'"),
        ({"model": "forest"}, InvalidInput, "magic"),
        ({"model": "torn"}, InvalidInput, "contradicts"),
    ],
)
def test_refuses_at_once_what_cannot_be_predicted(infer, publish, make_volume, change, error, said):
    make_volume("rock", shape=(5, 40, 40))
    publish()
    publish("forest", learner="magic")
    femur = [LabelClass(id=n, name=name, color="#112233") for n, name in ((2, "class 2"), (7, "class 7"), (3, "femur"))]
    publish("bones", classes=femur)
    publish("torn", architecture={"classes": 5, "width": 4, "depth": 1})
    with pytest.raises(error, match=said):
        infer.post("/jobs", {"volume": "rock", "model": "rocks"} | change)
    assert infer.get("/jobs") == []


def test_weights_that_were_changed_on_disk_fail_the_job_and_leave_nothing(infer, publish, make_volume, workspace):
    make_volume("rock", shape=(5, 40, 40))
    model = publish()
    blob = next(path for path in workspace.models.rglob(f"*{model.digest}*") if path.is_file())
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    blob.chmod(0o600)
    blob.write_bytes(content)
    done = ended(infer, infer.post("/jobs", {"volume": "rock", "model": "rocks"}))
    assert (done["state"], done["error"]["type"]) == ("failed", "DigestMismatch")
    assert list_predictions(workspace, "rock") == []


def test_a_cancelled_prediction_is_never_offered(infer, publish, make_volume, workspace):
    make_volume("rock", array=np.zeros((64, 1100, 1100), np.uint8))
    publish(architecture={"classes": 3, "width": 16, "depth": 3})
    job = infer.post("/jobs", {"volume": "rock", "model": "rocks", "planes": "zyx"})
    wait_until(lambda: infer.get(f"/jobs/{job['id']}")["message"].startswith("block"))
    assert infer.post(f"/jobs/{job['id']}/cancel")["state"] == "cancelled"
    assert list_predictions(workspace, "rock", partial=True) == []
    assert list(workspace.predictions_of("rock").iterdir()) == []


def test_leftovers_of_a_killed_service_are_removed_at_the_next_start(start_service, workspace):
    leftover = workspace.predictions / "rock" / ".x.zarr.1234.partial"
    leftover.mkdir(parents=True)
    start_service("infer")
    assert not leftover.exists()


def test_says_how_it_is(infer):
    health = infer.get("/health")
    assert health["service"] == "infer"
    assert f"{thread_count()} threads" in health["devices"][-1]
