"""A workspace in containers, opened to a unix group: a container knows no foreign user, so a forwarder outside names them."""

import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.test_share import page_of
from tests.colleagues import Crew
from tests.compose.share_contract import SharingContract
from tests.podman.account import Account
from tests.podman.conftest import close, new_terminal
from tests.sharing import Shared, opened_to


@pytest.fixture(scope="module")
def shared(account: Account, crew: Crew) -> Iterator[Shared]:
    subprocess.run(["usermod", "--append", "--groups", crew.group, account.name], check=True)  # only members can share with a group
    terminal = new_terminal(account)
    with opened_to(crew, terminal) as made:
        yield made
    close(terminal, account)


class TestPodman(SharingContract):
    """The services in containers."""


@pytest.mark.browser
def test_a_colleague_paints_on_the_page_under_their_own_name(shared: Shared, chromium: Browser):
    ada = shared.crew.ada
    with page_of(ada, shared, chromium) as painter:
        expect(painter.page.locator("#role")).to_have_text(f"{ada.name} · annotator")
        painter.page.click('[data-class-id="1"]')
        painter.drag((15, 5), (15, 20))

    newest = shared.ask(shared.crew.eva, "GET", "VOLUME/history")[1]["strokes"][0]
    assert (newest["author"], newest["name"]) == (ada.name, "brush background z=4")
