"""What changes cost late in a long history: 10,000 strokes in a volume of 1024³, by themselves and over annotate's socket.

Each figure is compared with the same one after the first strokes: `ratio` is late / early.
"""

import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from tests.benchmarks.report import percentiles_ms, print_figures
from tests.benchmarks.service import new_workspace, running
from voxloop_shared.client import ServiceClient
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.labels import Labels, default_classes
from voxloop_shared.data.masks import encode_mask
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.schemas import Stroke
from voxloop_shared.workspace import Workspace

SIDE = 1024
WIDTH = 40
STROKES = 10_000
MEASURED = 300
SLICES = 64


def main() -> dict[str, Any]:
    """Measure and print."""
    with new_workspace() as workspace:
        info = import_volume(workspace, ArraySource(np.broadcast_to(np.uint8(0), (SIDE,) * 3)), name="history", origin="benchmark")
        strokes = endless_strokes()
        Labels.create(workspace.labels_of(info.id), (SIDE,) * 3, default_classes())
        figures = measure(workspace, info.id, strokes, "early")
        figures |= {"fill_per_s": fill(workspace, info.id, strokes)}
        figures |= measure(workspace, info.id, strokes, "late")
    ratios = {
        f"{name}_{p}_ratio": round(figures[f"late_{name}_{p}_ms"] / figures[f"early_{name}_{p}_ms"], 2)
        for name in ("stroke", "undo", "redo", "history")
        for p in ("p50", "p95")
    }
    return print_figures("history", figures | ratios, goal="no ratio above 1.5")


def endless_strokes() -> Iterator[Stroke]:
    """Give brush strokes on 64 slices of one region, as an annotator works: soon all chunks of it hold labels."""
    rng = np.random.default_rng(0)
    y, x = np.ogrid[:WIDTH, :WIDTH]
    runs = encode_mask((y - WIDTH / 2) ** 2 + (x - WIDTH / 2) ** 2 < (WIDTH / 2) ** 2)
    number = 0
    while True:
        z, y0, x0 = (int(rng.integers(0, n)) for n in (SLICES, 512 - WIDTH, 512 - WIDTH))
        box = ((z, z + 1), (y0, y0 + WIDTH), (x0, x0 + WIDTH))
        yield Stroke(id=f"s{number}", tool="brush", value=1 + number % 2, axis="z", index=z, box=box, runs=runs)
        number += 1


def fill(workspace: Workspace, volume: str, strokes: Iterator[Stroke]) -> float:
    """Paint all strokes but those that are measured, without a service; give strokes per second."""
    labels = Labels.open(workspace.labels_of(volume))
    start = time.perf_counter()
    for stroke in islice(strokes, STROKES - 2 * MEASURED):
        labels.paint(stroke, "benchmark")
    return round((STROKES - 2 * MEASURED) / (time.perf_counter() - start), 1)


def measure(workspace: Workspace, volume: str, strokes: Iterator[Stroke], when: str) -> dict[str, float]:
    """Measure over the socket what each change and question costs, and how long the labels take to open."""
    start = time.perf_counter()
    Labels.open(workspace.labels_of(volume))
    figures = {f"{when}_open_s": round(time.perf_counter() - start, 3)}
    with running("annotate", workspace) as client:
        client.post("/api/volumes", {"id": volume})
        base = f"/api/volumes/{volume}"
        for stroke in islice(endless_strokes(), 20):  # known already or painted now: the service is warm then
            client.post(f"{base}/strokes", stroke.model_dump(mode="json"))
        bodies = [stroke.model_dump(mode="json") for stroke in islice(strokes, MEASURED)]
        figures |= timed(f"{when}_stroke", lambda n: client.post(f"{base}/strokes", bodies[n]), MEASURED)
        figures |= timed(f"{when}_undo", lambda n: client.post(f"{base}/undo", {"id": f"{when}u{n}"}), MEASURED // 3)
        figures |= timed(f"{when}_redo", lambda n: client.post(f"{base}/redo", {"id": f"{when}r{n}"}), MEASURED // 3)
        figures |= timed(f"{when}_history", lambda _: client.get(f"{base}/history", limit=100), 100)
        figures |= jump_and_back(client, base, when)
    return figures


def jump_and_back(client: ServiceClient, base: str, when: str) -> dict[str, float]:
    """Measure a jump over 50 strokes, and restoring the version from before it."""
    changes = [change for change in client.get(f"{base}/history", limit=1000)["strokes"] if change["is_stroke"]]
    figures = timed(f"{when}_jump50", lambda n: client.post(f"{base}/jump", {"id": f"{when}j{n}", "snapshot": changes[50]["snapshot"]}), 1)
    restored = {"id": f"{when}v", "snapshot": changes[0]["snapshot"]}
    figures |= timed(f"{when}_restore", lambda _: client.post(f"{base}/restore", restored), 1)
    return {name: value for name, value in figures.items() if "p95" not in name}


def timed(name: str, act: Callable[[int], object], times: int) -> dict[str, float]:
    """Give the percentiles of what `act` takes."""
    seconds = []
    for n in range(times):
        start = time.perf_counter()
        act(n)
        seconds.append(time.perf_counter() - start)
    return percentiles_ms(seconds, name)


if __name__ == "__main__":
    main()
