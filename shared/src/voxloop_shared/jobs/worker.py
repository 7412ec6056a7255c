"""The child's side of a job: report progress, leave a result or an error, die with the service."""

import copy
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from voxloop_shared import errors
from voxloop_shared.files import write_json
from voxloop_shared.jobs.folder import JobFolder
from voxloop_shared.jobs.forkserver import fork_jobs
from voxloop_shared.jobs.runner import STANDBY

log = logging.getLogger(__name__)


class JobContext:
    """What a job's function gets: its id and spec, a place for checkpoints, and a way to report."""

    def __init__(self, folder: JobFolder) -> None:
        self.folder = folder
        self.job_id = folder.path.name
        self.spec = folder.spec()
        self.checkpoint = folder.checkpoint
        job = folder.read()
        self.author, self.kind = job.author, job.kind
        self._started = time.monotonic()
        self._share: tuple[float, float] | None = None
        self._began = self._started

    def stage(self, first: float, last: float) -> Self:
        """Give the context of a stage that is so much of the whole: its own progress, 0..1, is reported as that of the job."""
        stage = copy.copy(self)
        stage._share, stage._began = (first, last), time.monotonic()
        return stage

    def report(self, message: str, progress: float | None = None, eta_s: float | None = None, **metrics: Any) -> None:
        """Append one line of metrics; `progress` is 0..1, `eta_s` seconds to the end."""
        if self._share is not None:
            progress, eta_s = self._of_whole(*self._share, progress, eta_s)
        line = {"elapsed_s": round(time.monotonic() - self._started, 3), "message": message, "progress": progress, "eta_s": eta_s}
        with self.folder.metrics.open("a") as stream:
            stream.write(json.dumps(line | metrics) + "\n")

    def _of_whole(self, first: float, last: float, progress: float | None, eta_s: float | None) -> tuple[float | None, float | None]:
        """Turn what is known of a stage into what is known of the job: later stages are taken to last as their share says."""
        if progress is not None:
            progress = round(first + (last - first) * progress, 4)
        if eta_s is not None:
            stage_s = time.monotonic() - self._began + eta_s
            eta_s = round(eta_s + stage_s * (1 - last) / (last - first), 1)
        return progress, eta_s


def run_worker(work: Callable[[JobContext], dict[str, Any]], get_ready: Callable[[], None] = lambda: None) -> int:
    """Run a job's function on the folder named on the command line; give the exit code.

    With `--standby` in its place, get ready and fork for each job that standard input brings.
    """
    if sys.argv[1] == STANDBY:
        folder = fork_jobs(get_ready)
        if folder is None:
            return 0
    else:
        folder = JobFolder(Path(sys.argv[1]))
    _die_with_service()
    try:
        write_json(folder.result, work(JobContext(folder)))
    except errors.VoxloopError as error:
        log.error("%s: %s", type(error).__name__, error.message)  # noqa: TRY400 - expected: one line says it all
        _leave_error(folder, error)
    except OSError as error:
        log.exception("the operating system refused")
        _leave_error(folder, errors.from_os_error(error))
    except Exception as error:  # the outermost frame of a worker
        log.exception("the job failed")
        _leave_error(folder, errors.VoxloopError(f"{type(error).__name__}: {error}"))
    else:
        return 0
    return 1


def _leave_error(folder: JobFolder, error: errors.VoxloopError) -> None:
    write_json(folder.error, error.to_json()["error"])


def _die_with_service() -> None:
    """End this process when the service's end of its standard input closes, however the service died."""

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        if os.getpgrp() == os.getpid():  # the group is ours alone: what the job has started ends, too
            os.killpg(0, signal.SIGKILL)
        os._exit(os.EX_TEMPFAIL)

    threading.Thread(target=watch, daemon=True, name="service-watch").start()
