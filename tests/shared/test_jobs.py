"""Jobs: states, processes, logs, metrics."""

import itertools
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from tests.shared.standby import record_servers
from tests.waiting import wait_until
from voxloop_shared.errors import IllegalTransition, InvalidInput, JobNotFound
from voxloop_shared.jobs.folder import JobFolder
from voxloop_shared.jobs.job import LEGAL, Job, State, check_transition
from voxloop_shared.jobs.queue import JobQueue
from voxloop_shared.jobs.routes import job_router
from voxloop_shared.jobs.runner import ProcessRunner
from voxloop_shared.server import create_api

S = State
WAYS = {
    (S.QUEUED, S.RUNNING), (S.QUEUED, S.CANCELLED),
    (S.RUNNING, S.SUCCEEDED), (S.RUNNING, S.FAILED), (S.RUNNING, S.CANCELLED), (S.RUNNING, S.INTERRUPTED),
    (S.FAILED, S.QUEUED), (S.CANCELLED, S.QUEUED), (S.INTERRUPTED, S.QUEUED), (S.INTERRUPTED, S.CANCELLED),
}  # fmt: skip


@pytest.fixture(params=["child", "fork"])
def queue(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[JobQueue]:
    """A queue whose jobs are children of their own, and one whose jobs are forks of a child that stands by."""
    servers = record_servers(monkeypatch)
    processes = ProcessRunner("tests.shared.jobwork")
    queue = JobQueue(tmp_path, "train", processes)
    queue.start()
    if request.param == "fork":
        processes.keep_ready()
        wait_until(lambda: servers and servers[0].is_ready)
        monkeypatch.setattr(ProcessRunner, "_spawn", None)
    yield queue
    queue.close()
    processes.close()


def submit(queue: JobQueue, do: str, priority: int = 0, **spec) -> str:
    job = queue.submit(kind="test", title=do, volume="rock", spec={"do": do} | spec, author="ada", priority=priority)
    assert job.state is State.QUEUED
    return job.id


def ended(queue: JobQueue, job_id: str) -> Job:
    wait_until(lambda: queue.read(job_id).state.is_final)
    return queue.read(job_id)


def reported(queue: JobQueue, job_id: str, key: str):
    """Wait for a value that the child reports."""
    return wait_until(lambda: next((line[key] for line in queue.folder(job_id).read_metrics(0, 10) if key in line), None))


@pytest.mark.parametrize(("old", "new"), list(itertools.product(State, State)))
def test_only_the_drawn_transitions_are_legal(old: State, new: State):
    job = Job(id="j", service="train", kind="k", title="t", volume="v", state=old, author="a", created=datetime.now(UTC))
    if (old, new) in WAYS:
        check_transition(job, new)
    else:
        with pytest.raises(IllegalTransition, match=f"{old}.*{new}"):
            check_transition(job, new)


def test_every_state_says_where_it_leads():
    assert set(LEGAL) == set(State)
    assert {state for state in State if state.is_final} == set(State) - {State.QUEUED, State.RUNNING}


def test_a_job_succeeds_and_leaves_all_it_said(queue: JobQueue):
    job = ended(queue, submit(queue, "succeed"))
    assert (job.state, job.result, job.error, job.attempt) == (State.SUCCEEDED, {"by": "ada", "job": job.id}, None, 1)
    assert (job.progress, job.message, job.eta_s) == (0.5, "half", None)
    assert job.started
    assert job.finished
    assert job.created <= job.started <= job.finished
    folder = queue.folder(job.id)
    assert folder.read_log("stdout", 0, "")[0] == "to stdout\n"
    assert folder.read_log("stderr", 0, "")[0] == "to stderr\n"
    assert folder.read_metrics(0, 10)[0]["loss"] == 0.25


@pytest.mark.parametrize(
    ("spec", "kind", "words"),
    [
        ({"do": "refuse"}, "TooFewLabels", "paint two classes first"),
        ({"do": "crash"}, "VoxloopError", "ZeroDivisionError: oops"),
        ({"do": "exit", "code": 3}, "JobFailed", "code 3"),
        ({"do": "exit", "code": 0}, "JobFailed", "code 0"),
        ({"do": "kill", "signal": signal.SIGKILL}, "JobKilled", r"SIGKILL \(out of memory\?\)"),
        ({"do": "kill", "signal": signal.SIGSEGV}, "JobKilled", "SIGSEGV"),
        ({"do": "kill", "signal": signal.SIGRTMIN + 3}, "JobKilled", "signal 37"),
    ],
)
def test_a_job_that_fails_says_why(queue: JobQueue, spec: dict, kind: str, words: str):
    job = ended(queue, submit(queue, **spec))
    assert job.state is State.FAILED
    assert job.error
    assert job.error["type"] == kind
    assert re.search(words, job.error["message"])
    after = ended(queue, submit(queue, "succeed"))
    assert after.state is State.SUCCEEDED, "the lane goes on"


def test_a_running_job_is_cancelled_with_all_that_it_started(queue: JobQueue):
    job_id = submit(queue, "stubborn")
    processes = [psutil.Process(reported(queue, job_id, key)) for key in ("pid", "child")]
    job = queue.cancel(job_id)
    assert (job.state, job.result, job.error) == (State.CANCELLED, None, None)
    wait_until(lambda: not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes))
    with pytest.raises(IllegalTransition):
        queue.cancel(job_id)


