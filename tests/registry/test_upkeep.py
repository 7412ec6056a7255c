"""Weights that nobody needs are collected; those that are there are checked."""

import os
import shutil
import time
from pathlib import Path

import pytest

from tests.registry.conftest import on_both
from tests.registry.files import digest_of, weights
from tests.registry.written import write_prediction
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import InvalidInput, NotFound

ORPHAN, SHARED, OWN = weights(b"orphan"), weights(b"shared"), weights(b"own")
NOW = {"older_than_days": 0, "deleted_for_days": 0, "is_dry": False}


def blob_of(workspace, content: bytes) -> Path:
    digest = digest_of(content)
    return workspace.models / "blobs" / digest[:2] / digest


def upload(registry: ServiceClient, content: bytes) -> str:
    registry.request("PUT", f"/blobs/{digest_of(content)}", content=content)
    return digest_of(content)


@pytest.fixture
def store(registry: ServiceClient, publish) -> ServiceClient:
    """Weights that two versions name, weights that one names which was deleted, and weights that none names."""
    publish(registry, content=SHARED)
    publish(registry, content=SHARED)
    publish(registry, content=OWN)
    registry.put("/models/nerve/aliases/candidate", {"version": 1})
    for number in (2, 3):
        registry.delete(f"/models/nerve/versions/{number}")
    upload(registry, ORPHAN)
    return registry


@on_both
def test_collects_what_nobody_needs(store: ServiceClient, workspace):
    told = store.post("/collect", NOW | {"is_dry": True})
    assert sorted((blob["digest"], blob["reason"]) for blob in told["blobs"]) == sorted(
        [(digest_of(OWN), "deleted"), (digest_of(ORPHAN), "orphan")]
    )
    assert (told["purged"], told["bytes"], told["is_dry"]) == (["nerve:2", "nerve:3"], len(OWN) + len(ORPHAN), True)
    assert store.post("/models/nerve/versions/3/restore")["version"] == 3, "nothing was done"
    store.delete("/models/nerve/versions/3")

    done = store.post("/collect", NOW)
    assert done == told | {"is_dry": False}
    assert [blob_of(workspace, content).exists() for content in (SHARED, OWN, ORPHAN)] == [True, False, False]
    assert store.post("/collect", NOW) == {"blobs": [], "purged": [], "bytes": 0, "is_dry": False}
    assert store.request("GET", "/models/nerve/versions/1/weights").content == SHARED


@on_both
def test_what_is_young_stays(store: ServiceClient, workspace):
    assert store.post("/collect", {"is_dry": False}) == {"blobs": [], "purged": [], "bytes": 0, "is_dry": False}
    old = time.time() - 8 * 86_400
    os.utime(blob_of(workspace, ORPHAN), (old, old))
    os.utime(blob_of(workspace, OWN), (old, old))
    assert [blob["digest"] for blob in store.post("/collect", {"is_dry": False})["blobs"]] == [digest_of(ORPHAN)]


def test_what_was_sent_again_since_is_an_upload(store: ServiceClient, workspace):
    later = time.time() + 60  # the deletion of its version was before
    os.utime(blob_of(workspace, OWN), (later, later))
    assert store.post("/collect", {"deleted_for_days": 0, "is_dry": False})["purged"] == ["nerve:2", "nerve:3"]
    assert blob_of(workspace, OWN).exists()
    os.utime(blob_of(workspace, OWN), (0, 0))
    assert [blob["reason"] for blob in store.post("/collect", {"is_dry": False})["blobs"]] == ["orphan"]


@on_both
def test_what_a_prediction_needs_stays_though_its_model_was_deleted(store: ServiceClient, workspace):
    version = store.get("/models/nerve/versions/3", deleted=True)
    path = write_prediction(workspace, "late", version)  # it was being made when the model was deleted
    assert store.post("/collect", NOW)["purged"] == ["nerve:2"]
    assert store.post("/models/nerve/versions/3/restore")["version"] == 3
    shutil.rmtree(path)


@on_both
def test_weights_that_only_a_deleted_version_names_are_not_deleted_by_hand(store: ServiceClient):
    with pytest.raises(Exception, match="nerve:3 is made of"):
        store.delete(f"/blobs/{digest_of(OWN)}")
    store.post("/collect", NOW)
    upload(store, OWN)
    assert store.delete(f"/blobs/{digest_of(OWN)}")["size"] == len(OWN)


def test_lists_files_and_what_is_named_by_pages(store: ServiceClient, workspace):
    blob_of(workspace, SHARED).unlink()
    (workspace.models / "blobs" / "notes.txt").write_text("somebody's")
    listed, after = [], ""
    while page := store.get("/blobs", after=after, limit=2):
        assert len(page) <= 2
        listed += page
        after = page[-1]["digest"]
    assert [entry["digest"] for entry in listed] == sorted(map(digest_of, (SHARED, OWN, ORPHAN)))
    by_digest = {entry["digest"]: (entry["size"], entry["versions"]) for entry in listed}
    assert by_digest[digest_of(SHARED)] == (None, ["nerve:1", "nerve:2"])
    assert by_digest[digest_of(OWN)] == (len(OWN), ["nerve:3"])
    assert by_digest[digest_of(ORPHAN)] == (len(ORPHAN), [])


def test_tells_sound_from_damaged_and_missing(store: ServiceClient, workspace):
    def state(content: bytes) -> str:
        return store.post(f"/blobs/{digest_of(content)}/verify")["state"]

    assert [state(content) for content in (SHARED, OWN, ORPHAN)] == ["sound"] * 3
    changed = bytearray(SHARED)
    changed[-1] ^= 1
    blob_of(workspace, SHARED).write_bytes(changed)
    blob_of(workspace, OWN).unlink()
    blob_of(workspace, ORPHAN).write_bytes(ORPHAN[:-1])
    upload(store, b"no safetensors")
    assert [state(content) for content in (SHARED, OWN, ORPHAN, b"no safetensors")] == ["damaged", "missing", "damaged", "not safetensors"]
    found = store.post(f"/blobs/{digest_of(SHARED)}/verify")
    assert (found["size"], found["versions"]) == (len(SHARED), ["nerve:1", "nerve:2"])
    with pytest.raises(NotFound):
        store.post(f"/blobs/{'0' * 64}/verify")
    with pytest.raises(InvalidInput):
        store.post("/blobs/x/verify")


@pytest.mark.parametrize("wish", [{"older_than_days": -1}, {"deleted_for_days": 1e9}, {"older_than_days": "x"}, {"isdry": False}])
def test_refuses_a_wish_that_it_cannot_read(store: ServiceClient, workspace, wish: dict):
    with pytest.raises(InvalidInput):
        store.post("/collect", wish)
    assert blob_of(workspace, ORPHAN).exists()
