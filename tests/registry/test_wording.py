"""Tags and descriptions."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.registry.conftest import Shelf, on_both
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import InvalidInput, ModelNotFound


def say(registry: ServiceClient, path: str, **wording) -> dict:
    return registry.request("PATCH", f"/models/{path}", json=wording).json()


@on_both
def test_names_and_versions_are_described_and_tagged(registry: ServiceClient, publish):
    first = publish(registry)
    publish(registry)
    assert say(registry, "nerve", description="Nerves in CT", add_tags=["ct", "nerve"]) == {
        "description": "Nerves in CT",
        "tags": ["ct", "nerve"],
    }
    assert say(registry, "nerve", remove_tags=["ct", "none"]) == {"description": "Nerves in CT", "tags": ["nerve"]}
    said = say(registry, "nerve/versions/1", description="the first", add_tags=["old"])
    assert said == first | {"description": "the first", "tags": ["old"], "aliases": ["champion"]}
    detail = registry.get("/models/nerve")
    assert (detail["description"], detail["tags"]) == ("Nerves in CT", ["nerve"])
    assert [(v["version"], v["tags"]) for v in detail["versions"]] == [(2, []), (1, ["old"])]
    assert registry.get("/models")[0]["tags"] == ["nerve"]


@pytest.mark.parametrize(
    "wording",
    [
        {"add_tags": ["Big"]}, {"add_tags": [""]}, {"add_tags": ["a b"]}, {"add_tags": ["x" * 41]}, {"add_tags": "abc"},
        {"add_tags": [f"t{n}" for n in range(51)]}, {"description": "x" * 10_001}, {"description": "a\0b"}, {"descripton": "x"},
    ],
)  # fmt: skip
def test_refuses_what_cannot_be_said(shelf: Shelf, wording: dict):
    for path in ("nerve", "nerve/versions/1"):
        with pytest.raises(InvalidInput):
            say(shelf.client, path, **wording)
    detail = shelf.client.get("/models/nerve")
    assert (detail["tags"], detail["description"], detail["versions"][0]["tags"]) == ([], "", [])


@pytest.mark.parametrize("path", ["none", "nerve/versions/2", "%2e%2e"])
def test_nothing_can_be_said_of_what_is_not_there(shelf: Shelf, path: str):
    with pytest.raises(ModelNotFound):
        say(shelf.client, path, description="x")


@on_both
def test_tags_that_are_added_at_once_are_all_there(registry: ServiceClient, publish):
    publish(registry)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: say(registry, "nerve", add_tags=[f"t{n}"]), range(40)))
    assert len(registry.get("/models/nerve")["tags"]) == 40
