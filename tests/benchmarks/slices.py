"""What a slice of 1024² uint16 out of a volume of 1024³ costs: cold (nothing in any cache), and warm (again, or its neighbour).

Through the shared chunk cache, and over annotate's socket. Cold reads come from the disk: the system is asked to
forget the volume's files first.
"""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.report import percentiles_ms, print_figures
from tests.benchmarks.service import new_workspace, running
from voxloop_shared.client import ServiceClient
from voxloop_shared.data.chunks import CachedArray, ChunkCache
from voxloop_shared.data.volumes import import_volume, level_array, open_volume
from voxloop_shared.schemas import VolumeInfo
from voxloop_shared.workspace import Workspace

SIDE = 1024
SLICES = 40
_CACHE_BYTES = 512 << 20


class BlockySource:
    """Voxels with structure and noise, made when they are read: grains 8 voxels wide, of other brightness each."""

    shape = (SIDE, SIDE, SIDE)
    dtype = np.dtype("uint16")
    voxel_size = (1.0, 1.0, 1.0)
    unit = "um"

    def read(self, z: slice, y: slice) -> NDArray[np.generic]:
        """Give rows of slices."""
        return np.stack([self._plane(index)[y] for index in range(z.start, z.stop)])

    def _plane(self, index: int) -> NDArray[np.uint16]:
        grains = np.random.default_rng(index // 8).integers(0, 4000, (SIDE // 8, SIDE // 8), dtype=np.uint16) * 16
        noise = np.random.default_rng(index).integers(0, 64, (SIDE, SIDE), dtype=np.uint16)
        return grains.repeat(8, axis=0).repeat(8, axis=1) + noise


def main() -> dict[str, Any]:
    """Measure and print."""
    with new_workspace() as workspace:
        start = time.perf_counter()
        info = import_volume(workspace, BlockySource(), name="blocks", origin="benchmark")
        figures: dict[str, Any] = {"import_s": round(time.perf_counter() - start, 1), "stored_mb": _stored_mb(workspace, info)}
        for axis in range(3):
            figures |= _through_cache(workspace, info, axis)
        figures |= _over_socket(workspace, info)
    return print_figures("slices", figures, goal="socket_cold_z_p95_ms <= 150, socket_warm_z_p95_ms <= 15")


def indices() -> list[int]:
    """Give random slices, none in another's chunk while there are chunks enough."""
    rng = np.random.default_rng(0)
    return [int(32 * chunk + rng.integers(17, 31)) for chunk in [*rng.permutation(SIDE // 32), *rng.permutation(SIDE // 32)]][:SLICES]


def _through_cache(workspace: Workspace, info: VolumeInfo, axis: int) -> dict[str, float]:
    array = level_array(open_volume(workspace, info.id)[1], "0")
    cold, warm = [], []
    for index in indices():
        _forget(workspace.volume(info.id))
        cached = CachedArray(array, ChunkCache(_CACHE_BYTES), "blocks")
        for place, seconds in ((index, cold), (index, warm), (index + 1, warm), (index - 1, warm)):
            region = [slice(0, SIDE)] * 3
            region[axis] = slice(place, place + 1)
            start = time.perf_counter()
            cached.read(tuple(region))  # type: ignore[arg-type]
            seconds.append(time.perf_counter() - start)
    return percentiles_ms(cold, f"cold_{'zyx'[axis]}") | percentiles_ms(warm, f"warm_{'zyx'[axis]}")


def _over_socket(workspace: Workspace, info: VolumeInfo) -> dict[str, float]:
    figures: dict[str, float] = {}
    with running("annotate", workspace) as client:
        client.post("/api/volumes", {"id": info.id})
        for axis in "zx":
            # each in chunks of its own: a second one there would be warm
            places = indices()[: SIDE // 32]
            _forget(workspace.volume(info.id))
            cold = [_ask(client, info, axis, index) for index in places]
            warm = [_ask(client, info, axis, places[-1] + shift) for shift in (0, 1, -1) * 10]
            figures |= percentiles_ms(cold, f"socket_cold_{axis}") | percentiles_ms(warm, f"socket_warm_{axis}")
    return figures


def _ask(client: ServiceClient, info: VolumeInfo, axis: str, index: int) -> float:
    start = time.perf_counter()
    answer = client.request("GET", f"/api/volumes/{info.id}/slice", params={"axis": axis, "index": index, "level": 0})
    seconds = time.perf_counter() - start
    assert len(answer.content) == SIDE * SIDE * 2
    return seconds


def _forget(folder: Path) -> None:
    """Ask the system to drop what it keeps of these files in memory."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _stored_mb(workspace: Workspace, info: VolumeInfo) -> int:
    return sum(path.stat().st_size for path in workspace.volume(info.id).rglob("*") if path.is_file()) >> 20


if __name__ == "__main__":
    main()
