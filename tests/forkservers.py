"""Forkservers that last as long as the process that runs tests: torch is loaded once, and not again by every child of every test."""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest

import voxloop_infer.app
import voxloop_infer.previewer
import voxloop_train.app
import voxloop_train.live.session
from tests.waiting import wait_until
from voxloop_shared.jobs.folder import JobFolder
from voxloop_shared.jobs.forkserver import Forkserver
from voxloop_shared.jobs.runner import ProcessRunner, Run

_SERVERS: dict[str, Forkserver] = {}


class QuickRunner(ProcessRunner):
    """Starts jobs as forks of a server that services of other tests have used, too."""

    def _spawn(self, folder: JobFolder) -> Run:
        if self._module not in _SERVERS or not _SERVERS[self._module].is_alive:
            self._get_ready_now()
            assert self._forkserver is not None
            _SERVERS[self._module], self._forkserver = self._forkserver, None
        server = _SERVERS[self._module]
        wait_until(lambda: server.is_ready)
        fork = server.fork(folder, self._environment)
        assert fork is not None
        return fork


@pytest.fixture(scope="session", autouse=True)
def quick_jobs() -> Iterator[None]:
    """Have train and infer, where they run in this process, start their jobs, previews and sessions quickly."""
    multiprocessing.set_forkserver_preload(["voxloop_infer.looking", "voxloop_infer.model", "voxloop_train.live.child"])
    with pytest.MonkeyPatch.context() as patch:
        for keeper in (voxloop_infer.previewer, voxloop_train.live.session):
            patch.setattr(keeper, "get_context", lambda _method: multiprocessing.get_context("forkserver"))
        for app in (voxloop_train.app, voxloop_infer.app):
            patch.setattr(app, "ProcessRunner", QuickRunner)
        yield
    for server in _SERVERS.values():
        server.close()
    _SERVERS.clear()


def offspring(parent: int | None = None) -> list[psutil.Process]:
    """List what multiprocessing has started for a process, by default this one, and runs: spawned, or forked by its forkserver."""
    found = []
    for child in psutil.Process(parent or os.getpid()).children():
        with suppress(psutil.ZombieProcess, psutil.NoSuchProcess):
            command = " ".join(child.cmdline())
            if "spawn_main" in command:
                found.append(child)
            elif "multiprocessing.forkserver" in command:
                found.extend(fork for fork in child.children() if fork.status() != psutil.STATUS_ZOMBIE)
    return found
