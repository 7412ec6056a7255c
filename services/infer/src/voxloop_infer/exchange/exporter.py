"""The service's end of exports: each made by a child process, for the service itself never loads torch, one after the other."""

import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import BinaryIO

from voxloop_infer.exchange.orders import ExportOrder
from voxloop_infer.settings import InferSettings
from voxloop_shared.errors import ServiceUnavailable, VoxloopError, from_json
from voxloop_shared.jobs.folder import JobFolder
from voxloop_shared.jobs.job import Job, State
from voxloop_shared.jobs.runner import ProcessRunner, Run

_PATIENCE_S = 540.0
"""No model takes as long; a child that hangs would keep all others waiting."""


class Exporter:
    """Makes files in a folder of its own; what an earlier process left there is taken away."""

    def __init__(self, settings: InferSettings) -> None:
        self._folder = settings.export_folder
        self._runner = ProcessRunner("voxloop_infer.exchange.worker", settings.environment())
        self._turn = threading.Lock()
        self._changing = threading.Lock()
        self._run: Run | None = None
        self._is_open = True

    def open(self) -> None:
        """Begin with an empty folder."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        """End the child that works; the request that waits for it gets an error."""
        with self._changing:
            self._is_open = False
            run = self._run
        if run is not None:
            run.stop()

    def export(self, order: ExportOrder, author: str) -> BinaryIO:
        """Make a file and give it open, with no name left on the disk; raises what the child raised, ServiceUnavailable."""
        folder = JobFolder(self._folder / secrets.token_hex(8))
        folder.create(_job(order, author, folder.path.name), order.model_dump(mode="json"))
        try:
            with self._turn, self._running(folder) as run:
                exit_code = run.wait()
            return (folder.path / _result_of(folder, exit_code)).open("rb")
        finally:
            shutil.rmtree(folder.path, ignore_errors=True)

    @contextmanager
    def _running(self, folder: JobFolder) -> Iterator[Run]:
        with self._changing:
            if not self._is_open:
                raise ServiceUnavailable("the infer service is ending: ask again later")
            self._run = run = self._runner.start(folder)
        timer = threading.Timer(_PATIENCE_S, run.stop)
        timer.start()
        try:
            yield run
        finally:
            timer.cancel()
            with self._changing:
                self._run = None


def _job(order: ExportOrder, author: str, name: str) -> Job:
    title = f"Export {order.model.name}:{order.model.version} as {order.form}"
    now = datetime.now(UTC)
    return Job(
        id=name, service="infer", kind="export", title=title, volume=order.model.manifest.volume, state=State.RUNNING, author=author,
        created=now,
    )  # fmt: skip


def _result_of(folder: JobFolder, exit_code: int) -> str:
    """Give the name of the file that was made; raises the child's error."""
    error, result = folder.outcome("error.json"), folder.outcome("result.json")
    if error is not None:
        raise from_json({"error": error}, VoxloopError.status)
    if exit_code or result is None:
        raise ServiceUnavailable(f"the process that wrote the file ended with {exit_code} (out of memory?): see the service's log")
    return str(result["file"])
