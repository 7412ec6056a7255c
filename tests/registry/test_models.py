"""The registry's contract, over a real socket."""

import pytest

from tests.registry.conftest import Shelf, on_both, plain_manifest, publish_version
from tests.registry.files import digest_of, weights
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import InvalidInput, ModelNotFound, NotFound, VoxloopError
from voxloop_shared.identity import this_process
from voxloop_shared.schemas import Manifest, ModelVersion


@on_both
def test_a_version_comes_back_as_it_was_published(registry: ServiceClient, publish, manifest: dict):
    given = ModelVersion.model_validate(publish(registry))
    assert (given.name, given.version, given.digest, given.size) == ("nerve", 1, digest_of(weights()), len(weights()))
    assert given.manifest == Manifest.model_validate(manifest)
    assert given.author == this_process().user
    for which in ("1", "latest", "candidate", "champion"):
        assert ModelVersion.model_validate(registry.get(f"/models/nerve/versions/{which}")) == given


@on_both
def test_versions_count_within_a_name_and_the_first_stays_champion(registry: ServiceClient, publish):
    versions = [publish(registry)["version"] for _ in range(3)]
    assert versions == [1, 2, 3]
    assert publish(registry, "bone")["version"] == 1
    detail = registry.get("/models/nerve")
    assert detail["aliases"] == {"candidate": 3, "champion": 1}
    assert [(v["version"], v["aliases"]) for v in detail["versions"]] == [(3, ["candidate"]), (2, []), (1, ["champion"])]


@on_both
def test_lists_models_newest_first_and_by_text(registry: ServiceClient, publish):
    for name in ("nerve", "bone_50", "bone-a", "nerve"):
        publish(registry, name)
    assert [(m["name"], m["version_count"], m["latest"]["version"]) for m in registry.get("/models")] == [
        ("nerve", 2, 2), ("bone-a", 1, 1), ("bone_50", 1, 1),
    ]  # fmt: skip
    assert [m["name"] for m in registry.get("/models", q="BONE")] == ["bone-a", "bone_50"]
    assert [m["name"] for m in registry.get("/models", q="bone_")] == ["bone_50"], "_ is a letter, not a pattern"
    assert registry.get("/models", q="%") == []
    assert [m["name"] for m in registry.get("/models", limit=1, offset=1)] == ["bone-a"]
    assert registry.get("/models")[0]["aliases"] == {"candidate": 2, "champion": 1}


@on_both
def test_an_empty_registry_lists_nothing(registry: ServiceClient):
    assert registry.get("/models") == []
    assert registry.get("/health")["service"] == "registry"


@on_both
def test_an_alias_moves(registry: ServiceClient, publish):
    publish(registry)
    publish(registry)
    assert registry.put("/models/nerve/aliases/best-yet", {"version": 1}) == {"best-yet": 1, "candidate": 2, "champion": 1}
    assert registry.put("/models/nerve/aliases/best-yet", {"version": 2})["best-yet"] == 2
    assert registry.get("/models/nerve/versions/best-yet")["aliases"] == ["best-yet", "candidate"]


@pytest.mark.parametrize("alias", ["latest", "Champion", "1st", "a" * 32, "a b", "-a"])
def test_refuses_what_can_be_no_alias(shelf: Shelf, alias: str):
    with pytest.raises(InvalidInput):
        shelf.client.put(f"/models/nerve/aliases/{alias}", {"version": 1})
    assert shelf.client.get("/models/nerve")["aliases"] == {"candidate": 1, "champion": 1}


@pytest.mark.parametrize("version", [0, -1, "one", 10**30, None])
def test_refuses_what_can_be_no_version(shelf: Shelf, version: object):
    with pytest.raises(InvalidInput):
        shelf.client.put("/models/nerve/aliases/mine", {"version": version})


@pytest.mark.parametrize(
    "path",
    [
        "/models/none",
        "/models/none/versions/1",
        "/models/nerve/versions/2",
        "/models/nerve/versions/none",
        "/models/nerve/versions/" + "9" * 40,
        "/models/nerve/versions/²",
        "/models/none/versions/latest/weights",
        "/models/%2e%2e",
        "/models/%2e%2e/versions/latest",
    ],
)
def test_unknown_models_are_not_found(shelf: Shelf, path: str):
    with pytest.raises(ModelNotFound):
        shelf.client.get(path)


def test_an_alias_of_an_unknown_version_is_refused(shelf: Shelf):
    with pytest.raises(ModelNotFound):
        shelf.client.put("/models/nerve/aliases/mine", {"version": 2})


@pytest.mark.parametrize("name", ["%2e%2e", "Nerve", "a b", "a%00b", "%2e%2e%2f%2e%2e%2fetc", "é", "-a", "a" * 64, "a%5cb"])
def test_refuses_names_that_are_none(shelf: Shelf, name: str):
    with pytest.raises((InvalidInput, NotFound)):
        publish_version(shelf.client, plain_manifest(), name)
    assert [(model["name"], model["version_count"]) for model in shelf.client.get("/models")] == [("nerve", 1)]
    assert {path.name for path in shelf.workspace.root.iterdir()} == {"volumes", "labels", "predictions", "models", "jobs"}


def test_refuses_a_manifest_with_a_typing_error(shelf: Shelf):
    with pytest.raises(InvalidInput, match="learnr"):
        publish_version(shelf.client, plain_manifest() | {"learnr": "unet"})
    assert shelf.client.get("/versions")["total"] == 1


def test_refuses_weights_that_were_never_uploaded(shelf: Shelf, manifest: dict):
    with pytest.raises(NotFound, match="upload them first"):
        shelf.client.post("/models/nerve/versions", {"manifest": manifest, "weights": "0" * 64})
    with pytest.raises(VoxloopError, match="sha256"):
        shelf.client.post("/models/nerve/versions", {"manifest": manifest, "weights": "../../registry.db"})
    assert shelf.client.get("/versions")["total"] == 1


@on_both
def test_survives_a_restart(start_registry, publish):
    service = start_registry()
    given = publish(service.client)
    service.kill()
    service.start()
    assert service.client.get("/models/nerve/versions/champion") == given
