"""A round on the page of a stack in containers: through the door, paint, train, see the prediction, and the lights say where it runs."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visitor
from tests.podman.account import Account
from tests.podman.conftest import close, new_terminal
from tests.waiting import PATIENCE_MS, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def stack(account: Account) -> Iterator:
    """A stack on the demo volume behind its door."""
    terminal = new_terminal(account)
    yield terminal.up("--demo")
    close(terminal, account)


def test_a_round_on_the_page(chromium: Browser, stack, account: Account) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    person = Visitor(page, stack)
    person.open()
    for class_id, row in ((1, 0.25), (2, 0.5), (3, 0.75)):
        person.paint(class_id, (0.3, row), (0.6, row))

    page.select_option("#train-learner", "instant")
    page.click("#train-start")
    page.wait_for_function("() => window.voxloop.session.state.prediction")
    page.wait_for_function("() => window.voxloop.layout.main.scene.shown.prediction")

    expect(page.get_by_title("container").first).to_be_visible()
    with account.acting(), stack.client("annotate") as annotate:
        lights = wait_until(lambda: annotate.get("/api/status"))
        strokes = annotate.get("/api/volumes/nerve/history")["strokes"]
    assert all(light["ok"] and "localhost/voxloop-" in light["message"] for light in lights if light["name"] != "annotate")
    assert {stroke["author"] for stroke in strokes} == {account.name}
    assert person.complaints == []
    assert person.strangers == []
    context.close()
