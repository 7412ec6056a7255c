"""From nothing to the first painted slice: start the stack on the demo volume, open the page, wait for the image."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.benchmarks.page import ARGUMENTS
from tests.benchmarks.report import print_figures

PAINTED = "() => { const s = window.voxloop?.session?.state; return s?.info && s.sliceState === 'ready'; }"


def measure(browser: Browser) -> dict[str, float]:
    """Start a stack in a fresh workspace and give the seconds until the address was printed and until the image was there."""
    folder = Path(tempfile.mkdtemp(prefix="vx-", dir="/tmp"))
    start = time.monotonic()
    command = [sys.executable, "-m", "voxloop_compose", "up", str(folder / "ws"), "--demo"]
    environment = os.environ | {"XDG_RUNTIME_DIR": str(folder)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment) as stack:
        assert stack.stdout is not None
        url = next(line.strip() for line in stack.stdout if line.startswith("http://"))
        printed_s = time.monotonic() - start
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(url)
        page.wait_for_function(PAINTED)
        painted_s = time.monotonic() - start
        page.close()
        stack.send_signal(signal.SIGTERM)
        stack.communicate()
    shutil.rmtree(folder)
    return {"address_s": printed_s, "painted_s": painted_s}


def main(runs: int = 3) -> dict[str, Any]:
    """Measure several starts and print the median and the worst."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        found = [measure(browser) for _ in range(runs)]
        browser.close()
    painted = sorted(run["painted_s"] for run in found)
    address = sorted(run["address_s"] for run in found)
    return print_figures(
        "startup",
        {
            "address_median_s": round(address[runs // 2], 2),
            "painted_median_s": round(painted[runs // 2], 2),
            "painted_max_s": round(painted[-1], 2),
        },
        goal="painted_max_s <= 8",
    )


if __name__ == "__main__":
    main()
