"""Finding versions."""

import pytest

from tests.registry.conftest import Shelf, on_both, plain_manifest, publish_version
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import InvalidInput
from voxloop_shared.identity import this_process

BONE = [{"id": 1, "name": "Background", "color": "#112233"}, {"id": 2, "name": "Bone", "color": "#445566"}]
ROOT = [{"id": 1, "name": "Background", "color": "#112233"}, {"id": 5, "name": "Root_1 % hair", "color": "#445566"}]


def fill(registry: ServiceClient) -> ServiceClient:
    """Publish four versions of three names."""
    judged = {"mean_dice": 0.8, "dice": {"2": 0.7}, "steps": 5, "is_x": True, "note": "a"}
    for name, changes in (
        ("tooth", {"classes": BONE, "volume": "jaw", "metrics": judged}),
        ("tooth", {"classes": BONE, "volume": "jaw", "metrics": {"mean_dice": 0.9}, "parent": "tooth:1", "duration_s": 60}),
        (
            "plant",
            {"classes": ROOT, "volume": "soil", "learner": "instant", "author": "bob", "metrics": {"mean_dice": 0.7, "held_out": "abc"}},
        ),
        ("rock", {"volume": "rock", "metrics": {}}),
    ):
        publish_version(registry, plain_manifest() | changes, name)
    registry.request("PATCH", "/models/tooth", json={"description": "Teeth of MICE", "add_tags": ["ct"]})
    registry.request("PATCH", "/models/plant/versions/1", json={"add_tags": ["mri", "c.t"]})
    return registry


@pytest.fixture(scope="module")
def library(empty_shelf: Shelf) -> ServiceClient:
    """A filled registry for all tests that only look at it."""
    return fill(empty_shelf.client)


def found(registry: ServiceClient, **question) -> list[str]:
    """NAME:NUMBER of what is found, in the order in which it comes."""
    class_ = question.pop("class_", None)
    page = registry.get("/versions", **question, **({"class": class_} if class_ else {}))
    assert page["total"] == len(page["rows"])
    return [f"{row['name']}:{row['version']}" for row in page["rows"]]


def test_a_row_says_what_a_list_shows(library: ServiceClient):
    row = library.get("/versions", name="tooth", sort="version")["rows"][0]
    assert "manifest" not in row
    assert (row["name"], row["version"], row["version_count"], row["parent"], row["learner"]) == ("tooth", 1, 2, None, "unet")
    assert (row["volume"], row["volume_digest"], row["snapshot"], row["planes"], row["job"]) == ("jaw", "d", "S", "z", None)
    assert row["metrics"] == {"mean_dice": 0.8, "steps": 5, "dice.2": 0.7}, "numbers only, those of classes by class id"
    assert row["classes"] == BONE
    assert (row["author"], row["made_by"]) == (this_process().user, "ada")
    assert (row["tags"], row["model_tags"], row["model_description"]) == ([], ["ct"], "Teeth of MICE")
    assert (row["aliases"], row["runnable"], row["deleted"], row["duration_s"]) == (["champion"], True, None, 1.5)


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("", ["rock:1", "plant:1", "tooth:2", "tooth:1"]),
        ("OOT", ["plant:1", "tooth:2", "tooth:1"]),
        ("mice", ["tooth:2", "tooth:1"]),
        ("bone jaw", ["tooth:2", "tooth:1"]),
        ("bone soil", []),
        ("bob", ["plant:1"]),
        ("instant", ["plant:1"]),
        ("%", ["plant:1"]),
        ("root_1", ["plant:1"]),
        ("o_t", []),
        ("mri", ["plant:1"]),
        ("\\", []),
    ],
)
def test_finds_by_words(library: ServiceClient, q: str, expected: list[str]):
    assert found(library, q=q) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ({"name": "tooth"}, ["tooth:2", "tooth:1"]),
        ({"name": ["rock", "plant"]}, ["rock:1", "plant:1"]),
        ({"learner": "instant"}, ["plant:1"]),
        ({"learner": "inst"}, []),
        ({"volume": ["jaw", "soil"]}, ["plant:1", "tooth:2", "tooth:1"]),
        ({"volume": ["jaw", "soil"], "learner": "unet"}, ["tooth:2", "tooth:1"]),
        ({"author": "bob"}, ["plant:1"]),
        ({"author": this_process().user}, ["rock:1", "plant:1", "tooth:2", "tooth:1"]),
        ({"class_": "BONE"}, ["rock:1", "tooth:2", "tooth:1"]),
        ({"class_": ["background", "root_1 % hair"]}, ["plant:1"]),
        ({"class_": ["bone", "root_1 % hair"]}, []),
        ({"tag": "ct"}, ["tooth:2", "tooth:1"]),
        ({"tag": "c.t"}, ["plant:1"]),
        ({"tag": ["c.t", "mri"]}, ["plant:1"]),
        ({"tag": "c"}, []),
        ({"alias": "champion"}, ["rock:1", "plant:1", "tooth:1"]),
        ({"alias": "candidate", "name": "tooth"}, ["tooth:2"]),
        ({"newest": True}, ["rock:1", "plant:1", "tooth:2"]),
        ({"metric": "mean_dice:0.8:"}, ["tooth:2", "tooth:1"]),
        ({"metric": "mean_dice::0.8"}, ["plant:1", "tooth:1"]),
        ({"metric": "mean_dice:0.75:0.85"}, ["tooth:1"]),
        ({"metric": "mean_dice::"}, ["plant:1", "tooth:2", "tooth:1"]),
        ({"metric": ["mean_dice:0.1:0.9", "dice.2:0.5:"]}, ["tooth:1"]),
        ({"metric": "none:0:1"}, []),
        ({"runnable": False}, []),
        ({"deleted": True}, []),
    ],
)
def test_filters(library: ServiceClient, question: dict, expected: list[str]):
    assert found(library, **question) == expected


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("created", ["tooth:1", "tooth:2", "plant:1", "rock:1"]),
        ("name,-version", ["plant:1", "rock:1", "tooth:2", "tooth:1"]),
        ("-metric.mean_dice", ["tooth:2", "tooth:1", "plant:1", "rock:1"]),
        ("metric.mean_dice", ["plant:1", "tooth:1", "tooth:2", "rock:1"]),
        ("-metric.none,name", ["plant:1", "rock:1", "tooth:2", "tooth:1"]),
        ("-duration_s,volume", ["tooth:2", "tooth:1", "rock:1", "plant:1"]),
        ("learner,author,-size", ["plant:1", "rock:1", "tooth:2", "tooth:1"]),
    ],
)
def test_sorts(library: ServiceClient, sort: str, expected: list[str]):
    assert found(library, sort=sort) == expected


