"""Packages: what leaves comes back the same, and what is no sound package is refused."""

import io
import json
import stat
import zipfile
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.conftest import serving
from tests.registry.conftest import Shelf, on_sqlite, plain_manifest
from tests.registry.files import digest_of, weights
from tests.registry.packages import CONTENT, described, package, renamed, send, with_size, zipped
from voxloop_registry.app import create_app
from voxloop_registry.exchange.archive import Archive
from voxloop_registry.settings import RegistrySettings
from voxloop_shared.errors import DigestMismatch, InvalidInput, ModelNotFound, NewerManifest, TooLarge
from voxloop_shared.exchange import DESCRIPTION, README, WEIGHTS
from voxloop_shared.settings import socket_path

ALIEN = zipped({"rdf.yaml": b"type: model", "weights.pt": b"\x80\x02cos\nsystem\n"})


@pytest.fixture
def elsewhere(tmp_path: Path, run_dir: Path):
    """The registry of another, empty workspace."""
    settings = RegistrySettings(workspace=tmp_path / "elsewhere", run_dir=run_dir)
    with serving(create_app(settings), socket_path(run_dir, "elsewhere")) as client:
        yield client


def publish(registry, manifest: dict, content: bytes = CONTENT, name: str = "nerve", **more) -> dict:
    registry.request("PUT", f"/blobs/{digest_of(content)}", content=content)
    return registry.post(f"/models/{name}/versions", {"manifest": manifest, "weights": digest_of(content)} | more)


def bundle_of(registry, name: str = "nerve", which: str = "latest") -> bytes:
    return registry.request("GET", f"/models/{name}/versions/{which}/export").content


def test_a_bundle_taken_into_an_empty_workspace_is_the_same_model(registry, elsewhere, manifest):
    made = publish(registry, manifest, description="for teeth", tags=["teeth"])
    found = send(elsewhere, bundle_of(registry))
    assert (found["name"], found["version"], found["digest"], found["size"]) == ("nerve", 1, made["digest"], len(CONTENT))
    assert (found["description"], found["tags"]) == ("for teeth", ["teeth"])
    origin = found["manifest"]["settings"].pop("origin")
    assert found["manifest"] == made["manifest"]
    assert (origin["format"], origin["name"], origin["version"], origin["author"]) == ("voxloop", "nerve", 1, made["author"])
    assert elsewhere.request("GET", "/models/nerve/versions/champion/weights").content == CONTENT


def test_a_bundle_is_a_plain_zip_that_explains_itself(registry, manifest):
    publish(registry, manifest)
    response = registry.request("GET", "/models/nerve/versions/1/export")
    assert 'filename="nerve-1.voxloop.zip"' in response.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {DESCRIPTION, WEIGHTS, README}
        assert archive.read(WEIGHTS) == CONTENT
        assert "- 2: bone (#445566)" in archive.read(README).decode()


def test_weights_of_many_pieces_survive_both_ways(registry, elsewhere, manifest):
    content = weights(b"\1\2\3\4" * 900_000)
    publish(registry, manifest, content)
    assert send(elsewhere, bundle_of(registry))["digest"] == digest_of(content)
    assert elsewhere.request("GET", "/models/nerve/versions/1/weights").content == content


def test_an_imported_model_gets_another_name_where_one_is_asked_for(registry, manifest):
    publish(registry, manifest)
    assert send(registry, bundle_of(registry), name="teeth")["name"] == "teeth"
    with pytest.raises(InvalidInput, match="write 'no-name'"):
        send(registry, bundle_of(registry), name="No Name")


def test_of_parent_and_job_only_what_is_the_same_here_is_taken_over(registry, elsewhere, manifest):
    publish(registry, manifest, name="first")
    publish(registry, manifest | {"parent": "first:1", "job": "j1"})
    bundle = bundle_of(registry)
    stranger = send(elsewhere, bundle)["manifest"]
    assert (stranger["parent"], stranger["job"], stranger["settings"]["origin"]["parent"]) == (None, None, "first:1")
    publish(elsewhere, manifest, weights(b"other"), name="first")
    assert send(elsewhere, bundle)["manifest"]["parent"] is None, "first:1 is another model there"
    assert send(registry, bundle)["manifest"]["parent"] == "first:1"


def test_what_is_not_there_cannot_be_exported(registry):
    with pytest.raises(ModelNotFound):
        bundle_of(registry)