def test_a_queued_job_is_cancelled_and_never_starts(queue: JobQueue):
    first = submit(queue, "wait")
    reported(queue, first, "pid")
    second = submit(queue, "succeed")
    assert queue.length == 2
    assert queue.cancel(second).state is State.CANCELLED
    queue.cancel(first)
    third = ended(queue, submit(queue, "succeed"))
    assert third.state is State.SUCCEEDED
    assert queue.read(second).attempt == 0
    assert queue.length == 0


def test_a_cancelled_job_resumes_from_its_checkpoint(queue: JobQueue):
    job_id = submit(queue, "checkpoint")
    reported(queue, job_id, "pid")
    queue.cancel(job_id)
    assert queue.resume(job_id).state is State.QUEUED
    job = ended(queue, job_id)
    assert (job.state, job.result, job.attempt) == (State.SUCCEEDED, {"resumed": True}, 2)
    with pytest.raises(IllegalTransition):
        queue.resume(job_id)


def test_a_failed_job_forgets_its_error_when_resumed(queue: JobQueue):
    job = ended(queue, submit(queue, "refuse"))
    again = queue.resume(job.id)
    assert (again.error, again.result, again.finished) == (None, None, None)
    assert ended(queue, job.id).attempt == 2


def test_higher_priorities_go_first_and_equals_in_order(queue: JobQueue):
    blocker = submit(queue, "wait")
    reported(queue, blocker, "pid")
    names = [submit(queue, "succeed", priority=priority) for priority in (0, 5, 0, 10, 5)]
    queue.cancel(blocker)
    started = {job_id: ended(queue, job_id).started for job_id in names}
    assert sorted(names, key=lambda job_id: started[job_id]) == [names[k] for k in (3, 1, 4, 0, 2)]


def test_lanes_run_side_by_side(tmp_path: Path):
    queue = JobQueue(tmp_path, "train", ProcessRunner("tests.shared.jobwork"), lanes=("cuda:0", "cuda:1"))
    queue.start()
    try:
        jobs = [submit(queue, "wait") for _ in range(3)]
        wait_until(lambda: sum(queue.read(job_id).state is State.RUNNING for job_id in jobs) == 2)
        assert queue.read(jobs[2]).state is State.QUEUED
    finally:
        queue.close()


def test_closing_interrupts_what_runs_and_keeps_what_waits(tmp_path: Path):
    queue = JobQueue(tmp_path, "train", ProcessRunner("tests.shared.jobwork"))
    queue.start()
    running = submit(queue, "wait")
    process = psutil.Process(reported(queue, running, "pid"))
    waiting = submit(queue, "succeed")
    queue.close()
    assert (queue.read(running).state, queue.read(waiting).state) == (State.INTERRUPTED, State.QUEUED)
    assert not process.is_running()
    again = JobQueue(tmp_path, "train", ProcessRunner("tests.shared.jobwork"))
    again.start()
    assert ended(again, waiting).state is State.SUCCEEDED
    again.close()


def test_lists_newest_first(queue: JobQueue):
    names = [submit(queue, "succeed") for _ in range(5)]
    assert [job.id for job in queue.list()] == names[::-1]


def test_looks_for_work_without_reading_what_has_ended(queue: JobQueue, monkeypatch: pytest.MonkeyPatch):
    old = [ended(queue, submit(queue, "succeed")).id for _ in range(2)]
    read: list[str] = []
    whole = JobFolder.read
    monkeypatch.setattr(JobFolder, "read", lambda folder: (read.append(folder.path.name), whole(folder))[1])
    assert ended(queue, submit(queue, "succeed")).state is State.SUCCEEDED
    assert read
    assert not set(read) & set(old)