def test_pages_do_not_overlap(library: ServiceClient):
    pages = [library.get("/versions", sort="learner", limit=3, offset=offset) for offset in (0, 3, 6)]
    assert [page["total"] for page in pages] == [4, 4, 4]
    rows = [(row["name"], row["version"]) for page in pages for row in page["rows"]]
    assert len(rows) == len(set(rows)) == 4


@pytest.mark.parametrize(
    "question",
    [
        {"sort": "manifest"}, {"sort": ""}, {"sort": "name;drop table models"}, {"sort": "metric.\0"},
        {"metric": "dice"}, {"metric": "dice:low:high"}, {"metric": ":0:1"}, {"metric": "dice:nan:1"},
        {"limit": 0}, {"limit": 1001}, {"offset": -1}, {"offset": 2**70},
        {"q": "a\0b"}, {"q": "x" * 501}, {"learner": "\0"}, {"colour": "red"},
    ],
)  # fmt: skip
def test_refuses_what_it_cannot_read(library: ServiceClient, question: dict):
    with pytest.raises(InvalidInput):
        library.get("/versions", **question)


def test_counts_by_groups(library: ServiceClient):
    def groups(**question) -> list[tuple[str, int]]:
        return [(group["value"], group["count"]) for group in library.get("/versions/groups", **question)]

    assert groups() == groups(by="name") == [("plant", 1), ("rock", 1), ("tooth", 2)]
    assert groups(by="learner") == [("instant", 1), ("unet", 3)]
    assert groups(by="volume", learner="unet", newest=True) == [("jaw", 1), ("rock", 1)]
    assert groups(by="author", name="plant") == sorted([("bob", 1), (this_process().user, 1)])
    with pytest.raises(InvalidInput):
        groups(by="manifest")


def test_says_what_there_is_to_filter_by(library: ServiceClient):
    facets = library.get("/facets")
    assert facets["learners"] == [{"value": "unet", "count": 3}, {"value": "instant", "count": 1}]
    assert facets["volumes"] == [{"value": "jaw", "count": 2}, {"value": "rock", "count": 1}, {"value": "soil", "count": 1}]
    assert {"value": "bob", "count": 1} in facets["authors"]
    assert facets["classes"][0] == {"value": "background", "count": 4}
    assert facets["tags"] == [{"value": "ct", "count": 2}, {"value": "c.t", "count": 1}, {"value": "mri", "count": 1}]
    assert facets["aliases"] == [{"value": "candidate", "count": 3}, {"value": "champion", "count": 3}]
    assert facets["metrics"][0] == {"name": "mean_dice", "low": 0.7, "high": 0.9, "count": 3}


@on_both
def test_what_is_found_follows_what_is_said_and_deleted(registry: ServiceClient):
    library = fill(registry)
    library.request("PATCH", "/models/rock/versions/1", json={"description": "Sandstone"})
    assert found(library, q="sandst") == ["rock:1"]
    library.request("PATCH", "/models/rock/versions/1", json={"description": "Granite"})
    assert found(library, q="sandst") == []
    library.delete("/models/plant/aliases/candidate")
    library.delete("/models/plant/aliases/champion")
    library.delete("/models/plant/versions/1")
    assert [entry["value"] for entry in library.get("/facets")["learners"]] == ["unet"]
    assert library.get("/facets")["metrics"][0] == {"name": "mean_dice", "low": 0.8, "high": 0.9, "count": 2}
    assert library.get("/facets", deleted=True)["metrics"] == [{"name": "mean_dice", "low": 0.7, "high": 0.7, "count": 1}]
    assert found(library, deleted=True) == ["plant:1"]
    assert found(library, q="oot") == ["tooth:2", "tooth:1"]
