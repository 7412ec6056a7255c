"""Versions are deleted, and come back; what something needs stays."""

import shutil

import pytest

from tests.registry.conftest import on_both
from tests.registry.files import weights
from tests.registry.written import write_prediction
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import Conflict, ModelInUse, ModelNotFound
from voxloop_shared.identity import this_process

pytestmark = on_both


@pytest.fixture
def three(registry: ServiceClient, publish) -> list[dict]:
    """Three versions, of which the second is needed by nothing."""
    return [publish(registry, content=weights(bytes([number]))) for number in range(3)]


def test_a_deleted_version_is_seen_nowhere_and_comes_back_as_it_was(registry: ServiceClient, three):
    gone = registry.delete("/models/nerve/versions/2")
    assert (gone["deleted"]["by"], gone["deleted"]["is_purged"]) == (this_process().user, False)
    for path in ("", "/weights", "/gate", "/uses"):
        with pytest.raises(ModelNotFound, match="nerve:2 was deleted by"):
            registry.request("GET", f"/models/nerve/versions/2{path}")
    assert [version["version"] for version in registry.get("/models/nerve")["versions"]] == [3, 1]
    assert registry.get("/versions")["total"] == registry.get("/versions")["rows"][0]["version_count"] == 2
    assert registry.get("/models")[0]["version_count"] == 2
    with pytest.raises(ModelNotFound):
        registry.put("/models/nerve/aliases/mine", {"version": 2})

    assert registry.post("/models/nerve/versions/2/restore") == three[1] | {"aliases": []}
    assert registry.get("/models/nerve/versions/2")["deleted"] is None
    assert registry.post("/models/nerve/versions/2/restore")["version"] == 2, "harmless twice"


def test_a_deleted_version_is_shown_where_that_is_asked(registry: ServiceClient, three):
    registry.delete("/models/nerve/versions/2")
    assert [row["version"] for row in registry.get("/versions", deleted=True)["rows"]] == [2]
    assert registry.get("/models/nerve/versions/2", deleted=True)["deleted"]["by"] == this_process().user
    assert [version["version"] for version in registry.get("/models/nerve", deleted=True)["versions"]] == [3, 2, 1]
    assert registry.request("GET", "/models/nerve/versions/2/weights?deleted=true").content == weights(b"\1")


def test_an_alias_holds_a_version(registry: ServiceClient, three):
    with pytest.raises(ModelInUse, match="nerve:3 is needed: alias candidate") as refusal:
        registry.delete("/models/nerve/versions/3")
    assert refusal.value.detail == {"aliases": ["candidate"], "children": [], "predictions": []}
    assert registry.get("/models/nerve/versions/3/uses") == refusal.value.detail
    registry.delete("/models/nerve/aliases/candidate")
    registry.delete("/models/nerve/versions/3")
    assert registry.get("/models/nerve/versions/latest")["version"] == 2


def test_a_child_holds_its_parent(registry: ServiceClient, publish, three):
    publish(registry, "child", parent="nerve:2")
    with pytest.raises(ModelInUse, match="trained from it child:1"):
        registry.delete("/models/nerve/versions/2")
    for alias in ("candidate", "champion"):
        registry.delete(f"/models/child/aliases/{alias}")
    registry.delete("/models/child/versions/1")
    registry.delete("/models/nerve/versions/2")
    assert registry.post("/models/child/versions/1/restore")["manifest"]["parent"] == "nerve:2"


@pytest.mark.parametrize("draft", [False, True])
def test_a_prediction_holds_its_model(registry: ServiceClient, three, workspace, draft: bool):
    path = write_prediction(workspace, "p1", three[0], three[1], draft=draft)
    with pytest.raises(ModelInUse, match="predicted by it rock/p1") as refusal:
        registry.delete("/models/nerve/versions/2")
    assert refusal.value.detail["predictions"] == [{"volume": "rock", "prediction": "p1"}]
    shutil.rmtree(path)
    registry.delete("/models/nerve/versions/2")


def test_files_that_are_no_predictions_hold_nothing(registry: ServiceClient, three, workspace):
    folder = workspace.predictions / "rock"
    for number, content in enumerate(("", "{", "[]", '{"attributes": 1}', '{"attributes": {"voxloop": {"model": "nerve:2"}}}')):
        (folder / f"p{number}.zarr").mkdir(parents=True)
        (folder / f"p{number}.zarr" / "zarr.json").write_text(content)
    (folder / "file.zarr").write_text("no folder")
    (workspace.predictions / "file").write_text("no folder")
    write_prediction(workspace, "other", three[1] | {"digest": "another model of this name"})
    registry.delete("/models/nerve/versions/2")


def test_numbers_are_not_given_again(registry: ServiceClient, publish, three):
    registry.delete("/models/nerve/aliases/candidate")
    registry.delete("/models/nerve/versions/3")
    assert publish(registry)["version"] == 4


def test_a_name_without_versions_is_not_listed(registry: ServiceClient, publish):
    publish(registry, "once")
    for alias in ("candidate", "champion"):
        registry.delete(f"/models/once/aliases/{alias}")
    registry.delete("/models/once/versions/1")
    assert registry.get("/models") == []
    with pytest.raises(ModelNotFound):
        registry.get("/models/once")
    assert publish(registry, "once")["version"] == 2


def test_what_is_not_there_is_neither_deleted_nor_restored(registry: ServiceClient, three):
    for call in (lambda path: registry.delete(path), lambda path: registry.post(f"{path}/restore")):
        for path in ("/models/none/versions/1", "/models/nerve/versions/9"):
            with pytest.raises(ModelNotFound):
                call(path)
    registry.delete("/models/nerve/versions/2")
    with pytest.raises(ModelNotFound, match="was deleted"):
        registry.delete("/models/nerve/versions/2")


def test_a_version_whose_weights_were_collected_does_not_come_back(registry: ServiceClient, three):
    registry.delete("/models/nerve/versions/2")
    assert registry.post("/collect", {"deleted_for_days": 0, "is_dry": False})["purged"] == ["nerve:2"]
    assert registry.get("/models/nerve/versions/2", deleted=True)["deleted"]["is_purged"]
    with pytest.raises(Conflict, match="weights of nerve:2 were collected"):
        registry.post("/models/nerve/versions/2/restore")