def test_a_waiting_job_whose_folder_was_taken_away_holds_no_lane(queue: JobQueue):
    first = submit(queue, "wait")
    reported(queue, first, "pid")
    gone, last = submit(queue, "succeed"), submit(queue, "succeed")
    shutil.rmtree(queue.folder(gone).path)
    queue.cancel(first)
    assert ended(queue, last).state is State.SUCCEEDED
    assert queue.length == 0


@pytest.mark.parametrize("job_id", ["none", "..", "../../etc", "", "A", "a/b"])
def test_unknown_jobs_are_not_found(queue: JobQueue, job_id: str):
    for ask in (queue.read, queue.cancel, queue.resume):
        with pytest.raises(JobNotFound):
            ask(job_id)


def test_metrics_are_thinned_evenly_with_the_newest_kept(queue: JobQueue):
    job = ended(queue, submit(queue, "report", lines=100))
    folder = queue.folder(job.id)
    assert [line["n"] for line in folder.read_metrics(0, 1000)] == list(range(100))
    thin = [line["n"] for line in folder.read_metrics(0, 10)]
    assert len(thin) == 10
    assert thin[-1] == 99
    assert {b - a for a, b in itertools.pairwise(thin)} == {10}
    assert [line["n"] for line in folder.read_metrics(98, 10)] == [98, 99]
    assert folder.read_metrics(100, 10) == []


def test_a_line_that_is_being_written_is_left_for_later(queue: JobQueue):
    job = ended(queue, submit(queue, "report", lines=2))
    folder = queue.folder(job.id)
    with folder.metrics.open("a") as stream:
        stream.write('{"n": 2, "mess')
    assert [line["n"] for line in folder.read_metrics(0, 10)] == [0, 1]
    assert queue.read(job.id).message == "step 1"


def test_logs_are_read_on_from_where_one_was(queue: JobQueue):
    job = ended(queue, submit(queue, "succeed"))
    folder = queue.folder(job.id)
    folder.stdout.write_bytes("erste Zeile ü\nzweite\n".encode())
    text, after = folder.read_log("stdout", 0, "")
    assert (text, after) == ("erste Zeile ü\nzweite\n", 22)
    assert folder.read_log("stdout", after, "") == ("", after)
    assert folder.read_log("stdout", 0, "zwei") == ("zweite\n", after)
    with pytest.raises(InvalidInput, match="stdout and stderr"):
        folder.read_log("../job", 0, "")


def test_the_routes_say_the_same(queue: JobQueue, serve_app):
    api = create_api("jobs", "1")
    api.include_router(job_router(queue))
    client = serve_app(api)
    job_id = submit(queue, "report", lines=4)
    with client.stream("GET", f"/jobs/{job_id}/events") as response:
        events = [line for line in response.iter_lines() if line.startswith("data:")]
    assert Job.model_validate_json(events[-1][5:]).state is State.SUCCEEDED
    assert client.get("/jobs", volume="rock")[0]["id"] == job_id
    assert client.get("/jobs", volume="other") == []
    assert [line["loss"] for line in client.get(f"/jobs/{job_id}/metrics")] == [1.5, None, 1.5, None], "NaN is no JSON"
    assert client.get(f"/jobs/{job_id}/log", stream="stdout") == {"text": "", "next": 0}
    with pytest.raises(IllegalTransition):
        client.post(f"/jobs/{job_id}/cancel")
    with pytest.raises(JobNotFound):
        client.get("/jobs/none/metrics")


def test_a_full_disk_refuses_a_job_and_leaves_nothing(small_disk: Path):
    queue = JobQueue(small_disk, "train", ProcessRunner("tests.shared.jobwork"))
    (small_disk / "filler").write_bytes(bytes(7 << 20))
    with pytest.raises(OSError, match="No space left"):
        queue.submit(kind="k", title="t", volume="v", spec={"much": "x" * (4 << 20)}, author="ada")
    assert list((small_disk / "train").iterdir()) == []
    assert queue.list() == []


def test_a_disk_that_is_full_for_a_while_stops_no_lane(small_disk: Path):
    queue = JobQueue(small_disk, "train", ProcessRunner("tests.shared.jobwork"))
    queue.start()
    try:
        job_id = submit(queue, "wait")
        process = psutil.Process(reported(queue, job_id, "pid"))
        waiting = submit(queue, "succeed")
        subprocess.run(["dd", "if=/dev/zero", f"of={small_disk / 'filler'}", "bs=4k"], check=False, capture_output=True)
        process.kill()
        wait_until(lambda: not process.is_running())
        assert queue.read(job_id).state is State.RUNNING, "what could not be written did not happen"
        (small_disk / "filler").unlink()
        assert ended(queue, job_id).state is State.FAILED
        assert ended(queue, waiting).state is State.SUCCEEDED
    finally:
        queue.close()
