"""A service's jobs: queued by priority, one at a time per device, each in a child process."""

import logging
import secrets
import signal
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from voxloop_shared.errors import JobNotFound, VoxloopError, from_os_error
from voxloop_shared.jobs.folder import JobFolder
from voxloop_shared.jobs.forkserver import GRACE_S
from voxloop_shared.jobs.job import Job, State, check_transition
from voxloop_shared.jobs.runner import Run, Runner
from voxloop_shared.workspace import checked_id

log = logging.getLogger(__name__)

_RETRY_S = 1.0


class JobQueue:
    """The jobs of one service; every state is on disk before anyone hears of it.

    A lane is a thread that runs one job at a time, one lane per device.
    """

    def __init__(
        self, root: Path, service: str, runner: Runner, lanes: Sequence[str] = ("cpu",), on_end: Callable[[Job], None] = lambda _job: None
    ) -> None:
        """Make a queue that does not run yet; `on_end` is told each job that has come to an end, once its state is on disk."""
        self._root = root / service
        self._service = service
        self._runner = runner
        self._on_end = on_end
        self._changed = threading.Condition()
        self._waiting: dict[str, Job] = {}
        self._running: dict[str, Run] = {}
        self._wanted: dict[str, State] = {}
        self._is_open = True
        self._threads = [threading.Thread(target=self._work, name=f"lane-{lane}", daemon=True) for lane in lanes]

    def start(self) -> None:
        """Mark what an earlier process left running as interrupted, then start the lanes."""
        self._root.mkdir(parents=True, exist_ok=True)
        for job in self.list():
            self._note(job)
            if job.state is State.RUNNING:
                log.warning("job %s was running when the service ended", job.id)
                self._move(
                    job, State.INTERRUPTED, error={"type": "Interrupted", "message": "the service ended while the job ran", "detail": None}
                )
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End the running jobs as interrupted and stop the lanes."""
        with self._changed:
            self._is_open = False
            for job_id, run in self._running.items():
                self._wanted.setdefault(job_id, State.INTERRUPTED)
                threading.Thread(target=run.stop, daemon=True).start()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(GRACE_S + 1)

    def submit(self, *, kind: str, title: str, volume: str, spec: dict[str, Any], author: str, priority: int = 0) -> Job:
        """Store a new job and queue it."""
        now = datetime.now(UTC)
        job = Job(
            id=f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
            service=self._service,
            kind=kind,
            title=title,
            volume=volume,
            state=State.QUEUED,
            priority=priority,
            author=author,
            created=now,
        )
        with self._changed:
            self.folder(job.id).create(job, spec)
            self._note(job)
            self._changed.notify_all()
        log.info("job %s queued for %s: %s", job.id, author, title)
        return job

    def cancel(self, job_id: str) -> Job:
        """Give up a job that waits, runs or was interrupted; raises IllegalTransition when it has ended otherwise."""
        return self._end(job_id, State.CANCELLED)

    def pause(self, job_id: str) -> Job:
        """Interrupt a running job, to be resumed from its checkpoint; raises IllegalTransition when it does not run."""
        return self._end(job_id, State.INTERRUPTED)

    def _end(self, job_id: str, state: State) -> Job:
        with self._changed:
            job = self.read(job_id)
            check_transition(job, state)
            run = self._running.get(job_id)
            if run is None:
                return self._move(job, state)
            self._wanted[job_id] = state
        run.stop()
        with self._changed:
            self._changed.wait_for(lambda: job_id not in self._running, timeout=GRACE_S + 1)
        return self.read(job_id)

    def resume(self, job_id: str) -> Job:
        """Queue a job again that was interrupted, cancelled or failed; its checkpoint is still there."""
        with self._changed:
            job = self._move(self.read(job_id), State.QUEUED, started=None, finished=None, error=None, result=None)
            self._changed.notify_all()
        return job

    def read(self, job_id: str) -> Job:
        """Read one job; raises JobNotFound."""
        return self.folder(job_id).read()

    def list(self) -> list[Job]:
        """Read all jobs, newest first."""
        found = [JobFolder(path.parent).read() for path in self._root.glob("*/job.json")]
        return sorted(found, key=lambda job: (job.created, job.id), reverse=True)

    def folder(self, job_id: str) -> JobFolder:
        """Give a job's folder, which need not exist; raises JobNotFound for what can be no job's id."""
        return JobFolder(self._root / checked_id(job_id, JobNotFound))

    @property
    def length(self) -> int:
        """Count the jobs that wait or run."""
        with self._changed:
            return len(self._waiting) + len(self._running)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: not self._is_open or self._next() is not None)
                if not self._is_open:
                    return
                job = self._next()
                assert job is not None
                run = self._begin(job)
            if run is None:
                continue
            exit_code = run.wait()
            with self._changed:
                self._insist(self._finish, job.id, exit_code)
                del self._running[job.id]
                self._wanted.pop(job.id, None)
                self._changed.notify_all()

    def _insist(self, step: Callable[..., None], *arguments: Any) -> None:
        """Take a step whose state must reach the disk, again and again while the disk refuses (full, most likely).

        A queue that is closed meanwhile gives up: its next start finds the job as running, and interrupts it.
        """
        while True:
            try:
                return step(*arguments)
            except OSError:
                log.exception("cannot write a job's state; next try in %.0f s", _RETRY_S)
            if not self._is_open:
                return None
            self._changed.wait(_RETRY_S)

    def _next(self) -> Job | None:
        while self._waiting:
            job = min(self._waiting.values(), key=lambda job: (-job.priority, job.created))
            if self.folder(job.id).path.exists():
                return job
            del self._waiting[job.id]  # somebody took its folder away: trying to start it would hold the lane for ever
        return None

    def _begin(self, job: Job) -> Run | None:
        """Start a job that waits; None when that fails, and nothing runs."""
        folder = self.folder(job.id)
        try:
            folder.forget_outcome()
            self._move(job, State.RUNNING, attempt=job.attempt + 1, started=datetime.now(UTC))
        except OSError:
            log.exception("cannot write that job %s runs; next try in %.0f s", job.id, _RETRY_S)
            self._changed.wait(_RETRY_S)
            return None
        try:
            self._running[job.id] = self._runner.start(folder)
        except OSError as error:
            self._insist(self._fail, job.id, from_os_error(error))
            return None
        return self._running[job.id]

    def _fail(self, job_id: str, error: VoxloopError) -> None:
        job = self.read(job_id)
        if job.state is State.RUNNING:
            self._move(job, State.FAILED, error=error.to_json()["error"])

    def _finish(self, job_id: str, exit_code: int) -> None:
        folder = self.folder(job_id)
        job = folder.read()
        wanted = self._wanted.get(job_id)
        result = folder.outcome("result.json")
        if exit_code == 0 and result is not None:
            self._move(job, State.SUCCEEDED, result=result)
        elif wanted is not None:
            self._move(job, wanted)
        else:
            self._move(job, State.FAILED, error=folder.outcome("error.json") or _unexplained(exit_code))

    def _move(self, job: Job, state: State, **fields: Any) -> Job:
        check_transition(job, state)
        job = job.model_copy(update={"state": state} | fields)
        if state.is_final:
            job.finished = datetime.now(UTC)
        self.folder(job.id).write(job)
        self._note(job)
        log.info("job %s is %s", job.id, state)
        if state.is_final:
            self._on_end(job)
        return job

    def _note(self, job: Job) -> None:
        """Keep the jobs that wait at hand, once their state is on disk: to look for work must not cost a file per job that ever was."""
        if job.state is State.QUEUED:
            self._waiting[job.id] = job
        else:
            self._waiting.pop(job.id, None)


def _unexplained(exit_code: int) -> dict[str, Any]:
    if exit_code < 0:
        name = signal.Signals(-exit_code).name if -exit_code in set(signal.Signals) else f"signal {-exit_code}"
        hint = " (out of memory?)" if name == "SIGKILL" else ""
        return {"type": "JobKilled", "message": f"the job was killed by {name}{hint}", "detail": None}
    return {"type": "JobFailed", "message": f"the job ended with code {exit_code}: see its log", "detail": None}
