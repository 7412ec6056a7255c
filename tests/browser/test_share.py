"""Two colleagues at the pages of a workspace that a third person has opened to their group: one paints, one may only look."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.painting import Painter
from tests.colleagues import Colleague, Crew
from tests.compose.conftest import new_terminal
from tests.sharing import Shared, opened_to
from tests.waiting import PATIENCE_MS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shared(crew: Crew) -> Iterator[Shared]:
    terminal = new_terminal()
    with opened_to(crew, terminal) as made:
        yield made
    shutil.rmtree(terminal.folder, ignore_errors=True)


@contextmanager
def page_of(who: Colleague, shared: Shared, chromium: Browser) -> Iterator[Painter]:
    """Open the page in a browser of a colleague's own, through a port that a process of theirs forwards."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    with who.forwarding(shared.socket) as address, shared.stack.client("annotate") as client:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        someone = Painter(page, client, shared.volume)
        page.goto(f"{address}?volume={shared.volume}")
        someone.wait_for_slice()
        yield someone
        context.close()
    assert someone.complaints == []


def test_one_paints_under_their_own_name_while_a_viewer_looks_on(shared: Shared, chromium: Browser) -> None:
    ada, eva = shared.crew.ada, shared.crew.eva
    shared.role(eva, "viewer")
    with page_of(ada, shared, chromium) as painter, page_of(eva, shared, chromium) as viewer:
        expect(painter.page.locator("#role")).to_have_text(f"{ada.name} · annotator")
        expect(viewer.page.locator("#role")).to_have_text(f"{eva.name} · view only")
        _is_told_why_nothing_can_be_painted(viewer, shared)
        _tries_to_paint(viewer)

        painter.page.click('[data-class-id="1"]')
        painter.drag((5, 5), (5, 20))

        viewer.page.wait_for_function("() => window.voxloop.session.state.message?.text.includes(': brush')")
        assert viewer.say().startswith(f"{ada.name}: brush")
        history = shared.ask(eva, "GET", "VOLUME/history")[1]["strokes"]
        assert [stroke["author"] for stroke in history] == [ada.name]


def _is_told_why_nothing_can_be_painted(viewer: Painter, shared: Shared) -> None:
    page, why = viewer.page, f"you are a viewer here: ask {shared.host} for the role annotator to paint"
    for tool in ("brush", "erase", "accept", "fills", "undo"):
        expect(page.locator(f'[data-tool="{tool}"]')).to_be_disabled()
        expect(page.locator(f'[data-tool="{tool}"]')).to_have_attribute("aria-label", why)
    expect(page.locator("#role")).to_have_attribute("title", why)
    for button in ("#train-start", "#predict-start"):
        expect(page.locator(button)).to_be_disabled()
        expect(page.locator(button)).to_have_attribute("title", f"Viewers do not start jobs: ask {shared.host} for the role annotator")


def _tries_to_paint(viewer: Painter) -> None:
    viewer.press("b")
    assert "ask" in viewer.say()
    viewer.page.click('[data-class-id="1"]')
    viewer.drag((5, 5), (5, 20))
    assert viewer.state("tool") == "pan"
    assert not viewer.shown().any()


def test_a_page_follows_when_its_role_changes(shared: Shared, chromium: Browser) -> None:
    ada = shared.crew.ada
    shared.role(ada, "viewer")
    with page_of(ada, shared, chromium) as someone:
        expect(someone.page.locator('[data-tool="brush"]')).to_be_disabled()

        shared.role(ada, "annotator")

        expect(someone.page.locator("#role")).to_have_text(f"{ada.name} · annotator")
        expect(someone.page.locator('[data-tool="brush"]')).to_be_enabled()
        expect(someone.page.locator("#train-start")).to_be_enabled()


def test_the_host_sees_no_word_about_roles(shared: Shared, chromium: Browser) -> None:
    me = Colleague(shared.host, ())
    with page_of(me, shared, chromium) as host:
        assert host.state("me")["role"] == "owner"
        expect(host.page.locator("#role")).to_be_hidden()
        expect(host.page.locator('[data-tool="brush"]')).to_be_enabled()
