"""Publishing a model: weights and provenance to the registry."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from voxloop_shared.behalf import working_for
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import ServiceUnavailable
from voxloop_shared.schemas import Manifest, ModelVersion

_PAUSE_S = 0.5

T = TypeVar("T")


def publish_model(registry_socket: Path, name: str, manifest: Manifest, weights: Path, digest: str, patience_s: float) -> ModelVersion:
    """Send a model in its author's name; waits for a registry that is being restarted."""
    with working_for(manifest.author), ServiceClient(registry_socket) as registry:
        _insist(lambda: registry.upload(f"/blobs/{digest}", weights), patience_s)
        body = {"manifest": manifest.model_dump(mode="json"), "weights": digest}
        return ModelVersion.model_validate(_insist(lambda: registry.post(f"/models/{name}/versions", body), patience_s))


def _insist(send: Callable[[], T], patience_s: float) -> T:
    """Try again while nobody answers: an hour of training is not to be lost to a restart."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return send()
        except ServiceUnavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_S)
