"""The podman runtime keeps the contract of runtimes."""

import pytest

from tests.compose.contract import RuntimeContract
from tests.podman.conftest import containers_of


class TestPodman(RuntimeContract):
    name = "podman"

    @pytest.fixture(autouse=True)
    def _account(self, account):
        self.account = account

    def left(self, stack) -> list[str]:
        return containers_of(self.account, stack.run_dir)
