"""What a stroke costs until it is durable: a disc 200 voxels wide in a volume of 1024³, by itself and over annotate's socket.

The second half of the strokes falls on labels that are there already, as corrections do.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.benchmarks.report import percentiles_ms, print_figures
from tests.benchmarks.service import new_workspace, running
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.labels import Labels, default_classes
from voxloop_shared.data.masks import encode_mask
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.schemas import Axis, Stroke
from voxloop_shared.workspace import Workspace

SIDE = 1024
WIDTH = 200
STROKES = 100


def main() -> dict[str, Any]:
    """Measure and print."""
    with new_workspace() as workspace:
        figures = _direct(workspace) | _over_socket(workspace)
    return print_figures("strokes", figures, goal="socket_z_p95_ms <= 40")


def strokes(axis: Axis, first: int = 0) -> Iterator[Stroke]:
    """Give discs in slices across an axis; after half of them, the same places again in the other class."""
    rng = np.random.default_rng(0)
    y, x = np.ogrid[:WIDTH, :WIDTH]
    disc = (y - WIDTH / 2) ** 2 + (x - WIDTH / 2) ** 2 < (WIDTH / 2) ** 2
    runs = encode_mask(disc)
    places = [[int(rng.integers(0, SIDE - WIDTH)) for _ in range(3)] for _ in range(STROKES // 2)] * 2
    for number, place in enumerate(places, start=first):
        box = tuple((a, a + (1 if name == axis else WIDTH)) for a, name in zip(place, "zyx", strict=True))
        index = place["zyx".index(axis)]
        value = 1 + (number - first) // (STROKES // 2)
        yield Stroke(id=f"{axis}{number}", tool="brush", value=value, axis=axis, index=index, box=box, runs=runs)  # type: ignore[arg-type]


def timed(paint: Callable[[Stroke], object], axis: Axis) -> list[float]:
    """Paint all strokes across an axis and give the seconds that each took."""
    seconds = []
    for stroke in strokes(axis):
        start = time.perf_counter()
        paint(stroke)
        seconds.append(time.perf_counter() - start)
    return seconds


def _direct(workspace: Workspace) -> dict[str, float]:
    figures: dict[str, float] = {}
    for axis in ("z", "y", "x"):
        labels = Labels.create(workspace.labels_of(f"direct-{axis}"), (SIDE,) * 3, default_classes())
        figures |= percentiles_ms(timed(lambda stroke, labels=labels: labels.paint(stroke, "benchmark"), axis), f"direct_{axis}")
    return figures


def _over_socket(workspace: Workspace) -> dict[str, float]:
    empty = ArraySource(np.broadcast_to(np.uint8(0), (SIDE,) * 3))
    figures: dict[str, float] = {}
    with running("annotate", workspace) as client:
        for axis in ("z", "x"):
            info = import_volume(workspace, empty, name=f"empty {axis}", origin="benchmark")
            client.post("/api/volumes", {"id": info.id})
            route = f"/api/volumes/{info.id}/strokes"
            seconds = timed(lambda stroke, route=route: client.post(route, stroke.model_dump(mode="json")), axis)
            figures |= percentiles_ms(seconds, f"socket_{axis}")
    return figures


if __name__ == "__main__":
    main()
