"""Where a training stands, on disk: written in one step, and nothing in it can run."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from voxloop_shared.files import write_atomic

log = logging.getLogger(__name__)

_NAME = "training.safetensors"
_FORMAT = 1


@dataclass(slots=True)
class Checkpoint:
    """Tensors by dotted names, and plain values that JSON can hold."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def put(self, name: str, tensors: Mapping[str, Tensor]) -> None:
        """Add a group of tensors."""
        self.tensors |= {f"{name}.{key}": tensor for key, tensor in tensors.items()}

    def group(self, name: str) -> dict[str, Tensor]:
        """Give a group of tensors by their own names; empty when there is none."""
        start = f"{name}."
        return {key.removeprefix(start): tensor for key, tensor in self.tensors.items() if key.startswith(start)}

    def add(self, name: str, part: "Checkpoint") -> None:
        """Add another checkpoint as a part of this one."""
        self.put(name, part.tensors)
        self.values[name] = part.values

    def part(self, name: str) -> "Checkpoint | None":
        """Give what was added as a part; None when there is none."""
        return Checkpoint(self.group(name), self.values[name]) if name in self.values else None


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Replace a folder's checkpoint: whoever is killed meanwhile leaves the old one."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in checkpoint.tensors.items()}
    write_atomic(folder / _NAME, save(tensors, {"format": str(_FORMAT), "values": json.dumps(checkpoint.values)}))


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """Read a folder's checkpoint onto the CPU; None where there is none, or none that this version can read."""
    path = folder / _NAME
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as stored:
            said = stored.metadata() or {}
            if said.get("format") != str(_FORMAT):
                log.warning("the checkpoint has format %s, not %d: the training starts afresh", said.get("format"), _FORMAT)
                return None
            return Checkpoint({name: stored.get_tensor(name) for name in stored.keys()}, json.loads(said["values"]))  # noqa: SIM118 - no dict
    except (SafetensorError, ValueError, KeyError) as error:
        log.warning("the checkpoint cannot be read (%s): the training starts afresh", error)
        return None


def forget_checkpoint(folder: Path) -> None:
    """Delete a folder's checkpoint: what it led to is safe."""
    (folder / _NAME).unlink(missing_ok=True)
