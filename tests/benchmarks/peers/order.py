"""What a peer is asked: arrays and an order in a folder; the peer writes `found.npy` there and prints its seconds as JSON.

Imports nothing but numpy, so that it can be read in any environment.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Answer = tuple[NDArray[np.uint8], dict[str, Any]]


@dataclass(frozen=True)
class Order:
    """Which slices to predict, how many classes there are (ids from 1), how large a voxel is (z, y, x), and how long to train."""

    slices: tuple[int, ...]
    classes: int
    voxel_size: tuple[float, float, float]
    budget_s: float
    seed: int

    @property
    def is_isotropic(self) -> bool:
        """Say whether a slice is hardly thicker than a pixel is wide."""
        return self.voxel_size[0] <= 1.5 * min(self.voxel_size)

    def write(self, folder: Path, image: NDArray[np.generic], strokes: NDArray[np.uint8]) -> None:
        """Write the order with its arrays (z, y, x)."""
        np.save(folder / "image.npy", image)
        np.save(folder / "strokes.npy", strokes)
        (folder / "order.json").write_text(json.dumps(asdict(self)))


def answer_order(work: Callable[[Order, NDArray[np.generic], NDArray[np.uint8]], Answer]) -> None:
    """Read the order in the folder that the command line names, do it, write the classes of the slices, print the figures."""
    folder = Path(sys.argv[1])
    fields = json.loads((folder / "order.json").read_text())
    fields |= {name: tuple(fields[name]) for name in ("slices", "voxel_size")}
    found, told = work(Order(**fields), np.load(folder / "image.npy"), np.load(folder / "strokes.npy"))
    np.save(folder / "found.npy", found)
    print(json.dumps(told))
