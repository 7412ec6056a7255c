"""`voxloop models`: found, named, described, deleted, checked and collected from a terminal."""

import json

import pytest

from tests.registry.files import digest_of, weights

CLASSES = [{"id": 1, "name": "background", "color": "#112233"}, {"id": 2, "name": "bone", "color": "#445566"}]


def manifest(dice: float, **changes) -> dict:
    return {
        "learner": "unet", "architecture": {}, "classes": CLASSES, "normalisation": {"center": 0.5, "scale": 2.0}, "volume": "jaw",
        "volume_digest": "d", "voxel_size": [1.0, 1.0, 1.0], "unit": "um", "snapshot": "S", "settings": {}, "author": "ada",
        "metrics": {"mean_dice": dice, "held_out": "x"}, "code_version": "1", "hardware": "cpu", "duration_s": 1.5,
        "created": "2026-01-01T00:00:00Z",
    } | changes  # fmt: skip


def publish(terminal, name: str, content: bytes, described: dict) -> None:
    with terminal.running[0].client("registry") as registry:
        registry.request("PUT", f"/blobs/{digest_of(content)}", content=content)
        registry.post(f"/models/{name}/versions", {"manifest": described, "weights": digest_of(content)})


@pytest.fixture(scope="module")
def library(shared_terminal):
    """A stack with a model of three versions, each worse than the one before, and a child of the last."""
    for number in range(3):
        publish(shared_terminal, "tooth", weights(bytes([number])), manifest(0.9 - number / 10))
    publish(shared_terminal, "child", weights(b"child"), manifest(0.5, parent="tooth:3", volume="tusk"))
    return shared_terminal


def found(terminal, *arguments: object) -> list[str]:
    return [f"{row['name']}:{row['version']}" for row in terminal.json("models", "list", *arguments)["rows"]]


def test_models_are_found_and_shown(library):
    assert [model["name"] for model in library.json("models")["models"]] == ["child", "tooth"]
    assert found(library, "jaw", "--metric", "mean_dice:0.75:", "--sort", "metric.mean_dice", "--class", "bone") == ["tooth:2", "tooth:1"]
    assert found(library, "--newest", "--volume", "tusk", "--volume", "jaw", "--sort", "name") == ["child:1", "tooth:3"]
    assert library.json("models", "show", "tooth@champion")["version"] == 1
    assert "2 bone" in library.run("models", "show", "tooth").stdout
    assert "tooth:3" in library.run("models", "lineage", "child").stdout
    assert "no range" in library.error("models", "list", "--metric", "dice")
    assert "1 of 4: --limit shows more" in library.run("models", "list", "--limit", 1).stderr


def test_a_worse_champion_must_be_acknowledged(library):
    said = library.error("models", "alias", "tooth:2", "champion")
    assert "tooth:2 is worse than tooth:1 on the same held-out strokes" in said
    assert "--acknowledge" in said
    assert library.json("models", "alias", "tooth:2", "champion", "--acknowledge")["aliases"]["champion"] == 2
    assert library.json("models", "alias", "tooth:2", "mine")["aliases"]["mine"] == 2
    assert "mine" not in library.json("models", "alias", "tooth", "mine", "--remove")["aliases"]


def test_models_are_tagged_and_described(library):
    assert library.json("models", "tag", "tooth", "--add", "ct", "--add", "paper", "--description", "of mice")["tags"] == ["ct", "paper"]
    assert library.json("models", "tag", "tooth:1", "--add", "old", "--remove", "ct") == {
        "model": "tooth:1",
        "description": "",
        "tags": ["old"],
    }
    assert found(library, "mice", "--tag", "old") == ["tooth:1"]
    assert "--add TAG" in library.error("models", "tag", "tooth")


def test_models_are_deleted_restored_and_collected(library):
    assert "trained from it child:1" in library.error("models", "delete", "tooth:3")
    assert "write NAME:VERSION" in library.error("models", "delete", "tooth@champion")
    library.json("models", "delete", "tooth:1")
    assert found(library, "--deleted") == ["tooth:1"]
    assert "restore" in library.error("models", "show", "tooth:1")
    library.json("models", "restore", "tooth:1")
    library.json("models", "delete", "tooth:1")
    assert library.json("models", "collect", "--deleted-for-days", 0)["purged"] == ["tooth:1"]
    assert "--really" in library.run("models", "collect", "--deleted-for-days", 0).stderr
    assert library.json("models", "collect", "--deleted-for-days", 0, "--really")["bytes"] == len(weights(b"\0"))
    assert "were collected" in library.error("models", "restore", "tooth:1")


def test_damaged_weights_are_named_and_fail_the_command(library):
    content = weights(b"to be damaged")
    publish(library, "spoilt", content, manifest(0.5))
    assert "all are sound" in library.run("models", "verify").stderr
    place = library.running[0].workspace / "models" / "blobs" / digest_of(content)[:2] / digest_of(content)
    place.write_bytes(content[:-1])
    done = library.run("models", "verify", "--json")
    assert done.returncode == 1
    (broken,) = json.loads(done.stdout)["broken"]
    assert (broken["digest"], broken["state"], broken["versions"]) == (digest_of(content), "damaged", ["spoilt:1"])
