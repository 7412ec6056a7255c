"""Stacks of rootless containers, started by an unprivileged user; see account.py for what is made once."""

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import open_chromium
from tests.compose.conftest import Terminal
from tests.podman.account import Account, shared_account

_TIMEOUT_S = 900
"""Whichever test comes first builds the images, and those of the other worker wait for it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(_TIMEOUT_S))


@pytest.fixture(scope="session")
def account() -> Account:
    """An unprivileged user with podman, voxloop, and the images of the services."""
    return shared_account()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser, until the module ends."""
    with open_chromium() as browser:
        yield browser


def new_terminal(account: Account) -> Terminal:
    folder = Path("/tmp") / f"vx-{os.getpid()}-{secrets.token_hex(3)}"
    with account.acting():
        folder.mkdir(mode=0o700)
        (folder / "r").mkdir(mode=0o700)
    environment = account.environment | {"VOXLOOP_RUN_BASE": str(folder / "r")}  # not XDG_DATA_HOME: podman keeps its images there
    options = ("--runtime", "podman")
    return Terminal(folder, environment, program=account.voxloop, options=options, login=account.login, acting=account.acting)


@pytest.fixture
def terminal(account: Account) -> Iterator[Terminal]:
    """A terminal in which a test may start and kill what it likes."""
    made = new_terminal(account)
    yield made
    close(made, account)


@pytest.fixture(scope="module")
def shared_terminal(account: Account) -> Iterator[Terminal]:
    """A terminal with one running stack for the tests of a module that do it no harm."""
    made = new_terminal(account)
    with account.acting():
        lay_models(made.folder / "ws")
    made.up()
    yield made
    close(made, account)


def lay_models(workspace: Path) -> None:
    """Have a workspace hold what is larger than the covers that hide it from annotate."""
    for name in ("models", "jobs"):
        (workspace / name).mkdir(parents=True)
        (workspace / name / "large").write_bytes(bytes(5 << 20))


def close(terminal: Terminal, account: Account) -> None:
    terminal.close()
    for stack in terminal.running:
        for container in containers_of(account, stack.run_dir):
            account.podman("rm", "-f", "-t", "0", container)
    shutil.rmtree(terminal.folder, ignore_errors=True)


def containers_of(account: Account, run_dir: Path) -> list[str]:
    """List the containers of a stack, whether they run or not."""
    return account.podman("ps", "-a", "--format", "{{.Names}}", "--filter", f"label=org.voxloop.stack={run_dir.name}").split()
