"""How a model is used from Python: lines that can be copied and run as they are."""

from pathlib import Path
from typing import Any

_NETWORK = """\
from pathlib import Path

from voxloop_shared.client import ServiceClient
from voxloop_shared.nets.architectures import build_network
from voxloop_shared.nets.store import WeightStore
from voxloop_shared.nets.weights import put_weights, read_weights
from voxloop_shared.schemas import ModelVersion

socket = Path({socket!r})
with ServiceClient(socket) as registry:
    model = ModelVersion.model_validate(registry.get("/models/{name}/versions/{version}"))
network = build_network(model.manifest.architecture)
put_weights(network, read_weights(WeightStore(Path("weights"), socket).fetch(model)))
network.eval()  # sees (value - {center:g}) / {scale:g}, answers one channel per class: {classes}
"""


def python_lines(record: dict[str, Any], registry_socket: Path) -> str:
    """Give the lines that load a model version's network; `record` is the registry's, its manifest one that this voxloop knows."""
    manifest = record["manifest"]
    return _NETWORK.format(
        socket=str(registry_socket),
        name=record["name"],
        version=record["version"],
        classes=", ".join(entry["name"] for entry in manifest["classes"]),
        **{key: manifest["normalisation"][key] for key in ("center", "scale")},
    )


def command_line(record: dict[str, Any], volume: str) -> str:
    """Give the command that predicts a volume by a model version."""
    return f"voxloop predict {volume} --model {record['name']}:{record['version']} --wait"
