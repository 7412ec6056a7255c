"""Where live models go: weights to the registry by digest, without a version."""

import hashlib
from pathlib import Path

from torch import Tensor

from voxloop_shared.client import ServiceClient
from voxloop_shared.nets.weights import pack_weights


class Outlet:
    """Sends weights; who asked for the session takes them away again."""

    def __init__(self, registry_socket: Path) -> None:
        self._registry = ServiceClient(registry_socket)

    def send(self, state: dict[str, Tensor]) -> str:
        """Send a network's state and give its sha256; raises ServiceUnavailable where the registry is down."""
        content = pack_weights(state)
        digest = hashlib.sha256(content).hexdigest()
        self._registry.request("PUT", f"/blobs/{digest}", content=content)
        return digest
