"""The registry with 10,000 models: what finding and opening cost over the socket, and how fast 100 MB of weights are published.

`--database URL` measures over PostgreSQL instead of SQLite; the database must be empty.
"""

import hashlib
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.report import percentiles_ms, print_figures
from tests.benchmarks.service import new_workspace, running
from voxloop_registry.app import open_database
from voxloop_registry.blobs import BlobStore
from voxloop_registry.catalogue import Catalogue
from voxloop_registry.settings import RegistrySettings
from voxloop_shared.client import ServiceClient
from voxloop_shared.workspace import Workspace

MODELS = 10_000
MEASURED = 30
WEIGHTS_BYTES = 100_000_000
PUBLISHED = 5
CLASSES = ("bone", "root", "void", "pyrite", "nerve", "enamel", "water", "clay")


def main() -> dict[str, Any]:
    """Measure and print."""
    url = sys.argv[sys.argv.index("--database") + 1] if "--database" in sys.argv else None
    with new_workspace() as workspace, chosen_database(url):
        figures = {"database": "postgresql" if url else "sqlite", "models": MODELS} | fill(workspace, url)
        with running("registry", workspace) as client:
            figures |= find(client) | look(client) | send(client, workspace)
    return print_figures("registry", figures, goal="finding and opening ≤ 200 ms, publishing ≥ 200 MB/s")


@contextmanager
def chosen_database(url: str | None) -> Iterator[None]:
    """Have the registry that is started use a database."""
    if url:
        os.environ["VOXLOOP_REGISTRY_DATABASE_URL"] = url
    yield
    os.environ.pop("VOXLOOP_REGISTRY_DATABASE_URL", None)


def fill(workspace: Workspace, url: str | None) -> dict[str, float]:
    """Publish the models, a fifth of them children of others, without a service; give how many per second."""
    database = open_database(RegistrySettings(workspace=workspace.root, run_dir=workspace.root, database_url=url))
    blobs = BlobStore.open(workspace.models, 1 << 30)
    digest = keep(blobs, safetensors(b"\0" * 64))
    catalogue, rng = Catalogue(database, blobs), random.Random(0)
    start = time.perf_counter()
    for number in range(MODELS):
        parent = f"model-{rng.randrange(number)}:1" if number and rng.random() < 0.2 else None
        catalogue.publish(
            f"model-{number}", manifest(rng, parent), digest, f"user{number % 20}", f"of sample {number}", [f"t{number % 50}"]
        )
    seconds = time.perf_counter() - start
    database.close()
    return {"publish_per_s": round(MODELS / seconds, 1)}


def manifest(rng: random.Random, parent: str | None) -> dict[str, Any]:
    """Describe a model as the U-Net's training does."""
    names = ["background", *rng.sample(CLASSES, 3)]
    classes = [{"id": number, "name": name, "color": "#336699"} for number, name in enumerate(names, 1)]
    dice = {str(number): round(rng.uniform(0.5, 1), 5) for number in range(1, 5)}
    numbers = (
        "dice_spread",
        "calibration_error",
        "calibration_error_before",
        "held_out_voxels",
        "train_voxels",
        "strokes",
        "loss",
        "steps",
    )
    metrics = {"mean_dice": round(sum(dice.values()) / 4, 5), "dice": dice, "dice_spread_per_class": dice} | {
        n: rng.random() for n in numbers
    }
    return {
        "learner": rng.choice(["unet", "unet", "instant"]), "architecture": {"kind": "unet", "channels": 16, "depth": 4},
        "classes": classes, "normalisation": {"center": 0.5, "scale": 2.0}, "volume": f"volume-{rng.randrange(200)}",
        "volume_digest": "d" * 64, "voxel_size": [1.0, 1.0, 1.0], "unit": "um", "snapshot": f"S{rng.randrange(1000)}",
        "settings": {f"setting_{n}": n for n in range(30)}, "metrics": metrics, "author": f"user{rng.randrange(20)}",
        "code_version": "1", "hardware": "cpu", "duration_s": rng.uniform(1, 600), "created": "2026-01-01T00:00:00Z", "parent": parent,
    }  # fmt: skip


