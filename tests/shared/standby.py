"""Forkservers of services under test: who they are, and when they have loaded what they need."""

import psutil
import pytest

from tests.waiting import wait_until
from voxloop_shared.jobs import runner
from voxloop_shared.jobs.forkserver import Forkserver


def record_servers(monkeypatch: pytest.MonkeyPatch) -> list[Forkserver]:
    """List the forkservers that services start from now on, without waiting until the machine has come to rest."""
    made: list[Forkserver] = []

    def make(*arguments) -> Forkserver:
        made.append(Forkserver(*arguments))
        return made[-1]

    monkeypatch.setattr(runner, "_READY_AFTER_S", 0.0)
    monkeypatch.setattr(runner, "Forkserver", make)
    return made


def wait_until_ready(servers: list[Forkserver], count: int = 1) -> psutil.Process:
    """Wait for the last of so many forkservers; give its process."""
    wait_until(lambda: len(servers) == count and servers[-1].is_ready)
    return psutil.Process(servers[-1].pid)
