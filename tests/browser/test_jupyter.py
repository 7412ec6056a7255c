"""voxloop in a real JupyterLab with jupyter-server-proxy, below a prefix as JupyterHub gives each user."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Visitor
from tests.waiting import PATIENCE_MS, wait_until
from voxloop_compose.kernel import processes_of
from voxloop_compose.record import read_record
from voxloop_compose.rundir import stack_name
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.identity import this_process
from voxloop_shared.workspace import Workspace

pytestmark = pytest.mark.browser

PREFIX = "/user/ada/"


@dataclass
class Lab:
    """A running JupyterLab of one user."""

    process: subprocess.Popen[bytes]
    origin: str
    token: str
    run_dir: Path

    def address(self, path: str) -> str:
        return f"{self.origin}{PREFIX}{path}"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    folder = Path("/tmp") / f"vx-{os.getpid()}-{secrets.token_hex(3)}"
    folder.mkdir(mode=0o700)
    workspace = Workspace(folder / "ws")
    workspace.prepare()
    rock = np.random.default_rng(0).integers(0, 200, (12, 96, 128)).astype("uint8")
    import_volume(workspace, ArraySource(rock), name="rock", origin="test")
    own = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    own |= {"VOXLOOP_WORKSPACE": str(workspace.root), "VOXLOOP_RUN_BASE": str(folder / "r")}
    own |= {"IPYTHONDIR": str(folder / "ipython"), "TMPDIR": str(folder)}  # jupyter-server-proxy leaves its sockets' folders behind
    process = _start_lab(folder, own)
    found = wait_until(lambda: _server_file(process, folder))
    origin = f"http://127.0.0.1:{found['port']}"
    yield Lab(process, origin, found["token"], folder / "r" / stack_name(workspace.root))
    process.send_signal(signal.SIGTERM)
    wait_until(lambda: not processes_of(folder / "r" / stack_name(workspace.root)))
    process.kill()  # told to end while a page asks for something, Jupyter may wait for ever
    process.wait()
    shutil.rmtree(folder)


def _start_lab(folder: Path, own: dict[str, str]) -> subprocess.Popen[bytes]:
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.base_url": PREFIX,
        "ServerApp.root_dir": str(folder),
        "ServerApp.allow_root": "True",
        "ServerApp.open_browser": "False",
    }
    page = folder / "config" / "labconfig" / "page_config.json"
    page.parent.mkdir(parents=True)
    page.write_text(json.dumps({"buildCheck": False, "disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}))
    command = [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]
    with (folder / "lab.log").open("wb") as log:
        return subprocess.Popen(command, env=os.environ | own, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)


def _server_file(process: subprocess.Popen[bytes], folder: Path) -> dict | None:
    """Read what Jupyter writes down once it listens."""
    assert process.poll() is None, (folder / "lab.log").read_text()
    path = folder / "runtime" / f"jpserver-{process.pid}.json"
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None


@pytest.fixture
def context(chromium: Browser, lab: Lab) -> Iterator[BrowserContext]:
    made = chromium.new_context(viewport={"width": 1280, "height": 720})
    made.set_default_timeout(PATIENCE_MS)
    yield made
    made.close()


def test_the_launcher_opens_a_page_on_which_one_paints(lab: Lab, context: BrowserContext):
    desk = context.new_page()
    desk.goto(lab.address(f"lab?token={lab.token}&reset"))
    card = desk.locator(".jp-LauncherCard", has_text="voxloop")
    desk.wait_for_function("image => image.naturalWidth > 0", arg=card.locator("img").element_handle())
    with context.expect_page() as opened:
        card.click()
    visitor = Visitor(opened.value, None)
    visitor.wait_for_slice()
    assert visitor.page.url.startswith(lab.address("voxloop/"))
    _paint_and_move_about(visitor, lab)


def _paint_and_move_about(visitor: Visitor, lab: Lab) -> None:
    page = visitor.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    visitor.wait_for_slice()
    for light in page.locator("#lights .vx-light").all():
        expect(light).to_have_attribute("data-state", "ok")  # told by the stream of events
    visitor.paint(visitor.state("classes")[0]["id"], (0.3, 0.5), (0.6, 0.5))
    _expect_author(page, this_process().user)
    page.get_by_role("link", name="Jobs").click()
    page.wait_for_url("**/voxloop/jobs*")
    page.reload()
    expect(page.locator("#nav .active")).to_have_text("Jobs")
    page.get_by_role("link", name="Annotate").click()
    visitor.wait_for_slice()
    assert [url for url in asked if not url.startswith((lab.address("voxloop/"), "data:", "blob:"))] == []
    assert visitor.complaints == []


def _expect_author(page: Page, user: str) -> None:
    history = page.evaluate("async () => (await fetch('api/volumes/rock/history?limit=1')).json()")
    assert user in json.dumps(history)


def test_who_is_not_logged_in_to_jupyter_sees_nothing(lab: Lab, context: BrowserContext):
    page = context.new_page()
    page.goto(lab.address("voxloop/"))
    assert "/login" in page.url
    answer = context.request.get(lab.address("voxloop/api/volumes"), max_redirects=0)
    assert answer.status in (302, 403)


def test_nothing_but_jupyter_listens_on_tcp(lab: Lab, context: BrowserContext):
    page = context.new_page()
    page.goto(lab.address(f"voxloop/?token={lab.token}"))
    Visitor(page, None).wait_for_slice()
    record = read_record(lab.run_dir)
    assert record is not None
    assert (record.port, record.url) == (None, None)
