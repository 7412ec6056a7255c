"""A painter: someone at the page of an annotate service of its own, on a small volume, who looks up on the server what was painted."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from tests.annotate.conftest import RunningAnnotate, running_annotate
from tests.planes import labels_in
from tests.waiting import PATIENCE_MS
from voxloop_shared.client import ServiceClient
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.volumes import import_volume

SHAPE = (14, 60, 80)
VOXEL_SIZE = (2.0, 0.5, 0.5)
DISC = (30, 40, 12)
"""Row, column and radius of a bright rod along z: 3000 in it, a ramp from 100 to 179 around."""

Place = tuple[float, float]


def image() -> NDArray[np.uint16]:
    """Make the volume: a ramp along x with a bright rod along z, darker from slice 10 on."""
    _, y, x = np.indices(SHAPE)
    row, col, radius = DISC
    voxels = np.where((y - row) ** 2 + (x - col) ** 2 <= radius**2, 3000, 100 + x)
    voxels[10:] = np.where(voxels[10:] == 3000, 2000, voxels[10:])
    return voxels.astype(np.uint16)


class Painter:
    """A page on a volume, with places given as (row, column) of the plane that is shown."""

    def __init__(self, page: Page, client: ServiceClient, volume: str) -> None:
        self.page, self.client, self.volume = page, client, volume
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def wait_for_slice(self) -> None:
        """Wait until the slice is sharp and its labels are known."""
        self.page.wait_for_function(
            """() => {
              const s = window.voxloop?.session?.state, main = window.voxloop?.layout?.main;
              return s?.info && s.classes.length && s.sliceState === 'ready' && main.view && main.scene.isCurrent
                && main.scene.shown.labels && main.imagePatch();
            }"""
        )

    def settle(self) -> None:
        """Wait until everything that was painted or asked for is on the server."""
        self.page.wait_for_function(
            "() => { const s = window.voxloop.session.state; return s.saveState === 'saved' && !s.pendingStrokes && !s.filling; }"
        )
        self.wait_for_slice()

    def state(self, name: str) -> Any:
        return self.page.evaluate("name => window.voxloop.session.state[name]", name)

    def say(self) -> str:
        """Give what the status line said last."""
        return str((self.state("message") or {}).get("text", ""))

    def choose(self, tool: str) -> None:
        self.page.click(f'[data-tool="{tool}"]')

    def option(self, name: str, value: str) -> None:
        """Set an option of the chosen tool in the bar, as a person would."""
        control = self.page.locator(f'.vx-options [data-option="{name}"]:visible').first
        if control.evaluate("node => node.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
            control.press("Enter")

    def press(self, key: str) -> None:
        """Press a key with the focus on the image."""
        self.page.locator("#canvas canvas.vx-image").first.focus()
        self.page.keyboard.press(key)

    def point(self, place: Place) -> tuple[int, int]:
        """Give the whole pixel of the page nearest to a place of the main plane."""
        found = self.page.evaluate(
            """([row, col]) => {
              const { view, canvas } = window.voxloop.layout.main, { left, top } = canvas.getBoundingClientRect();
              return [Math.round(left + view.x(col)), Math.round(top + view.y(row))];
            }""",
            list(place),
        )
        return found[0], found[1]

    def place(self, point: tuple[int, int]) -> Place:
        """Give the place under a pixel of the page."""
        found = self.page.evaluate(
            """([x, y]) => {
              const { view, canvas } = window.voxloop.layout.main, { left, top } = canvas.getBoundingClientRect();
              return [view.row(y - top), view.col(x - left)];
            }""",
            list(point),
        )
        return found[0], found[1]

    def hover(self, place: Place) -> Place:
        """Move the mouse; gives the place that is really under it."""
        point = self.point(place)
        self.page.mouse.move(*point)
        return self.place(point)

    def click(self, place: Place, **options: Any) -> Place:
        point = self.point(place)
        self.page.mouse.click(*point, **options)
        return self.place(point)

    def drag(self, *places: Place, steps: int = 8) -> list[Place]:
        """Drag through places and wait until it is saved; gives where the mouse really was."""
        points = [self.point(place) for place in places]
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point, steps=steps)
        self.page.mouse.up()
        self.settle()
        return [self.place(point) for point in points]

    def labels(self) -> NDArray[np.uint8]:
        """Read all labels from the server, (z, y, x)."""
        planes = []
        for z in range(SHAPE[0]):
            answer = self.client.request("GET", f"/api/volumes/{self.volume}/labels", params={"axis": "z", "index": z})
            planes.append(labels_in(answer))
        return np.stack(planes)

    def shown(self) -> NDArray[np.uint8]:
        """Read the labels that the page shows on the main plane, (rows, columns)."""
        found = self.page.evaluate(
            "() => { const { slice } = window.voxloop.layout.main.scene.shown.labels; return [[...slice.data], slice.rows, slice.cols]; }"
        )
        return np.array(found[0], np.uint8).reshape(found[1:])


@pytest.fixture(scope="package")
def paint_service() -> Iterator[RunningAnnotate]:
    with running_annotate() as running:
        yield running


@pytest.fixture
def painter(chromium: Browser, paint_service: RunningAnnotate) -> Iterator[Painter]:
    """Someone at a fresh volume with the classes 1, 2 and 3, who in the end has seen no error."""
    name = f"Stone {secrets.token_hex(4)}"
    info = import_volume(paint_service.workspace, ArraySource(image()), name=name, origin="test", voxel_size=VOXEL_SIZE, unit="um")
    client = paint_service.client
    client.post("/api/volumes", {"id": info.id})
    colors = ("#e69f00", "#56b4e9", "#009e73")
    classes = [{"id": i + 1, "name": f"class {i + 1}", "color": color} for i, color in enumerate(colors)]
    client.put(f"/api/volumes/{info.id}/classes", {"classes": classes})
    with at_the_page(chromium, paint_service, info.id) as someone:
        yield someone


@contextmanager
def at_the_page(chromium: Browser, service: RunningAnnotate, volume: str) -> Iterator[Painter]:
    """Give someone at a volume, in a browser of their own, who in the end has seen no error."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    someone = Painter(page, service.client, volume)
    page.goto(f"{service.door}/?token={service.token}&volume={volume}")
    someone.wait_for_slice()
    yield someone
    context.close()
    assert not someone.complaints, someone.complaints
