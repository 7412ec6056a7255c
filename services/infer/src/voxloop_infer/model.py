"""A model that can be run: its network on the device, and how slices become class probabilities."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from voxloop_infer.settings import InferSettings
from voxloop_shared.nets.architectures import build_network, read_architecture
from voxloop_shared.nets.devices import Device, choose_device
from voxloop_shared.nets.inputs import normalise
from voxloop_shared.nets.store import WeightStore
from voxloop_shared.nets.weights import put_weights, read_weights
from voxloop_shared.schemas import Manifest, ModelVersion

_BATCH_VOXELS = {"cpu": 1, "cuda": 8 << 20}
"""Voxels per pass beyond the first slice: on a CPU more slices in flight cost memory and gain nothing."""


_BATCH_FEATURES = 1 << 16
"""Voxels whose features pass the network at once: what is between its layers then stays in the cache."""


class Model:
    """A network with its manifest, ready to run."""

    def __init__(self, manifest: Manifest, state: dict[str, Tensor], device: Device) -> None:
        self.manifest = manifest
        self.architecture = read_architecture(manifest.architecture)
        self.device = device
        self._tuner = device.new_tuner()
        network = build_network(manifest.architecture)
        put_weights(network, state)
        self._network: nn.Module = device.place(network.eval().requires_grad_(requires_grad=False))

    @property
    def class_ids(self) -> NDArray[np.uint8]:
        """Give the class id of each channel."""
        return np.array([entry.id for entry in self.manifest.classes], np.uint8)

    def normalise(self, block: NDArray[Any]) -> NDArray[np.float32]:
        """Turn raw voxels into what the network was trained on."""
        return normalise(block, self.manifest.normalisation)

    @torch.inference_mode()
    def classify(self, features: Tensor) -> Tensor:
        """Turn features (channels, voxels) into probabilities (classes, voxels), on the device."""
        parts = [self._network(part.T).softmax(dim=1).T for part in torch.split(features, _BATCH_FEATURES, dim=1)]
        return torch.cat(parts, dim=1)

    @torch.inference_mode()
    def probabilities(self, block: NDArray[Any], channels: int) -> Tensor:
        """Turn raw voxels (slices + 2 context, rows, columns) into probabilities (slices, classes, rows, columns), on the device.

        Rows and columns must be multiples of the architecture's stride; `channels` are the slices seen at once.
        """
        image = torch.from_numpy(self.normalise(block))
        stack = image.unfold(0, channels, 1).movedim(-1, 1)
        with self._tuner.timed(stack.numel()), self.device.autocast():
            logits: Tensor = self._network(self.device.send(stack))
        return logits.float().softmax(dim=1)

    def slices_per_pass(self, rows: int, columns: int) -> int:
        """Give how many slices of that size are run at once."""
        return max(1, _BATCH_VOXELS[self.device.torch.type] // (rows * columns))


def load_model(model: ModelVersion, settings: InferSettings) -> Model:
    """Load a model, pulling its weights from the registry when they are not here yet."""
    store = WeightStore(settings.model_folder, settings.socket_of("registry"))
    return Model(model.manifest, read_weights(store.fetch(model)), choose_device())
