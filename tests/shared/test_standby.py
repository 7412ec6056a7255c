"""A child that stands by takes the next job, and no job depends on it."""

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.shared.test_jobs import ended, reported, submit
from tests.waiting import wait_until
from voxloop_shared.jobs import runner
from voxloop_shared.jobs.job import State
from voxloop_shared.jobs.queue import JobQueue


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JobQueue]:
    monkeypatch.setattr(runner, "_READY_AFTER_S", 0.0)
    processes = runner.ProcessRunner("tests.shared.jobwork")
    queue = JobQueue(tmp_path, "train", processes)
    queue.start()
    processes.keep_ready()
    yield queue
    queue.close()
    processes.close()
    assert standing_by() == []


def standing_by() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE and "--standby" in child.cmdline()]


def one_standing_by(but: int = 0) -> psutil.Process:
    (child,) = wait_until(lambda: [child for child in standing_by() if child.pid != but])
    return child


def test_the_child_that_stands_by_does_the_next_job_and_another_takes_its_place(queue: JobQueue):
    child = one_standing_by()
    job_id = submit(queue, "wait")
    assert reported(queue, job_id, "pid") == child.pid
    queue.cancel(job_id)
    assert one_standing_by(but=child.pid).pid != child.pid


def test_what_it_writes_goes_to_the_logs_of_its_job(queue: JobQueue):
    one_standing_by()
    done = ended(queue, submit(queue, "succeed"))
    assert (done.state, done.result) == (State.SUCCEEDED, {"by": "ada", "job": done.id})
    folder = queue.folder(done.id)
    assert (folder.stdout.read_text(), folder.stderr.read_text()) == ("to stdout\n", "to stderr\n")


def test_a_job_is_done_although_the_child_that_stood_by_was_killed(queue: JobQueue):
    child = one_standing_by()
    child.kill()
    child.wait(10)
    assert ended(queue, submit(queue, "succeed")).state is State.SUCCEEDED


def test_a_job_of_a_child_that_stood_by_can_be_paused_and_resumed(queue: JobQueue):
    one_standing_by()
    job_id = submit(queue, "checkpoint")
    assert reported(queue, job_id, "pid") != os.getpid()
    assert queue.pause(job_id).state is State.INTERRUPTED
    queue.resume(job_id)
    assert ended(queue, job_id).result == {"resumed": True}
