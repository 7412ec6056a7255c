"""What a fill, a stroke in 3D and superpixels cost over annotate's socket, durable, in a volume of 64 × 512 × 512 uint16.

The flood fill looks at the whole volume and takes half of it; the interpolation fills the 62 slices between the first and
the last; the stroke is a ball as large as the volume, sent as runs. Each falls on empty labels, and once more, in another
class, on what it has painted (`again`). Superpixels are cut from planes of 1024², each asked for once.
"""

import time
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tests.benchmarks.report import percentiles_ms, print_figures
from tests.benchmarks.service import new_workspace, running
from voxloop_shared.client import ServiceClient
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.masks import encode_mask
from voxloop_shared.data.volumes import import_volume

SHAPE = (64, 512, 512)
TIMES = 5
_WHOLE = [[0, n] for n in SHAPE]
_ids = (f"fill-{number}" for number in count())


def main() -> dict[str, Any]:
    """Measure and print."""
    with new_workspace() as workspace, running("annotate", workspace) as client:
        info = import_volume(workspace, ArraySource(_grains(SHAPE)), name="grains", origin="benchmark", voxel_size=(2.0, 1.0, 1.0))
        client.post("/api/volumes", {"id": info.id})
        route = f"/api/volumes/{info.id}"
        flood = {"kind": "flood", "index": 32, "seed": [32, 256, 256], "tolerance": 1200, "dims": 3, "box": _WHOLE}
        ball = {"tool": "brush", "index": 32, "box": _WHOLE, "runs": encode_mask(_ball())}
        between = {"kind": "interpolate", "index": 32, "between": [0, SHAPE[0] - 1]}
        figures = _measure(client, route, "flood", "fills", flood)
        figures |= _measure(client, route, "interpolate", "fills", between)
        figures |= _measure(client, route, "stroke", "strokes", ball)
        large = import_volume(workspace, ArraySource(_grains((TIMES, 1024, 1024))), name="planes", origin="benchmark")
        client.post("/api/volumes", {"id": large.id})
        seconds = [_timed(lambda z=z: client.request("GET", f"/api/volumes/{large.id}/regions?axis=z&index={z}")) for z in range(TIMES)]
        figures |= percentiles_ms(seconds, "regions_1024")
    return print_figures("fills", figures, goal="flood, interpolate, stroke p95_ms <= 1000, regions_1024_p95_ms <= 300")


def _grains(shape: tuple[int, int, int]) -> NDArray[np.uint16]:
    """Make soft structure about 15 voxels wide, with noise."""
    rng = np.random.default_rng(0)
    soft = ndimage.gaussian_filter(rng.normal(size=shape).astype(np.float32), 5)
    return (soft * (1000 / soft.std()) + rng.normal(size=shape) * 200 + 8000).astype(np.uint16)


def _ball() -> NDArray[np.bool_]:
    z, y, x = np.ogrid[-1 : 1 : SHAPE[0] * 1j, -1 : 1 : SHAPE[1] * 1j, -1 : 1 : SHAPE[2] * 1j]
    return np.asarray(z * z + y * y + x * x <= 1)


def _measure(client: ServiceClient, volume: str, name: str, route: str, body: dict[str, Any]) -> dict[str, float]:
    """Time a change on empty labels and, in the other class, on what it has just painted."""
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(TIMES):
        _paint(client, volume, 0, _WHOLE, np.ones(SHAPE, bool))
        for value, taken in seconds.items():
            for z in (0, SHAPE[0] - 1):  # what an interpolation begins and ends with
                _paint(client, volume, value, [[z, z + 1], *_WHOLE[1:]], _ball()[SHAPE[0] // 2])
            message = body | {"id": next(_ids), "value": value}
            taken.append(_timed(lambda message=message: client.post(f"{volume}/{route}", message)))
    return percentiles_ms(seconds[1], name) | percentiles_ms(seconds[2], f"{name}_again")


def _paint(client: ServiceClient, volume: str, value: int, box: list[list[int]], mask: NDArray[np.bool_]) -> None:
    stroke = {"id": next(_ids), "tool": "brush", "value": value, "index": box[0][0], "box": box, "runs": encode_mask(mask)}
    client.post(f"{volume}/strokes", stroke)


def _timed(action: Callable[[], Any]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
