"""Weights as safetensors files: nothing in them can run."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from voxloop_shared.errors import InvalidInput
from voxloop_shared.files import write_atomic

_PIECE = 1 << 20


def save_weights(state: Mapping[str, Tensor], path: Path) -> str:
    """Write a network's state in one step and give the file's sha256."""
    content = pack_weights(state)
    write_atomic(path, content)
    return hashlib.sha256(content).hexdigest()


def pack_weights(state: Mapping[str, Tensor]) -> bytes:
    """Give the content of the file that holds a network's state."""
    content: bytes = save({name: tensor.detach().cpu().contiguous() for name, tensor in state.items()})
    return content


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a state onto the CPU; raises InvalidInput for what is no safetensors file."""
    return unpack_weights(path.read_bytes(), path.name)


def unpack_weights(content: bytes, name: str) -> dict[str, Tensor]:
    """Give the state that a file's content holds, on the CPU; raises InvalidInput for what is no safetensors file."""
    try:
        state: dict[str, Tensor] = load(content)
    except SafetensorError as error:
        raise InvalidInput(f"{name} is no safetensors file: {error}") from error
    return state


def put_weights(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Give a network its weights; raises InvalidInput when they are of another architecture."""
    try:
        network.load_state_dict(dict(state))
    except RuntimeError as error:
        raise InvalidInput(f"the weights do not fit the network: {error}") from error


def copy_state(network: nn.Module) -> dict[str, Tensor]:
    """Copy a state, so that further training cannot change it."""
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


def has_finite_weights(state: Mapping[str, Tensor]) -> bool:
    """Say whether no weight is NaN or infinite."""
    return all(bool(torch.isfinite(tensor).all()) for tensor in state.values())


def file_digest(path: Path) -> str:
    """Give a file's sha256."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
