"""The Models page over a registry of 10,000 models: how long until a person sees the list, a filtered one, a sorted one, a card.

`document` is the list with all that the browser has to load before it can show anything, whatever the page; `list` is the way to it from
another page.
"""

import sys
import time
from collections.abc import Callable

from playwright.sync_api import Page

from tests.annotate.conftest import RunningAnnotate, running_annotate
from tests.annotate.shelf import describe, publish, score
from tests.benchmarks.page import browser_page
from tests.benchmarks.report import percentiles_ms, print_figures
from voxloop_shared.client import ServiceClient

MODELS = 10_000
NAMES = 500
TURNS = 5


def main() -> None:
    """Fill a registry, open its page, and print the figures."""
    with running_annotate("registry") as running:
        with ServiceClient(running.socket_of("registry")) as registry:
            fill(registry)
        with browser_page(1280, 720) as page:
            figures = measure(page, running)
    print_figures("models_page", {"models": MODELS} | figures, goal="each but document at most 1000 ms")


def fill(registry: ServiceClient) -> None:
    """Publish models of different names, learners, volumes, authors and scores."""
    for number in range(MODELS):
        manifest = describe(
            learner=("unet", "instant")[number % 2],
            volume=f"volume-{number % 37}",
            author=f"author-{number % 11}",
            metrics=score(0.5 + (number * 7919 % 4999) / 1e4),
        )
        publish(registry, f"model-{number % NAMES:03d}", manifest)
        if number % 1000 == 999:
            sys.stderr.write(f"{number + 1} models\n")


def measure(page: Page, running: RunningAnnotate) -> dict[str, float]:
    """Time what a person waits for, several times each."""
    address = f"{running.door}/models"
    page.goto(f"{address}?token={running.token}")
    settled(page, "")
    loading = [timed(page, lambda: page.goto(address), "") for _ in range(TURNS)]
    listing = [timed_list(page) for _ in range(TURNS)]
    words = [f"model-{turn:03d}" for turn in range(TURNS)]
    finding = [timed(page, lambda word=word: page.get_by_label("Search models").fill(word), word) for word in words]
    page.get_by_label("Search models").fill("")
    settled(page, "")
    sorting = [timed_sort(page) for _ in range(2 * TURNS)]
    grouping = [timed_group(page, value) for value in ("volume", "name", "learner")]
    page.goto(address)
    settled(page, "")
    cards = [timed_card(page) for _ in range(TURNS)]
    found: dict[str, float] = {}
    for name, seconds in (
        ("document", loading),
        ("list", listing),
        ("filter", finding),
        ("sort", sorting),
        ("group", grouping),
        ("card", cards),
    ):
        found |= percentiles_ms(seconds, name)
    return found


def timed(page: Page, act: Callable[[], object], word: str) -> float:
    """Give the seconds until the grid shows models whose names hold a word."""
    begin = time.perf_counter()
    act()
    settled(page, word)
    return time.perf_counter() - begin


def timed_list(page: Page) -> float:
    """Go to another page and back; give the seconds until the list stands."""
    page.locator(".vx-nav-link", has_text="Jobs").click()
    page.locator("#job-list > *").first.wait_for()
    return timed(page, page.locator(".vx-nav-link", has_text="Models").click, "")


def settled(page: Page, word: str) -> None:
    """Wait until all rows on the screen are there, and hold a word."""
    page.wait_for_function(
        """word => { const rows = [...document.querySelectorAll('.vx-grid [data-model]')];
        const isWaiting = document.querySelector('.vx-grid .vx-skeleton');
        return rows.length > 5 && !isWaiting && rows.every(row => row.dataset.model.includes(word)); }""",
        arg=word,
        polling="raf",
    )


def timed_sort(page: Page) -> float:
    """Click the head of the scores; give the seconds until other models stand first."""
    first = page.locator(".vx-grid [row-index='0'] [data-model]").get_attribute("data-model")
    begin = time.perf_counter()
    page.locator(".ag-header-cell[col-id=dice]").click()
    page.wait_for_function(
        """first => { const found = document.querySelector('.vx-grid [row-index="0"] [data-model]')?.dataset.model;
        return found && found !== first; }""",
        arg=first,
        polling="raf",
    )
    return time.perf_counter() - begin


def timed_group(page: Page, value: str) -> float:
    """Choose a grouping; give the seconds until its heads are there."""
    page.locator("[data-filter=group]").select_option("")
    settled(page, "")
    begin = time.perf_counter()
    page.locator("[data-filter=group]").select_option(value)
    page.locator(".vx-group-head").first.wait_for()
    return time.perf_counter() - begin


def timed_card(page: Page) -> float:
    """Open the first model; give the seconds until its card is filled, and go back."""
    begin = time.perf_counter()
    page.locator(".vx-grid [data-model]").first.click()
    page.locator("[data-part=lineage] [data-root]").wait_for()
    seconds = time.perf_counter() - begin
    page.go_back()
    settled(page, "")
    return seconds


if __name__ == "__main__":
    main()
