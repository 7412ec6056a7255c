"""Someone at the Models page of a workspace with a volume, strokes, a few models of it, and a prediction by one of them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Request
from safetensors.torch import save

from tests.annotate.conftest import RunningAnnotate, running_annotate
from tests.annotate.shelf import CLASSES, describe, publish, score
from tests.infer.conftest import manifest_of, random_state
from tests.infer.conftest import voxels as blobs
from tests.waiting import PATIENCE_MS
from voxloop_shared.client import ServiceClient
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.predictions import finish_prediction, new_prediction
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.jobs.folder import JobFolder
from voxloop_shared.jobs.job import Job, State
from voxloop_shared.schemas import LabelClass, ModelRef, PredictionInfo, VolumeInfo

SHAPE = (12, 72, 96)
PAINTED = 5
"""The slice that carries the strokes."""


@dataclass
class ModelShelf:
    """A running service with its models; `registry` changes them past the page."""

    service: RunningAnnotate
    registry: ServiceClient
    volume: VolumeInfo
    snapshots: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def model_shelf() -> Iterator[ModelShelf]:
    with running_annotate("registry", "train", "infer") as running, ServiceClient(running.socket_of("registry")) as registry:
        info = import_volume(
            running.workspace, ArraySource(blobs(SHAPE)), name="Femur", origin="test", voxel_size=(2.0, 1.0, 1.0), unit="um"
        )
        running.client.post("/api/volumes", {"id": info.id})
        running.client.put(f"/api/volumes/{info.id}/classes", {"classes": CLASSES})
        shelf = ModelShelf(running, registry, info)
        shelf.snapshots = [_paint(shelf, number) for number in range(3)]
        _fill(shelf)
        yield shelf


def _paint(shelf: ModelShelf, number: int) -> str:
    rows = (10 + 20 * number, 16 + 20 * number)
    stroke = {"id": f"s{number}", "tool": "brush", "value": number + 1, "index": PAINTED, "box": [[PAINTED, PAINTED + 1], rows, [10, 60]]}
    answer = shelf.service.client.post(f"/api/volumes/{shelf.volume.id}/strokes", stroke | {"runs": [0, 300]})
    return str(answer["snapshot"])


def _fill(shelf: ModelShelf) -> None:
    """Three versions of `femur`, each the parent of the next and the second worse than the first.

    Beside it models from elsewhere, and one of a newer voxloop.
    """
    architecture = describe()["architecture"]
    weights = save(random_state(manifest_of(architecture=architecture)))
    for number, mean in enumerate((0.9, 0.84, 0.93)):
        settings = {"width": 4, "depth": 2, "crop": 96, "budget_s": (60.0, 180.0, 60.0)[number], "learning_rate": 0.003}
        parent = f"femur:{number}" if number else None
        job = _trained(shelf, number + 1, mean)
        about = {"snapshot": shelf.snapshots[number], "parent": parent, "settings": settings, "metrics": score(mean), "job": job}
        publish(shelf.registry, "femur", describe(shelf.volume, **about), weights, tags=["thin"] if number == 2 else [])
    publish(shelf.registry, "implant", describe(author="ben", learner="instant", metrics=score(0.7)), description="screws in pig bone")
    publish(shelf.registry, "spare", describe(metrics=score(0.5)))
    publish(shelf.registry, "spare", describe(metrics=score(0.6)))
    publish(shelf.registry, "tomorrow", describe(schema_version=2, learner="oracle", wisdom={"deep": True}))
    _predict(shelf, shelf.registry.get("/models/femur/versions/2"))


def _trained(shelf: ModelShelf, number: int, mean: float) -> str:
    """Write down the job of a training, as train leaves it."""
    job, now = f"2026010{number}-000000-aaaaaa", datetime.now(UTC)
    folder = JobFolder(shelf.service.workspace.jobs / "train" / job)
    title = f"Train unet on {shelf.volume.id}"
    state = Job(
        id=job,
        service="train",
        kind="train",
        title=title,
        volume=shelf.volume.id,
        state=State.SUCCEEDED,
        author="ada",
        created=now,
        finished=now,
        result={"model": {"name": "femur", "version": number}, "metrics": {"mean_dice": mean, "held_out_voxels": 812}},
    )
    folder.create(state, {})
    lines = [
        {
            "elapsed_s": step / 2,
            "step": step,
            "loss": 0.2 + 1.2 / (1 + step / (2 + 6 * number)),
            "val_dice": mean * (1 - 0.6 / (1 + step / 9)),
        }
        for step in range(1, 120)
    ]
    folder.metrics.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return job


def _predict(shelf: ModelShelf, record: dict[str, Any]) -> None:
    """Write a prediction as infer would: class 1 on the left, 3 on the right."""
    prediction, info = "20260101-000000-aaaaaa", shelf.volume
    with new_prediction(shelf.service.workspace, info, prediction) as group:
        sides = np.where(np.arange(SHAPE[2]) < SHAPE[2] // 2, 1, 3).astype(np.uint8)
        group["class/0"][:] = np.broadcast_to(sides, SHAPE)
        group["confidence/0"][:] = 200
        about = PredictionInfo(
            id=prediction,
            volume=info.id,
            model=ModelRef(name=record["name"], version=record["version"], digest=record["digest"]),
            snapshot=record["manifest"]["snapshot"],
            planes="z",
            job=None,
            classes=[LabelClass(**entry) for entry in CLASSES],
            levels=info.levels,
            author="ada",
            created=datetime.now(UTC),
            duration_s=1.0,
        )
        finish_prediction(group, info, about)


_HOLD_GRID = """
  let grid;
  const held = new Promise((resolve) => { window.letGo = resolve; });
  const ask = (target, name) => name === "getApiAsync" ? async (id) => { await held; return target.getApiAsync(id); } : target[name];
  Object.defineProperty(window, "dash_ag_grid", { get: () => grid && new Proxy(grid, { get: ask }), set: (value) => { grid = value; } });
