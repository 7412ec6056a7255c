"""What the page asks the train service for, and which models it is offered."""

import hashlib
from collections.abc import Iterator

import pytest
from safetensors.torch import save

from tests.annotate.conftest import RunningAnnotate, running_annotate, voxels
from tests.infer.conftest import manifest_of, random_state
from tests.waiting import wait_until
from voxloop_shared.client import ServiceClient
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.errors import InvalidInput, TooFewLabels
from voxloop_shared.schemas import LabelClass

STRANGERS = [LabelClass(id=number, name=name, color="#112233") for number, name in ((7, "Pore"), (8, "grain"), (9, "shell"))]


@pytest.fixture(scope="module")
def running() -> Iterator[RunningAnnotate]:
    """annotate, train and registry over a volume without labels, and a model that learnt elsewhere."""
    with running_annotate("registry", "train") as service:
        source = ArraySource(voxels((8, 32, 32)))
        info = import_volume(service.workspace, source, name="Rock", origin="test", voxel_size=(2.0, 2.0, 2.0), unit="um")
        service.client.post("/api/volumes", {"id": info.id})
        service.volume = info.id
        with ServiceClient(service.socket_of("registry")) as registry:
            publish(registry, "stranger", classes=STRANGERS, volume="elsewhere", voxel_size=(1, 1, 1), unit="mm")
        yield service


def publish(registry: ServiceClient, name: str, **options: object) -> None:
    manifest = manifest_of(**options)
    content = save(random_state(manifest))
    digest = hashlib.sha256(content).hexdigest()
    registry.request("PUT", f"/blobs/{digest}", content=content)
    registry.post(f"/models/{name}/versions", {"manifest": manifest.model_dump(mode="json"), "weights": digest})


def paint(running: RunningAnnotate) -> None:
    for number, value in enumerate((1, 2)):
        box = [[2, 3], [8 * number, 8 * number + 6], [0, 20]]
        stroke = {"id": f"s{number}", "tool": "brush", "value": value, "axis": "z", "index": 2, "box": box, "runs": [0, 120]}
        running.client.post(f"{running.base}/strokes", stroke)


def test_the_models_say_where_they_are_from_and_how_large_their_voxels_were(running: RunningAnnotate) -> None:
    (found,) = running.client.get(f"{running.base}/models")
    assert (found["model"], found["is_ours"], found["volume"]) == ("stranger:1", False, "elsewhere")
    assert found["voxel_ratio"] == pytest.approx(500)
    assert [entry["name"] for entry in found["classes"]] == ["Pore", "grain", "shell"]


def test_the_learners_come_with_the_schema_of_their_settings(running: RunningAnnotate) -> None:
    learners = {entry["name"]: entry for entry in running.client.get("/api/learners")}
    assert learners["instant"]["settings"]["properties"]["trees"]["minimum"] == 10


def test_what_train_refuses_names_the_setting_or_the_parent(running: RunningAnnotate) -> None:
    with pytest.raises(TooFewLabels):
        running.client.post(f"{running.base}/train", {"learner": "instant"})
    paint(running)
    with pytest.raises(InvalidInput, match="setting trees"):
        running.client.post(f"{running.base}/train", {"learner": "instant", "settings": {"trees": 5}})
    with pytest.raises(InvalidInput, match="was trained by 'unet'"):
        running.client.post(f"{running.base}/train", {"learner": "instant", "parent": "stranger:1"})
    with pytest.raises(InvalidInput, match="width"):
        running.client.post(f"{running.base}/train", {"learner": "unet", "parent": "stranger:1", "settings": {"width": 32}})
    assert running.client.get(f"{running.base}/rounds")["rounds"] == []


def test_a_model_keeps_the_settings_that_were_asked_for_and_its_training_is_a_round(running: RunningAnnotate) -> None:
    paint(running)
    order = {"learner": "instant", "settings": {"trees": 11}, "after": "nothing", "accepted": "ignore"}
    job = running.client.post(f"{running.base}/train", order)
    with ServiceClient(running.socket_of("train")) as train:
        wait_until(lambda: train.get(f"/jobs/{job['id']}")["state"] == "succeeded")
    first, *_ = running.client.get(f"{running.base}/models")
    assert (first["is_ours"], first["voxel_ratio"]) == (True, pytest.approx(1))
    assert (first["settings"]["trees"], first["settings"]["accepted"]) == (11, "ignore")
    (found,) = running.client.get(f"{running.base}/rounds")["rounds"]
    assert (found["model"], found["strokes"], found["by_hand"]) == (first["model"], 2, 240)
