"""The page as a user opens it, for benchmarks: a stack over a workspace, and headless chromium in front of it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from voxloop_shared.workspace import Workspace

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
READY = (
    "volume => { const s = window.voxloop?.session?.state; return s?.info?.id === volume && s.sliceState === 'ready' && s.classes.length; }"
)


@contextmanager
def stack_over(workspace: Workspace) -> Iterator[str]:
    """Start all services over a workspace and give the printed address."""
    runtime = tempfile.mkdtemp(prefix="vx-", dir="/tmp")
    command = [sys.executable, "-m", "voxloop_compose", "up", str(workspace.root)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ | {"XDG_RUNTIME_DIR": runtime}
    ) as stack:
        assert stack.stdout is not None
        try:
            yield next(line.strip() for line in stack.stdout if line.startswith("http://"))
        finally:
            stack.send_signal(signal.SIGTERM)
            stack.communicate()
    shutil.rmtree(Path(runtime))


@contextmanager
def browser_page(width: int, height: int) -> Iterator[Page]:
    """Give a page of headless chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(60_000)
        yield page
        browser.close()


def open_volume(page: Page, url: str, volume: str, view: str = "") -> None:
    """Open a volume and wait for its first slice; `view` is what the address says after #."""
    page.goto("about:blank")  # another hash alone would not load the page anew
    page.goto(f"{url}&volume={volume}#{view}")
    page.wait_for_function(READY, arg=volume)
