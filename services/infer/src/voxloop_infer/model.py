"""A model that can be run: its network on a device, and how slices become class probabilities."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from voxloop_infer.settings import InferSettings
from voxloop_shared.live import UNPUBLISHED
from voxloop_shared.nets.architectures import build_network, read_architecture, unet_of
from voxloop_shared.nets.devices import Device, choose_device
from voxloop_shared.nets.ensemble import EnsembleNetwork
from voxloop_shared.nets.folding import fold_normalisation
from voxloop_shared.nets.inputs import normalise
from voxloop_shared.nets.pixel import PixelNetwork
from voxloop_shared.nets.store import WeightStore, fetch_blob
from voxloop_shared.nets.weights import put_weights, read_weights, unpack_weights
from voxloop_shared.schemas import LabelClass, Manifest, ModelVersion

_BATCH_VOXELS = {"cpu": 1, "cuda": 8 << 20}
"""Voxels per pass beyond the first slice: on a CPU more slices in flight cost memory and gain nothing."""
_MEMORY_SHARE = 0.4
"""Of a GPU's free memory, what one pass may take: the next is prepared beside it."""
_BATCH_FEATURES = {"cpu": 1 << 13, "cuda": 1 << 20}
"""Voxels whose features pass the network at once: what is between its layers then stays in the cache."""


class Model:
    """A network, or the members of an ensemble, with its manifest, ready to run."""

    def __init__(self, manifest: Manifest, state: dict[str, Tensor], device: Device) -> None:
        self.manifest = manifest
        self.architecture = read_architecture(manifest.architecture)
        self.device = device
        self._order: list[int] | None = None
        self._tuner = device.new_tuner()
        self._bytes_per_voxel: float | None = None
        network = build_network(manifest.architecture)
        put_weights(network, state)
        fold_normalisation(network.eval())
        placed = device.place(network.requires_grad_(requires_grad=False))
        slicing = unet_of(self.architecture)
        self._channels = 1 if slicing is None else slicing.in_channels
        self._members: list[nn.Module] = list(placed.members) if isinstance(placed, EnsembleNetwork) else [placed]

    def speak_of(self, classes: Sequence[LabelClass]) -> None:
        """Answer in the order of these classes, which must be the model's own."""
        own = [entry.id for entry in self.manifest.classes]
        wanted = [entry.id for entry in classes]
        self._order = [own.index(number) for number in wanted] if own != wanted else None

    @property
    def members(self) -> int:
        """Give the number of networks that answer."""
        return len(self._members)

    @property
    def network(self) -> nn.Module:
        """Give the network, of an ensemble the first member."""
        return self._members[0]

    @property
    def nbytes(self) -> int:
        """Give the size of the weights in memory."""
        return sum(tensor.nbytes for member in self._members for tensor in (*member.parameters(), *member.buffers()))

    def normalise(self, block: NDArray[Any]) -> NDArray[np.float32]:
        """Turn raw voxels into what the network was trained on."""
        return normalise(block, self.manifest.normalisation)

    @torch.inference_mode()
    def classify(self, features: Tensor) -> Tensor:
        """Turn features (channels, voxels) into probabilities (classes, voxels), on the device."""
        (network,) = self._members
        assert isinstance(network, PixelNetwork)
        parts = [network.classify(part) for part in torch.split(features, _BATCH_FEATURES[self.device.torch.type], dim=1)]
        return self._ordered(torch.cat(parts, dim=1))

    @torch.inference_mode()
    def opinions(self, block: NDArray[Any], channels: int, inner: tuple[slice, slice], *, flips: bool = False) -> Iterator[Tensor]:
        """Turn raw voxels (slices + context, rows, columns) into probabilities (classes, slices, rows, columns), on the device.

        Each member of an ensemble has its say, with `flips` on all four mirror images. Rows and columns must be multiples of the
        architecture's stride; `channels` are the slices seen at once, `inner` the rows and columns that are asked for.
        """
        image = self._send(self.normalise(block))
        stack = image.unfold(0, channels, 1).movedim(-1, 1).contiguous(memory_format=torch.channels_last)
        for member, mirrored in itertools.product(self._members, _FLIPS if flips else _FLIPS[:1]):
            with self._tuner.timed(stack.numel()), self.device.autocast():
                logits: Tensor = member(stack.flip(mirrored) if mirrored else stack)
            straight = logits.flip(mirrored) if mirrored else logits
            yield self._ordered(straight[:, :, *inner].float().softmax(dim=1).transpose(0, 1))

    def slices_per_pass(self, rows: int, columns: int) -> int:
        """Give how many slices of that size are run at once: on a GPU as many as are fast, and fewer where memory is short."""
        wanted = max(1, _BATCH_VOXELS[self.device.torch.type] // (rows * columns))
        if not self.device.is_cuda or wanted == 1:
            return wanted
        free, _ = torch.cuda.mem_get_info(self.device.torch)
        unused = torch.cuda.memory_reserved(self.device.torch) - torch.cuda.memory_allocated(self.device.torch)
        return max(1, min(wanted, int(_MEMORY_SHARE * (free + unused) / (self._pass_bytes() * rows * columns))))

    def _ordered(self, probability: Tensor) -> Tensor:
        return probability if self._order is None else probability[self._order]

    def _send(self, image: NDArray[np.float32]) -> Tensor:
        """Move voxels to the device; from pinned memory, the next pass is sent while this one runs."""
        tensor = torch.from_numpy(image)
        return tensor.pin_memory().to(self.device.torch, non_blocking=True) if self.device.is_cuda else tensor

    @torch.inference_mode()
    def _pass_bytes(self) -> float:
        """Measure the GPU memory that a pass takes per voxel, once."""
        if self._bytes_per_voxel is None:
            side, gpu = 256, self.device.torch
            image = torch.zeros((1, self._channels, side, side), device=gpu)
            torch.cuda.synchronize(gpu)
            before = torch.cuda.memory_allocated(gpu)
            torch.cuda.reset_peak_memory_stats(gpu)
            with self.device.autocast():
                self._members[0](image)
            self._bytes_per_voxel = max(1.0, (torch.cuda.max_memory_allocated(gpu) - before) / side**2)
        return self._bytes_per_voxel


_FLIPS: tuple[tuple[int, ...], ...] = ((), (2,), (3,), (2, 3))
"""The axes of (slices, channels, rows, columns) along which an image is mirrored; the first is the image itself."""


def load_model(model: ModelVersion, settings: InferSettings, device: Device | None = None) -> Model:
    """Load a model, pulling its weights from the registry when they are not here yet; what is no version leaves no file."""
    registry = settings.socket_of("registry")
    if model.version == UNPUBLISHED:
        state = unpack_weights(fetch_blob(registry, model.digest), model.digest)
    else:
        state = read_weights(WeightStore(settings.model_folder, registry).fetch(model))
    return Model(model.manifest, state, device or choose_device())
