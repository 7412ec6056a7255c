"""A viewer: someone at the page of an annotate service on a wide volume with labels and a prediction, who looks at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from imagecodecs import png_decode
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, Request

from tests.annotate.conftest import RunningAnnotate, running_annotate
from tests.waiting import PATIENCE_MS
from voxloop_shared.client import ServiceClient
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.predictions import finish_prediction, new_prediction
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.schemas import LabelClass, ModelRef, PredictionInfo, VolumeInfo
from voxloop_shared.workspace import Workspace

SHAPE = (16, 1280, 1280)
VOXEL_SIZE = (2.0, 1.0, 1.0)
CLOSE = "axis=z&index=8&zoom=1&center=8,640,640&layout=one"
THREE = CLOSE.replace("one", "three")
"""Addresses of one plane, and of three, with the patch of labels in the middle."""

BORDER = 640
"""The prediction says class 1 left of this column and class 2 from it on."""

ANNOTATED = (4, 8, 11)
PATCH = ((600, 640), (600, 680))
"""Rows and columns of class 1 on each annotated slice: half of it lies where class 2 is predicted."""


def image() -> NDArray[np.uint16]:
    """Make the volume: its values rise along all axes, so that each plane differs from its neighbours."""
    z, y, x = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    return (z * 500 + y * 10 + x * 7).astype(np.uint16)


class Viewer:
    """A page and what it asked the server for."""

    def __init__(self, page: Page, url: str, volume: str) -> None:
        self.page, self.url, self.volume = page, url, volume
        self.complaints: list[str] = []
        self.slices: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._note)

    def open(self, view: str = "") -> None:
        """Open the volume; `view` is the part of the address after the #."""
        self.page.goto(f"{self.url}&volume={self.volume}{'#' + view if view else ''}")
        self.wait()

    def wait(self) -> None:
        """Wait until every plane is sharp and drawn, and its neighbours are fetched."""
        self.page.wait_for_function(
            """() => {
              const s = window.voxloop?.session?.state, layout = window.voxloop?.layout;
              if (!s?.info || !s.classes.length || !s.predictions.length || s.sliceState !== 'ready' || !s.prediction) return false;
              return [layout.main, ...layout.sides].every(({ scene, frame }) =>
                scene.isSharp && scene.shown.labels && !scene.shown.labels.slice.isStale && scene.isIdle && !frame);
            }"""
        )

    def state(self, name: str) -> Any:
        return self.page.evaluate("name => window.voxloop.session.state[name]", name)

    def press(self, key: str) -> None:
        """Press a key with the focus on the image."""
        self.page.locator("canvas.vx-image").first.focus()
        self.page.keyboard.press(key)

    def look(self, plane: int = 0) -> NDArray[np.int16]:
        """Take a picture (rows, columns, RGB) of a plane once it is at rest."""
        self.wait()
        return np.asarray(png_decode(self.page.locator(".vx-view").nth(plane).screenshot()))[..., :3].astype(np.int16)

    def point(self, row: float, column: float, plane: int = 0) -> tuple[float, float]:
        """Give the pixel of the page where a place of a plane is."""
        found = self.page.evaluate(
            """([row, col, plane]) => {
              const { view, canvas } = [window.voxloop.layout.main, ...window.voxloop.layout.sides][plane];
              const { left, top } = canvas.getBoundingClientRect();
              return [left + view.x(col), top + view.y(row)];
            }""",
            [row, column, plane],
        )
        return found[0], found[1]

    def planes(self) -> list[dict[str, Any]]:
        """Say of each plane its axis, its slice, and the value it shows at the crosshair."""
        found = self.page.evaluate(
            """() => [window.voxloop.layout.main, ...window.voxloop.layout.sides].map((plane) => {
              const { indices } = window.voxloop.session.state, { row, col } = plane.view.order, patch = plane.imagePatch();
              const place = (along, scale, origin) => Math.floor(indices[along] / scale) - origin;
              const [r, c] = [place(row, patch.scale[0], patch.origin.r0), place(col, patch.scale[1], patch.origin.c0)];
              return { axis: plane.axis, index: plane.index, value: patch.data[r * patch.cols + c], scale: patch.scale };
            })"""
        )
        return list(found)

    def _note(self, request: Request) -> None:
        if "/slice?" in request.url:
            self.slices.append(request.url.split("/slice?")[1])


@pytest.fixture(scope="package")
def gallery() -> Iterator[tuple[RunningAnnotate, str]]:
    """A service with the volume; gives its id too."""
    with running_annotate() as running:
        info = import_volume(running.workspace, ArraySource(image()), name="Wall", origin="test", voxel_size=VOXEL_SIZE, unit="um")
        _predict(running.workspace, info)
        running.client.post("/api/volumes", {"id": info.id})
        _label(running.client, info.id)
        yield running, info.id


@contextmanager
def looking(chromium: Browser, service: RunningAnnotate, volume: str) -> Iterator[Viewer]:
    """Give someone at a page of 1280 × 720, who in the end has seen no error."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    viewer = Viewer(page, f"{service.door}/?token={service.token}", volume)
    yield viewer
    context.close()
    assert viewer.complaints == []


@pytest.fixture
def viewer(chromium: Browser, gallery: tuple[RunningAnnotate, str]) -> Iterator[Viewer]:
    """Someone who looks at the wide volume."""
    with looking(chromium, *gallery) as viewer:
        yield viewer


def _predict(workspace: Workspace, volume: VolumeInfo) -> None:
    number = np.where(np.arange(SHAPE[2]) < BORDER, 1, 2).astype(np.uint8)
    confidence = (np.arange(SHAPE[2]) * 255 // SHAPE[2]).astype(np.uint8)
    info = PredictionInfo(
        id="p1",
        volume=volume.id,
        model=ModelRef(name="halves", version=1, digest="0" * 64),
        snapshot="none",
        planes="z",
        job=None,
        classes=_classes(),
        levels=volume.levels,
        author="test",
        created=datetime.now(UTC),
        duration_s=1,
    )
    with new_prediction(workspace, volume, info.id) as group:
        group["class/0"][:] = np.broadcast_to(number, SHAPE)
        group["confidence/0"][:] = np.broadcast_to(confidence, SHAPE)
        finish_prediction(group, volume, info)


def _label(client: ServiceClient, volume: str) -> None:
    (r0, r1), (c0, c1) = PATCH
    client.put(f"/api/volumes/{volume}/classes", {"classes": [entry.model_dump() for entry in _classes()]})
    for z in ANNOTATED:
        stroke = {"id": f"s{z}", "tool": "brush", "value": 1, "axis": "z", "index": z, "overwrite": "all"}
        client.post(
            f"/api/volumes/{volume}/strokes", stroke | {"box": [[z, z + 1], [r0, r1], [c0, c1]], "runs": [0, (r1 - r0) * (c1 - c0)]}
        )


def _classes() -> list[LabelClass]:
    return [LabelClass(id=1, name="one", color="#e69f00"), LabelClass(id=2, name="two", color="#0072b2")]
