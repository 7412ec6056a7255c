"""An infer service with a registry beside it, and models with random weights to run."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest
import torch
from safetensors.torch import save

from tests.forkservers import quick_jobs  # noqa: F401 - a fixture
from voxloop_infer.app import create_app
from voxloop_infer.model import Model
from voxloop_infer.settings import InferSettings
from voxloop_registry.app import create_app as create_registry
from voxloop_registry.settings import RegistrySettings
from voxloop_shared.client import ServiceClient
from voxloop_shared.nets.architectures import build_network
from voxloop_shared.nets.devices import Device
from voxloop_shared.schemas import LabelClass, Manifest, ModelVersion

IDS = (2, 7, 9)
EXACT = Device(torch.device("cpu"), uses_bf16=False, description="cpu")


def manifest_of(in_channels: int = 1, planes: str = "z", **changes) -> Manifest:
    fields = {
        "learner": "unet", "architecture": {"in_channels": in_channels, "classes": 3, "width": 4, "depth": 2},
        "classes": [LabelClass(id=n, name=f"class {n}", color="#112233") for n in IDS],
        "normalisation": {"center": 100, "scale": 50}, "planes": planes, "volume": "rock", "volume_digest": "d",
        "voxel_size": (1, 1, 1), "unit": "um", "snapshot": "S", "settings": {}, "metrics": {}, "author": "ada", "code_version": "1",
        "hardware": "cpu", "duration_s": 1, "created": datetime.now(UTC),
    }  # fmt: skip
    return Manifest(**fields | changes)


def random_state(manifest: Manifest) -> dict:
    """Weights of a network that answers with all classes: its logits are made to vary around the same mean."""
    return {name: tensor.clone() for name, tensor in _random_state(json.dumps(manifest.architecture)).items()}


@cache
def _random_state(settings: str) -> dict:
    torch.manual_seed(1)
    torch.set_num_threads(1)
    architecture = json.loads(settings)
    network = build_network(architecture)
    channels = architecture.get("in_channels", 1)
    image = (torch.from_numpy(voxels((channels, 64, 64), "float32")) - 100)[None] / 50
    network.train()
    with torch.no_grad():
        for _ in range(50):  # batch statistics of such images
            network(image)
        network.eval()
        logits = network(image)
        spread = logits.std(dim=(0, 2, 3))
        network.exit.bias.sub_(logits.mean(dim=(0, 2, 3))).div_(spread)
        network.exit.weight.div_(spread.view(-1, 1, 1, 1))
    return network.state_dict()


def random_model(**options) -> Model:
    """A model on the CPU in float32."""
    manifest = manifest_of(**options)
    return Model(manifest, random_state(manifest), EXACT)


@pytest.fixture
def registry(serve_app, workspace, run_dir) -> ServiceClient:
    return serve_app(create_registry(RegistrySettings(workspace=workspace.root, run_dir=run_dir)), "registry")


@pytest.fixture
def publish(registry) -> Callable[..., ModelVersion]:
    """A way to put a model with random weights into the registry."""

    def send(name: str = "rocks", state: dict | None = None, **options) -> ModelVersion:
        manifest = manifest_of(**options)
        content = save(random_state(manifest) if state is None else state)
        digest = hashlib.sha256(content).hexdigest()
        registry.request("PUT", f"/blobs/{digest}", content=content)
        body = {"manifest": manifest.model_dump(mode="json"), "weights": digest}
        return ModelVersion.model_validate(registry.post(f"/models/{name}/versions", body))

    return send


@pytest.fixture
def infer_settings(workspace, run_dir) -> InferSettings:
    return InferSettings(workspace=workspace.root, run_dir=run_dir)


@pytest.fixture
def infer(serve_app, registry, infer_settings) -> ServiceClient:
    return serve_app(create_app(infer_settings), "infer")


def voxels(shape, dtype="uint8") -> np.ndarray:
    """Smooth blobs with noise between 0 and 200."""
    z, y, x = np.indices(shape)
    waves = 100 + 60 * np.sin(z / 3) * np.cos(y / 7) + 40 * np.sin(x / 5)
    return (waves + np.random.default_rng(0).normal(0, 3, shape)).clip(0, 255).astype(dtype)
