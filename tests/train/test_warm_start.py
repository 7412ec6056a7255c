"""Trainings that start from a model of the registry."""

from dataclasses import replace

import numpy as np
import pytest

from tests.train.conftest import CLASSES, ended
from voxloop_shared.data.labels import Labels
from voxloop_shared.errors import InvalidInput
from voxloop_shared.nets.weights import save_weights
from voxloop_shared.schemas import ModelVersion
from voxloop_train.learners.catalog import learner_of
from voxloop_train.learners.learner import Lesson
from voxloop_train.orders import TrainSpec, freeze

QUICK = {"width": 4, "depth": 2, "crop": 32, "batch": 4, "steps": 20, "held_out": 0.3, "guide": 0}


@pytest.fixture
def parent(train, registry, stripes) -> ModelVersion:
    """A model of the stripes, version 1 of "bands"."""
    done = ended(train, train.post("/jobs", {"volume": "stripes", "config": QUICK, "register_as": "bands"}))
    assert done["state"] == "succeeded", done
    return ModelVersion.model_validate(registry.get("/models/bands/versions/1"))


def test_settings_are_those_of_the_parent_unless_said_otherwise(parent, train_settings):
    order = freeze(TrainSpec(volume="stripes", parent="bands:1", config={"batch": 6, "in_channels": 5}), train_settings)
    assert {name: order.config[name] for name in ("width", "depth", "crop", "held_out")} == {
        "width": 4,
        "depth": 2,
        "crop": 32,
        "held_out": 0.3,
    }
    assert (order.config["batch"], order.config["in_channels"]) == (6, 5)
    assert order.config["steps"] is None


def test_refuses_at_once_what_cannot_start_from_the_parent(parent, train):
    refused = [
        ({"config": {"width": 8}}, "has width 4, and none of its weights fit width 8"),
        ({"config": {"depth": 3}}, "has depth 2"),
        ({"learner": "instant"}, "was trained by 'unet'"),
    ]
    before = len(train.get("/jobs"))
    for change, said in refused:
        with pytest.raises(InvalidInput, match=said):
            train.post("/jobs", {"volume": "stripes", "parent": "bands:1"} | change)
    assert len(train.get("/jobs")) == before


def test_an_instant_model_is_no_parent_of_a_network(train, registry, stripes):
    assert ended(train, train.post("/jobs", {"volume": "stripes", "learner": "instant"}))["state"] == "succeeded"
    with pytest.raises(InvalidInput, match="was trained by 'instant'"):
        train.post("/jobs", {"volume": "stripes", "parent": "stripes:1"})


def test_a_warm_start_is_as_good_as_its_parent_from_the_first_step(workspace, stripes, tmp_path):
    """The same strokes, one step: what is judged is the parent still, and a fresh start knows nothing yet."""
    lesson = lesson_of(workspace, stripes, tmp_path, steps=80)
    first = learner_of("unet").learn(lesson)
    parent = model_of(lesson, first)
    save_weights(first.weights, tmp_path / "parent.safetensors")
    one_step = lesson_of(workspace, stripes, tmp_path, steps=1, refit=False)
    warm = learner_of("unet").learn(replace(one_step, parent=parent, parent_weights=tmp_path / "parent.safetensors"))
    fresh = learner_of("unet").learn(one_step)
    assert first.metrics["mean_dice"] > 0.8
    assert warm.metrics["mean_dice"] > first.metrics["mean_dice"] - 0.05
    assert fresh.metrics["mean_dice"] < 0.75


def test_a_new_class_joins_those_that_the_parent_knows(parent, train, paint, stripes, workspace):
    labels = np.zeros(stripes.shape, np.uint8)
    labels[3, 20:40:8, 5:-5] = 3
    paint(stripes, labels)
    done = ended(train, train.post("/jobs", {"volume": "stripes", "parent": "bands:1", "config": {"steps": 5}}))
    assert done["state"] == "succeeded", done
    assert set(done["result"]["metrics"]["dice"]) == {"2", "3", "9"}
    judged = [number for number, dice in done["result"]["metrics"]["dice"].items() if dice is not None]
    assert judged == ["3"]  # no other stroke is new to the parent
    assert "painted since the parent" in done["result"]["metrics"]["validation"]
    assert "2 of 3 classes, from the parent" in train.get(f"/jobs/{done['id']}/log?stream=stderr")["text"]


def test_an_ensemble_starts_from_a_single_network_and_a_single_network_from_an_ensemble(parent, train):
    several = ended(train, train.post("/jobs", {"volume": "stripes", "parent": "bands:1", "config": {"members": 2, "steps": 4}}))
    assert several["result"]["model"]["version"] == 1
    single = ended(train, train.post("/jobs", {"volume": "stripes", "parent": "stripes:1", "config": {"members": 1, "steps": 4}}))
    assert single["state"] == "succeeded", single
    assert single["result"]["metrics"]["members"] == 1


def lesson_of(workspace, volume, folder, **config) -> Lesson:
    snapshot = Labels.open(workspace.labels_of(volume.id)).head
    settings = learner_of("unet").settings.model_validate(QUICK | config)
    painted = [entry for entry in CLASSES if entry.name != "unused"]
    return Lesson(workspace, volume, snapshot, painted, settings, 600.0, lambda *_, **__: None, folder)


def model_of(lesson: Lesson, learned) -> ModelVersion:
    volume = lesson.volume
    manifest = {
        "learner": "unet", "architecture": learned.architecture, "classes": lesson.classes, "normalisation": learned.normalisation,
        "volume": volume.id, "volume_digest": volume.digest, "voxel_size": volume.voxel_size, "unit": volume.unit,
        "snapshot": lesson.snapshot, "settings": {}, "metrics": {}, "author": "ada", "code_version": "1", "hardware": "cpu",
        "duration_s": 1, "created": volume.created,
    }  # fmt: skip
    return ModelVersion(name="bands", version=1, digest="0", size=1, aliases=[], author="ada", created=volume.created, manifest=manifest)
