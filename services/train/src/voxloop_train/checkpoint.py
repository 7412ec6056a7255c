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

RUN = "training"
GUIDE = "training-guide"
"""Names of checkpoints: that of a run is written again and again, that of its guide once."""

_FORMAT = 3


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
        return self.whole(name) if name in self.values else None

    def whole(self, name: str) -> "Checkpoint":
        """Give what was added as a part; raises KeyError when there is none."""
        return Checkpoint(self.group(name), self.values[name])

    def copied(self) -> "Checkpoint":
        """Copy the tensors, which may be in use and change."""
        return Checkpoint({name: tensor.detach().clone() for name, tensor in self.tensors.items()}, self.values)


def write_checkpoint(folder: Path, checkpoint: Checkpoint, name: str = RUN) -> None:
    """Replace a folder's checkpoint of a name: whoever is killed meanwhile leaves the old one."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in checkpoint.tensors.items()}
    write_atomic(_path(folder, name), save(tensors, {"format": str(_FORMAT), "values": json.dumps(checkpoint.values)}))


def read_checkpoint(folder: Path, name: str = RUN) -> Checkpoint | None:
    """Read a folder's checkpoint onto the CPU; None where there is none, or none that this version can read."""
    path = _path(folder, name)
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as stored:
            said = stored.metadata() or {}
            if said.get("format") != str(_FORMAT):
                log.warning("%s has format %s, not %d, and is made afresh", path.name, said.get("format"), _FORMAT)
                return None
            return Checkpoint({name: stored.get_tensor(name) for name in stored.keys()}, json.loads(said["values"]))  # noqa: SIM118 - no dict
    except (SafetensorError, ValueError, KeyError) as error:
        log.warning("%s cannot be read (%s) and is made afresh", path.name, error)
        return None


def forget_checkpoint(folder: Path) -> None:
    """Delete a folder's checkpoints: what they led to is safe."""
    for name in (RUN, GUIDE):
        _path(folder, name).unlink(missing_ok=True)


def _path(folder: Path, name: str) -> Path:
    return folder / f"{name}.safetensors"
