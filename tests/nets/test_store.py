import hashlib
from datetime import UTC, datetime

import pytest
from fastapi import Response

from voxloop_shared.errors import DigestMismatch, ModelNotFound
from voxloop_shared.nets.store import WeightStore, find_model
from voxloop_shared.schemas import Manifest, ModelVersion
from voxloop_shared.server import create_api

CONTENT = b"weights"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
CLASSES = [{"id": 1, "name": "a", "color": "#000000"}, {"id": 2, "name": "b", "color": "#ffffff"}]


def version_of(digest=DIGEST):
    manifest = Manifest(
        learner="unet", architecture={}, classes=CLASSES, normalisation={"center": 0, "scale": 1}, volume="v", volume_digest="",
        voxel_size=(1, 1, 1), unit="um", snapshot="s", settings={}, metrics={}, author="a", code_version="1", hardware="cpu",
        duration_s=1, created=datetime.now(UTC),
    )  # fmt: skip
    return ModelVersion(name="m", version=1, digest=digest, size=7, aliases=[], author="a", created=datetime.now(UTC), manifest=manifest)


@pytest.fixture
def registry(serve_app):
    """A registry that sends the same bytes for every model, and counts how often."""
    api = create_api("registry", "0")
    api.sent = 0

    @api.get("/models/m/versions/1/weights")
    def weights() -> Response:
        api.sent += 1
        return Response(CONTENT)

    @api.get("/models/none/versions/{which}")
    def version(which: str) -> None:
        raise ModelNotFound(f"no {which}")

    api.socket_file = serve_app(api, "registry").socket_file
    return api


def test_pulls_a_model_once(registry, tmp_path):
    store = WeightStore(tmp_path / "models", registry.socket_file)
    assert [store.fetch(version_of()).read_bytes() for _ in range(3)] == [CONTENT] * 3
    assert registry.sent == 1


def test_keeps_nothing_when_the_bytes_have_another_digest(registry, tmp_path):
    store = WeightStore(tmp_path / "models", registry.socket_file)
    with pytest.raises(DigestMismatch):
        store.fetch(version_of("0" * 64))
    assert list((tmp_path / "models").iterdir()) == []


def test_a_model_that_is_not_there_raises_what_the_registry_says(registry):
    with pytest.raises(ModelNotFound):
        find_model(registry.socket_file, "none@champion")
