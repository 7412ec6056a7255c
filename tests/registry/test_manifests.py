"""Manifests: what is wrong is refused with a reason, what is newer is kept, shown, and not run."""

import json

import httpx
import pytest

from tests.registry.conftest import Shelf, on_both, on_sqlite, plain_manifest, publish_version
from tests.registry.files import digest_of, weights
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import InvalidInput, NewerManifest, TooLarge
from voxloop_shared.nets.store import find_model
from voxloop_shared.schemas import ModelRecord, ModelVersion


def sent(registry: ServiceClient, body: str) -> httpx.Response:
    """Publish by a body that no JSON library would write."""
    content = weights()
    registry.request("PUT", f"/blobs/{digest_of(content)}", content=content)
    body = body.replace("WEIGHTS", digest_of(content))
    return registry.request("POST", "/models/nerve/versions", content=body.encode(), headers={"Content-Type": "application/json"})


@on_both
def test_a_newer_manifest_is_shown_and_not_run(registry: ServiceClient, publish):
    publish(registry)
    newer = publish(registry, schema_version=2, planes="all", thoughts={"deep": ["x"]}, learner="dreamer", metrics={"mean_dice": 0.99})
    assert (newer["version"], newer["runnable"]) == (2, False)
    assert newer["manifest"]["thoughts"] == {"deep": ["x"]}
    (row,) = registry.get("/versions", runnable=False)["rows"]
    assert (row["learner"], row["metrics"], row["schema_version"]) == ("dreamer", {"mean_dice": 0.99}, 2)
    assert ModelRecord.model_validate(registry.get("/models/nerve/versions/latest")).version == 2
    with pytest.raises(NewerManifest, match="manifest schema 2, this one knows 1"):
        ModelVersion.read(registry.get("/models/nerve/versions/latest"))
    with pytest.raises(NewerManifest):
        find_model(registry.socket_file, "nerve")
    assert find_model(registry.socket_file, "nerve@champion").version == 1


def test_what_can_be_chosen_to_run_is_the_newest_that_can(registry: ServiceClient, publish):
    publish(registry)
    publish(registry, schema_version=2)
    publish(registry, "alien", schema_version=3)
    assert [(model["name"], model["latest"]["version"]) for model in registry.get("/models")] == [("nerve", 1)]


@on_sqlite
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"schema_version": 0}, "schema_version"),
        ({"schema_version": "2"}, "schema_version"),
        ({"schema_version": 2**63}, "schema_version is no number"),
        ({"classes": []}, "classes"),
        ({"classes": [{"id": 0, "name": "x", "color": "red"}] * 2}, r"classes\.0"),
        ({"normalisation": {"center": 0, "scale": 0}}, "scale"),
        ({"volume": "a\0b"}, "manifest.volume holds a character"),
        ({"duration_s": "inf"}, "duration_s is no number"),
        ({"metrics": {"dice": 2**63}}, "manifest.metrics.dice is no number"),
        ({"settings": {"a\0": 1}}, "a name in the manifest.settings"),
    ],
)
def test_what_is_wrong_is_named(shelf: Shelf, changes: dict, said: str):
    with pytest.raises(InvalidInput, match=said):
        publish_version(shelf.client, plain_manifest() | changes)
    assert shelf.client.get("/versions")["total"] == 1


@on_sqlite
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_no_number_is_refused_as_none(shelf: Shelf, manifest: dict, number: str):
    body = json.dumps({"manifest": manifest | {"metrics": {"dice": 12345.5}}, "weights": "WEIGHTS"}).replace("12345.5", number)
    with pytest.raises(InvalidInput, match=r"metrics\.dice is no number"):
        sent(shelf.client, body)


@pytest.mark.parametrize("schema", [1, 2])
def test_half_a_character_is_refused(shelf: Shelf, manifest: dict, schema: int):
    body = json.dumps({"manifest": manifest | {"volume": "HALF", "schema_version": schema}, "weights": "WEIGHTS"})
    with pytest.raises(InvalidInput):
        sent(shelf.client, body.replace("HALF", "\\ud800"))
    assert shelf.client.get("/versions")["total"] == 1


@on_sqlite
@pytest.mark.parametrize("depth", [100, 200_000])
def test_nesting_without_end_is_refused(shelf: Shelf, manifest: dict, depth: int):
    body = json.dumps({"manifest": manifest | {"settings": {"a": "DEEP"}}, "weights": "WEIGHTS"})
    with pytest.raises(InvalidInput):
        sent(shelf.client, body.replace('"DEEP"', "[" * depth + "]" * depth))
    assert shelf.client.get("/health")["service"] == "registry"


@on_sqlite
def test_a_number_of_too_many_digits_is_refused(shelf: Shelf, manifest: dict):
    body = json.dumps({"manifest": manifest | {"settings": {"a": "MANY"}}, "weights": "WEIGHTS"})
    with pytest.raises(InvalidInput):
        sent(shelf.client, body.replace('"MANY"', "9" * 10_000))


@on_sqlite
def test_a_huge_manifest_is_refused(shelf: Shelf):
    with pytest.raises(TooLarge, match="4 MiB"):
        publish_version(shelf.client, plain_manifest() | {"settings": {"a": "x" * (5 << 20)}})


@on_both
def test_long_texts_are_kept_whole_and_found_by_their_beginning(registry: ServiceClient, publish):
    long = "rock-" + "x" * 5000
    assert publish(registry, volume=long, metrics={"m" * 3000: 1.0})["manifest"]["volume"] == long
    assert registry.get("/versions", volume=long[:200])["total"] == 1


def test_tags_and_description_come_along(registry: ServiceClient, publish):
    found = publish(registry, about={"description": "for teeth", "tags": ["teeth", "ct"]})
    assert (found["description"], found["tags"]) == ("for teeth", ["ct", "teeth"])
    with pytest.raises(InvalidInput, match="no tag"):
        publish(registry, about={"tags": ["No Tag"]})