"""


@dataclass
class Reader:
    """A person at the Models page, and what their browser complained about or asked elsewhere."""

    page: Page
    service: RunningAnnotate
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda entry: self.complaints.append(entry.text) if "Content Security Policy" in entry.text else None)
        self.page.on("request", self._note)

    def open(self, path: str = "models", view: str = "") -> None:
        """Open a page as a link does that somebody got; the token is exchanged for a cookie."""
        self.page.goto(f"{self.service.door}/{path}?token={self.service.token}{'#' + view if view else ''}")

    def without_grid(self) -> "Reader":
        """Give the same person in another tab, where the grid cannot be had until `letGo` is called."""
        page = self.page.context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.add_init_script(_HOLD_GRID)
        return Reader(page, self.service)

    def models(self) -> list[str]:
        """Give the models that the grid shows, from top to bottom."""
        found = self.page.locator(".vx-grid .ag-row").evaluate_all(
            "rows => rows.sort((a, b) => a.ariaRowIndex - b.ariaRowIndex).flatMap(row => "
            "[...row.querySelectorAll('[data-model]')].map(link => link.dataset.model))"
        )
        return [str(model) for model in found]

    def _note(self, request: Request) -> None:
        if not request.url.startswith((self.service.door, "data:", "blob:")):
            self.strangers.append(request.url)


@pytest.fixture(scope="module")
def shared_reader(chromium: Browser, model_shelf: ModelShelf) -> Iterator[Reader]:
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield Reader(page, model_shelf.service)
    context.close()


@pytest.fixture
def reader(shared_reader: Reader) -> Iterator[Reader]:
    """One person, who opens one page after the other: the page's modules are read once."""
    yield shared_reader
    complaints, shared_reader.complaints = shared_reader.complaints, []
    assert complaints == []
    assert shared_reader.strangers == []
