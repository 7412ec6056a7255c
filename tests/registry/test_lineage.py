"""Where models come from and what came of them."""

import pytest

from tests.registry.conftest import on_both
from tests.registry.written import write_prediction
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import InvalidInput, ModelNotFound, PredictionNotFound, VolumeNotFound

pytestmark = on_both


def edges_of(graph: dict) -> set[tuple[str, str, str]]:
    return {(edge["source"], edge["kind"], edge["target"]) for edge in graph["edges"]}


def nodes_of(graph: dict, kind: str) -> dict[str, dict]:
    return {node["id"]: node for node in graph["nodes"] if node["kind"] == kind}


@pytest.fixture
def family(registry: ServiceClient, publish) -> list[dict]:
    """Grandparent, parent, child, each of labels of its own; the grandparent has a second child."""
    return [
        publish(registry, "a", snapshot="S1", job="j1", metrics={"mean_dice": 0.5}),
        publish(registry, "b", snapshot="S2", job="j2", parent="a:1"),
        publish(registry, "c", snapshot="S3", job="j3", parent="b:1"),
        publish(registry, "d", snapshot="S1", job="j4", parent="a:1", volume="soil"),
    ]


def test_a_model_is_shown_with_all_that_made_it_and_all_it_made(registry: ServiceClient, family, workspace):
    write_prediction(workspace, "p1", family[1])
    write_prediction(workspace, "p2", family[0])
    graph = registry.get("/models/b/versions/latest/lineage")
    assert (graph["root"], graph["is_cut"]) == ("model:b:1", False)
    assert edges_of(graph) == {
        ("volume:rock", "labelled", "snapshot:rock/S1"), ("snapshot:rock/S1", "taught", "model:a:1"), ("job:train/j1", "made", "model:a:1"),
        ("volume:rock", "labelled", "snapshot:rock/S2"), ("snapshot:rock/S2", "taught", "model:b:1"), ("job:train/j2", "made", "model:b:1"),
        ("volume:rock", "labelled", "snapshot:rock/S3"), ("snapshot:rock/S3", "taught", "model:c:1"), ("job:train/j3", "made", "model:c:1"),
        ("model:a:1", "parent", "model:b:1"), ("model:b:1", "parent", "model:c:1"), ("model:b:1", "predicted", "prediction:rock/p1"),
    }  # fmt: skip
    models = nodes_of(graph, "model")
    assert (models["model:a:1"]["mean_dice"], models["model:a:1"]["author"], models["model:a:1"]["aliases"]) == (
        0.5,
        "ada",
        ["candidate", "champion"],
    )
    assert (
        nodes_of(graph, "snapshot")["snapshot:rock/S2"] | {"volume": "rock", "snapshot": "S2"}
        == nodes_of(graph, "snapshot")["snapshot:rock/S2"]
    )
    assert nodes_of(graph, "job")["job:train/j2"]["service"] == "train"
    assert nodes_of(graph, "prediction")["prediction:rock/p1"]["author"] == "eve"


def test_a_depth_cuts_both_ways(registry: ServiceClient, family):
    shallow = registry.get("/models/b/versions/1/lineage", depth=0)
    assert (set(nodes_of(shallow, "model")), shallow["is_cut"]) == ({"model:b:1"}, True)
    assert set(nodes_of(registry.get("/models/a/versions/1/lineage", depth=1), "model")) == {"model:a:1", "model:b:1", "model:d:1"}
    assert all(edge["source"] in {node["id"] for node in shallow["nodes"]} for edge in shallow["edges"])


def test_deleted_relatives_are_shown_as_such(registry: ServiceClient, family):
    for alias in ("candidate", "champion"):
        registry.delete(f"/models/c/aliases/{alias}")
    registry.delete("/models/c/versions/1")
    for path in ("/models/b/versions/1/lineage", "/models/c/versions/1/lineage"):
        models = nodes_of(registry.get(path), "model")
        assert {id_: node["is_deleted"] for id_, node in models.items()} == {"model:a:1": False, "model:b:1": False, "model:c:1": True}


def test_a_parent_from_elsewhere_is_named_as_missing(registry: ServiceClient, publish):
    publish(registry, "orphan", parent="far-away:7")
    graph = registry.get("/models/orphan/versions/1/lineage")
    assert nodes_of(graph, "model")["model:far-away:7"]["is_missing"]
    assert ("model:far-away:7", "parent", "model:orphan:1") in edges_of(graph)


def test_from_a_prediction_one_reaches_the_labels_that_taught_its_models(registry: ServiceClient, family, workspace):
    write_prediction(workspace, "p1", family[2], family[3], {"name": "gone", "version": 3, "digest": "x"}, draft=True)
    graph = registry.get("/predictions/rock/p1/lineage")
    assert graph["root"] == "prediction:rock/p1"
    assert {edge for edge in edges_of(graph) if edge[1] == "predicted"} == {
        (f"model:{name}", "predicted", "prediction:rock/p1") for name in ("c:1", "d:1", "gone:3")
    }
    assert set(nodes_of(graph, "snapshot")) == {"snapshot:rock/S1", "snapshot:rock/S2", "snapshot:rock/S3", "snapshot:soil/S1"}
    assert nodes_of(graph, "prediction")["prediction:rock/p1"]["partial"]


def test_a_prediction_of_another_model_of_the_same_name_is_not_ascribed_to_ours(registry: ServiceClient, family, workspace):
    write_prediction(workspace, "p1", family[0] | {"digest": "f00"})
    graph = registry.get("/predictions/rock/p1/lineage")
    assert nodes_of(graph, "model")["model:a:1#f00"]["is_missing"]
    assert not nodes_of(graph, "snapshot")


def test_a_long_line_is_followed_and_cut_at_its_limit(registry: ServiceClient, publish):
    for number in range(1, 31):
        publish(registry, "long", parent=f"long:{number - 1}" if number > 1 else None)
    graph = registry.get("/models/long/versions/latest/lineage", depth=100)
    assert (len(nodes_of(graph, "model")), graph["is_cut"]) == (30, False)
    assert registry.get("/models/long/versions/latest/lineage")["is_cut"], "20 generations are shown unless said otherwise"


def test_what_is_not_there_has_no_lineage(registry: ServiceClient, family):
    for path, error in (
        ("/models/none/versions/1/lineage", ModelNotFound),
        ("/predictions/rock/none/lineage", PredictionNotFound),
        ("/predictions/%2e%2e/p1/lineage", VolumeNotFound),
        ("/predictions/rock/%2e%2e/lineage", PredictionNotFound),
        ("/models/a/versions/1/lineage?depth=101", InvalidInput),
    ):
        with pytest.raises(error):
            registry.get(path)