def linked(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


MANY = {f"empty/{number}": b"" for number in range(1200)}
BAD = {
    "no archive": (lambda _m: b"\x80\x04 no zip", InvalidInput, "no zip archive"),
    "nothing at all": (lambda _m: b"", InvalidInput, "no zip archive"),
    "an archive without its end": (lambda m: package(m)[:-30], InvalidInput, "no zip archive"),
    "an archive without its middle": (lambda m: package(m)[:200] + package(m)[300:], InvalidInput, "damaged"),
    "another program's package": (lambda _m: ALIEN, InvalidInput, "of another program"),
    "an archive of something else": (lambda _m: zipped({"cat.txt": b"miaow"}), InvalidInput, "no package that voxloop exported"),
    "a way out": (lambda m: package(m, more={"../../evil": b"x"}), InvalidInput, "out of its folder"),
    "a way out from the root": (lambda m: package(m, more={"/etc/evil": b"x"}), InvalidInput, "out of its folder"),
    "a way out on Windows": (lambda m: renamed(package(m, more={"evil_evil": b"x"}), b"evil_evil", b"..\\\\evil_"), InvalidInput, "out of"),
    "a drive": (lambda m: package(m, more={"C:evil": b"x"}), InvalidInput, "out of its folder"),
    "a link": (lambda m: package(m, more={linked("passwd"): b"/etc/passwd"}), InvalidInput, "a link"),
    "a name twice": (
        lambda m: renamed(package(m, more={WEIGHTS[:-1] + "x": b""}), b".safetensorx", b".safetensors"),
        InvalidInput,
        "twice",
    ),
    "a bomb": (lambda _m: zipped({WEIGHTS: bytes(64 << 20)}, zipfile.ZIP_DEFLATED), InvalidInput, "zip bomb"),
    "too many entries": (lambda m: package(m, more=MANY), TooLarge, "1202 entries"),
    "more than is declared": (lambda m: with_size(package(m), 100), InvalidInput, "is 100 bytes long"),
    "less than is declared": (lambda m: with_size(package(m, size=5000), 5000), InvalidInput, "damaged"),
    "other weights": (lambda m: package(m, digest="0" * 64), DigestMismatch, "announced was 000"),
    "weights of another length": (lambda m: package(m, size=7), InvalidInput, "was changed"),
    "weights that are none": (lambda m: package(m, b"\x80\x02cos\nsystem\n."), InvalidInput, "no safetensors"),
    "no weights": (lambda m: zipped({DESCRIPTION: json.dumps(described(m)).encode()}), InvalidInput, f"holds no {WEIGHTS}"),
    "a description that is none": (lambda _m: zipped({DESCRIPTION: b"{" * 5000, WEIGHTS: CONTENT}), InvalidInput, "describes no model"),
    "a huge description": (lambda _m: zipped({DESCRIPTION: bytes(9 << 20), WEIGHTS: CONTENT}), TooLarge, "9437184 bytes"),
    "a manifest that is none": (lambda _m: package({"learner": 7}), InvalidInput, "manifest"),
    "a newer package": (lambda m: package(m, package_version=2), NewerManifest, "newer voxloop"),
    "a name that is none": (lambda m: package(m, name="../up"), InvalidInput, "no name"),
}


def files_of(folder: Path) -> set[Path]:
    """All files and folders but the store's blobs and the database's own."""
    return {path for path in folder.rglob("*") if "blobs" not in path.parts and not path.name.startswith("registry.db")}


@on_sqlite
@pytest.mark.parametrize("case", BAD)
def test_what_is_no_sound_package_is_refused_and_leaves_nothing(shelf: Shelf, manifest, case):
    make, error, said = BAD[case]
    before = files_of(shelf.workspace.root.parent)
    with pytest.raises(error, match=said):
        send(shelf.client, make(manifest))
    assert shelf.client.get("/versions")["total"] == 1
    assert files_of(shelf.workspace.root.parent) == before


def test_the_limit_holds_for_what_is_sent_and_for_what_it_becomes(workspace, run_dir, manifest):
    settings = RegistrySettings(workspace=workspace.root, run_dir=run_dir, max_package_bytes=50_000, max_blob_bytes=2000)
    with serving(create_app(settings), socket_path(run_dir, "registry")) as registry:
        with pytest.raises(TooLarge, match="50000 bytes"):
            send(registry, package(manifest, bytes(60_000)))
        with pytest.raises(TooLarge, match="at most 2000 are taken"):
            send(registry, package(manifest, weights(bytes(3000))))
        assert send(registry, package(manifest))["version"] == 1


def test_a_newer_manifest_is_taken_in_to_be_shown_and_handed_on(registry, manifest):
    newer = {"schema_version": 2, "more": "unknown", "classes": "none", "metrics": [1], "voxel_size": "large"}
    found = send(registry, package(manifest | newer))
    assert (found["runnable"], found["manifest"]["more"]) == (False, "unknown")
    assert send(registry, bundle_of(registry), name="again")["manifest"]["voxel_size"] == "large"


def test_an_upload_that_ends_early_leaves_nothing(registry, settings, manifest):
    def half():
        yield package(manifest)[:100]
        raise httpx.ReadError("the sender is gone")

    with pytest.raises(Exception, match="not running"):
        registry.request("POST", "/imports", content=half())
    assert send(registry, package(manifest))["version"] == 1
    assert list((settings.workspace / "models" / "incoming").iterdir()) == []


@examples(max_examples=200, deadline=None)
@given(place=st.integers(0, 10_000), value=st.integers(0, 255), cut=st.integers(0, 60))
def test_no_damage_is_more_than_refused(place: int, value: int, cut: int):
    content = bytearray(package(plain_manifest()))
    content[-1 - place % len(content)] = value
    with suppress(InvalidInput, TooLarge), Archive.open(io.BytesIO(content[: len(content) - cut])) as archive:
        for name in (DESCRIPTION, WEIGHTS):
            archive.read(name, 1 << 20)