def find(client: ServiceClient) -> dict[str, float]:
    """Measure lists, filters, sorting, and what there is to filter by."""
    metric = "mean_dice:0.8:"
    questions: dict[str, dict[str, Any]] = {
        "list": {},
        "list_newest": {"newest": True},
        "list_1000": {"limit": 1000},
        "list_last_page": {"offset": MODELS - 100},
        "filter_text": {"q": "bone user7"},
        "filter_class": {"class": ["bone", "root"]},
        "filter_metric": {"metric": metric},
        "filter_all": {"q": "model", "class": "bone", "learner": "unet", "author": "user7", "metric": metric, "newest": True},
        "sort_metric": {"sort": "-metric.mean_dice", "newest": True},
        "sort_name": {"sort": "name"},
    }
    figures = {}
    for name, question in questions.items():
        assert client.get("/versions", **question)["total"] > 0
        figures |= timed(name, lambda question=question: client.get("/versions", **question))
    return figures | timed("groups", lambda: client.get("/versions/groups", by="volume")) | timed("facets", lambda: client.get("/facets"))


def look(client: ServiceClient) -> dict[str, float]:
    """Measure opening a model: the version, its name, lineage, uses and comparison with the champion."""
    rng = random.Random(1)

    def open_one() -> None:
        path = f"/models/model-{rng.randrange(MODELS)}"
        for part in ("", "/versions/latest", "/versions/1/lineage", "/versions/1/uses", "/versions/1/gate", "/aliases/history"):
            client.get(path + part)

    return timed("open", open_one)


def send(client: ServiceClient, workspace: Workspace) -> dict[str, float]:
    """Publish large weights, and say what the sha256 alone would take and how far the service's memory grew."""
    path = workspace.root / "weights"
    rates, hashed = [], []
    service = next(child for child in psutil.Process().children() if "voxloop_registry" in " ".join(child.cmdline()))
    before = peak_mb(service)
    for number in range(PUBLISHED):
        path.write_bytes(safetensors(os.urandom(1 << 20) * (WEIGHTS_BYTES >> 20)))
        start = time.perf_counter()
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        hashed.append(time.perf_counter() - start)
        start = time.perf_counter()
        client.upload(f"/blobs/{digest}", path)
        client.post(f"/models/large-{number}/versions", {"manifest": manifest(random.Random(number), None), "weights": digest})
        rates.append(path.stat().st_size / 1e6 / (time.perf_counter() - start))
    return {
        "upload_median_MB_per_s": round(sorted(rates)[PUBLISHED // 2], 1),
        "upload_best_MB_per_s": round(max(rates), 1),
        "sha256_MB_per_s": round(WEIGHTS_BYTES / 1e6 / min(hashed), 1),
        "memory_grew_MB": round(peak_mb(service) - before, 1),
    }


def peak_mb(process: psutil.Process) -> float:
    """Give the most memory that a process has had."""
    line = next(line for line in Path(f"/proc/{process.pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1e3


def safetensors(payload: bytes) -> bytes:
    """Give a file of one tensor of bytes."""
    header = json.dumps({"a": {"dtype": "U8", "shape": [len(payload)], "data_offsets": [0, len(payload)]}}).encode()
    return len(header).to_bytes(8, "little") + header + payload


def keep(blobs: BlobStore, content: bytes) -> str:
    """Put a blob into a store and give its digest."""
    digest = hashlib.sha256(content).hexdigest()
    incoming = blobs.receive(digest)
    incoming.write(content)
    incoming.keep()
    incoming.close()
    return digest


def timed(name: str, act: Callable[[], object]) -> dict[str, float]:
    """Give the percentiles of what `act` takes, once it is warm."""
    act()
    seconds = []
    for _ in range(MEASURED):
        start = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - start)
    return percentiles_ms(seconds, name)


if __name__ == "__main__":
    main()
