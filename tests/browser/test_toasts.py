"""Notices in the corner, as the server draws them."""

import json
from typing import Any

from plotly.utils import PlotlyJSONEncoder

from tests.browser.modelshelf import Reader
from voxloop_annotate.pages.toasts import done_toast, error_toast


def put(reader: Reader, *toasts: Any) -> None:
    drawn = json.loads(json.dumps(toasts, cls=PlotlyJSONEncoder))
    reader.page.locator("#toasts").wait_for(state="attached")
    reader.page.evaluate("toasts => window.dash_clientside.set_props('toasts', { children: toasts })", drawn)


def test_the_newest_good_news_stands_for_what_came_before_and_bad_news_stays(reader: Reader) -> None:
    reader.open()
    early, late = done_toast("Training done", "by ada", ("See the job", "./jobs")), done_toast("Prediction done", "in 14 s")
    put(reader, early, error_toast("Export failed", "the disk is full"), late)
    page = reader.page
    page.get_by_text("Prediction done").wait_for()
    assert page.locator(".vx-toast").evaluate_all("nodes => nodes.map(node => node.checkVisibility())") == [False, True, True]
    page.locator(".vx-toast").last.locator("[data-action=dismiss]").click()
    assert page.locator(".vx-toast").evaluate_all("nodes => nodes.map(node => node.checkVisibility())") == [False, True, False]


def test_good_news_takes_two_lines(reader: Reader) -> None:
    reader.open()
    put(reader, done_toast("Prediction done", "by nerve:2 in 90 s", ("Look at it", "./")))
    lines = "node => [...node.querySelectorAll('strong, .vx-toast-body > div, a')].map(part => part.getBoundingClientRect().top)"
    title, text, link = reader.page.locator(".vx-toast").evaluate(lines)
    assert title < text == link
