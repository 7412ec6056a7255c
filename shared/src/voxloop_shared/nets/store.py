"""Model files of this machine: pulled from the registry once, found by digest ever after."""

import hashlib
import os
import secrets
from pathlib import Path

from voxloop_shared.addresses import ModelAddress, parse_model
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import DigestMismatch
from voxloop_shared.files import sync_folder
from voxloop_shared.schemas import ModelVersion


class WeightStore:
    """A folder `<digest>.safetensors` filled from the registry."""

    def __init__(self, folder: Path, registry_socket: Path) -> None:
        self._folder = folder
        self._registry_socket = registry_socket

    def fetch(self, model: ModelVersion) -> Path:
        """Give the file with a model's weights, checked against the digest; one that was damaged is pulled again.

        Raises DigestMismatch when the registry sends other bytes; then nothing is kept.
        """
        path = self._folder / f"{model.digest}.safetensors"
        if not path.exists() or _digest_of(path) != model.digest:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._pull(model, path)
        return path

    def _pull(self, model: ModelVersion, path: Path) -> None:
        aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        route = ModelAddress(model.name, str(model.version)).path + "/weights"
        digest = hashlib.sha256()
        try:
            with (
                ServiceClient(self._registry_socket) as registry,
                registry.stream("GET", route) as response,
                aside.open("xb") as stream,
            ):
                for piece in response.iter_bytes():
                    digest.update(piece)
                    stream.write(piece)
                stream.flush()
                os.fsync(stream.fileno())
            if digest.hexdigest() != model.digest:
                raise DigestMismatch(f"the weights of {model.name}:{model.version} have digest {digest.hexdigest()}, not {model.digest}")
            aside.replace(path)
            sync_folder(path.parent)
        finally:
            aside.unlink(missing_ok=True)


def fetch_blob(registry_socket: Path, digest: str) -> bytes:
    """Give weights that may belong to no version, into memory only; raises NotFound, DigestMismatch."""
    with ServiceClient(registry_socket) as registry:
        content = registry.request("GET", f"/blobs/{digest}").content
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise DigestMismatch(f"the weights have digest {found}, not {digest}")
    return content


def _digest_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def find_model(registry_socket: Path, address: str) -> ModelVersion:
    """Ask the registry for the version that an address means now; raises ModelNotFound, NewerManifest."""
    with ServiceClient(registry_socket) as registry:
        return ModelVersion.read(registry.get(parse_model(address).path))
