"""Models to publish."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import serving
from voxloop_registry.app import create_app
from voxloop_registry.settings import RegistrySettings
from voxloop_shared.client import ServiceClient
from voxloop_shared.settings import socket_path
from voxloop_shared.workspace import Workspace


def weights(payload: bytes = b"\1\2\3\4", header: dict | bytes | None = None) -> bytes:
    """A safetensors file of one byte tensor, or with another header."""
    if header is None:
        header = {"a": {"dtype": "U8", "shape": [len(payload)], "data_offsets": [0, len(payload)]}}
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(raw).to_bytes(8, "little") + raw + payload


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def manifest() -> dict:
    classes = [{"id": 1, "name": "background", "color": "#112233"}, {"id": 2, "name": "bone", "color": "#445566"}]
    return {
        "learner": "unet", "architecture": {"channels": 16}, "classes": classes, "normalisation": {"center": 0.5, "scale": 2.0},
        "volume": "rock", "volume_digest": "d", "voxel_size": [1.0, 1.0, 1.0], "unit": "um", "snapshot": "S", "settings": {},
        "metrics": {"dice": 0.9}, "author": "ada", "code_version": "1", "hardware": "cpu", "duration_s": 1.5,
        "created": "2026-01-01T00:00:00Z",
    }  # fmt: skip


@pytest.fixture
def settings(workspace: Workspace, run_dir: Path) -> RegistrySettings:
    return RegistrySettings(workspace=workspace.root, run_dir=run_dir)


@pytest.fixture
def registry(settings: RegistrySettings):
    with serving(create_app(settings), socket_path(settings.run_dir, "registry")) as client:
        yield client


@pytest.fixture
def publish(manifest: dict) -> Callable[..., dict]:
    """A way to publish a version."""

    def send(client: ServiceClient, name: str = "nerve", content: bytes | None = None) -> dict:
        content = weights() if content is None else content
        client.request("PUT", f"/blobs/{digest_of(content)}", content=content)
        return client.post(f"/models/{name}/versions", {"manifest": manifest, "weights": digest_of(content)})

    return send
