"""A whole stack on the demo volume, as `make run` starts it, and Debian's chromium to open its page."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.browser.modelshelf import model_shelf, reader, shared_reader  # noqa: F401 (fixtures)
from tests.browser.painting import paint_service, painter  # noqa: F401 (fixtures)
from tests.browser.seeing import gallery, viewer  # noqa: F401 (fixtures)
from tests.waiting import PATIENCE_MS, PATIENCE_S, wait_until
from voxloop_shared.client import ServiceClient

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
_ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
)
_LAUNCHES = 3


@dataclass
class RunningStack:
    """A foreground `voxloop up` and the ways into it."""

    process: subprocess.Popen[str]
    workspace: Path
    run_dir: Path
    url: str

    def client(self, service: str = "annotate") -> ServiceClient:
        return ServiceClient(self.run_dir / service / "http.sock")

    def pid_of(self, service: str) -> int:
        record = subprocess.run(
            [sys.executable, "-m", "voxloop_compose", "status", "--workspace", str(self.workspace), "--json"],
            env=os.environ | {"XDG_RUNTIME_DIR": str(self.run_dir.parents[1])},
            capture_output=True,
            text=True,
            check=True,
        )
        return int(next(entry["pid"] for entry in json.loads(record.stdout)["services"] if entry["service"] == service))


@pytest.fixture(scope="module")
def stack() -> Iterator[RunningStack]:
    folder = Path(tempfile.mkdtemp(prefix="vx-", dir="/tmp"))
    runtime, workspace = folder / "r", folder / "ws"
    runtime.mkdir(mode=0o700)
    command = [sys.executable, "-m", "voxloop_compose", "up", str(workspace), "--demo"]
    with (folder / "up.log").open("w") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ | {"XDG_RUNTIME_DIR": str(runtime)}
        )
    assert process.stdout is not None
    url = next((line.strip() for line in process.stdout if line.startswith("http://")), "")
    assert url, (folder / "up.log").read_text()
    run_dir = next((runtime / "voxloop").glob("*/stack.json")).parent
    yield RunningStack(process, workspace, run_dir, url)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_S)
    shutil.rmtree(folder)


expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with open_chromium() as browser:
        yield browser


@contextlib.contextmanager
def open_chromium() -> Iterator[Browser]:
    """Run Debian's browser. A process can have one at a time, and no event loop of its own meanwhile: who opens it must close it."""
    if not Path(CHROMIUM).exists():
        if os.environ.get("CI"):
            pytest.fail("CI must have chromium: see tests/install-system-packages")
        pytest.skip("no chromium here: see tests/install-system-packages")
    with sync_playwright() as playwright:
        browser = _launch(playwright)
        yield browser
        browser.close()


def _launch(playwright: Playwright) -> Browser:
    """Start chromium. On a crowded machine it may end itself while it starts: one such accident must not fail all tests of a package."""
    for _ in range(_LAUNCHES - 1):
        with contextlib.suppress(PlaywrightError):
            return playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS.split())
    return playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS.split())


class Visitor:
    """A person at the page: what they see and do, and what their browser complained about."""

    def __init__(self, page: Page, stack: RunningStack) -> None:
        self.page = page
        self.stack = stack
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._note_host)

    def open(self, query: str = "") -> None:
        """Open the printed link and wait for the first painted slice."""
        self.page.goto(self.stack.url + query)
        self.wait_for_slice()

    def wait_for_slice(self) -> None:
        self.page.wait_for_function(
            "() => { const s = window.voxloop?.session?.state; return s?.info && s.sliceState === 'ready' && s.classes.length; }"
        )

    def state(self, name: str) -> Any:
        """Read a field of the page's session."""
        return self.page.evaluate("name => window.voxloop.session.state[name]", name)

    def box(self) -> tuple[float, float, float, float]:
        """Give where the image stands on the page: x, y, width, height."""
        found = self.page.locator("#canvas canvas.vx-image").first.bounding_box()
        assert found is not None
        return found["x"], found["y"], found["width"], found["height"]

    def fractions(self, place: tuple[float, float]) -> tuple[float, float]:
        """Give where a row and column of the slice lie on the canvas, in fractions of its size."""
        _, _, width, height = self.box()
        view = "([row, col]) => { const { view } = window.voxloop.layout.main; return [view.x(col), view.y(row)]; }"
        left, top = self.page.evaluate(view, list(place))
        return left / width, top / height

    def paint(self, class_id: int, start: tuple[float, float], stop: tuple[float, float]) -> None:
        """Drag the brush from one place of the canvas to another, in fractions of its size, and wait until it is saved."""
        self.page.locator(f'[data-class-id="{class_id}"]').first.click()
        x, y, width, height = self.box()
        mouse = self.page.mouse
        mouse.move(x + start[0] * width, y + start[1] * height)
        mouse.down()
        mouse.move(x + stop[0] * width, y + stop[1] * height, steps=30)
        mouse.up()
        self.page.wait_for_function(
            "() => { const s = window.voxloop.session.state; return s.saveState === 'saved' && s.pendingStrokes === 0; }"
        )

    def _note_host(self, request: Any) -> None:
        if not request.url.startswith(("http://127.0.0.1", "data:", "blob:")):
            self.strangers.append(request.url)


@pytest.fixture
def visitor(chromium: Browser, stack: RunningStack) -> Iterator[Visitor]:
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield Visitor(page, stack)
    context.close()


@pytest.fixture
def fresh(stack: RunningStack) -> None:
    """Undo what earlier tests painted."""
    with stack.client() as client:
        wait_until(lambda: _undo_one(client))


def _undo_one(client: ServiceClient) -> bool:
    history = client.get("/api/volumes/nerve/history", limit=1)
    if not history["can_undo"]:
        return True
    client.post("/api/volumes/nerve/undo")
    return False
