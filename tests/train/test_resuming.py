"""Trainings that are killed, paused or interrupted, and go on."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.train.conftest import ended
from tests.waiting import wait_until

QUICK = {"width": 4, "depth": 2, "crop": 32, "batch": 4, "held_out": 0.3, "guide": 0, "steps": 60, "checkpoint_s": 0}


@pytest.fixture
def services(start_service):
    """A registry and a train service in processes of their own."""
    start_service("registry")
    return start_service("train")


def child_of(folder: Path) -> psutil.Process:
    """Find the process that runs a job."""
    return next(p for p in psutil.process_iter(["cmdline"]) if str(folder) in (p.info["cmdline"] or []))


def lines_of(train, job_id: str) -> list[dict]:
    """Read what a job has told of its steps."""
    return [line for line in train.client.get(f"/jobs/{job_id}/metrics") if line.get("loss") is not None]


def steps_of(train, job_id: str) -> list[int]:
    return [line["step"] for line in lines_of(train, job_id)]


def submit(train, name: str, **config) -> str:
    body = {"volume": "stripes", "config": QUICK | config, "budget_s": 600, "register_as": name}
    return train.client.post("/jobs", body)["id"]


def wait_for_a_checkpoint(train, workspace, job_id: str) -> None:
    """Wait until the job has trained and written down that it has."""
    written = workspace.jobs / "train" / job_id / "checkpoint" / "training.safetensors"
    wait_until(lambda: written.exists() and steps_of(train, job_id))


@pytest.mark.parametrize("members", [1, 2])
def test_a_training_whose_service_is_killed_goes_on_and_ends_with_the_same_weights(services, stripes, workspace, members):
    train, config = services, {"members": members, "steps": 40 // members, "guide": 2}
    whole = ended(train.client, {"id": submit(train, "whole", **config)})
    assert whole["state"] == "succeeded", whole
    job_id = submit(train, "killed", **config)
    wait_for_a_checkpoint(train, workspace, job_id)
    train.kill()
    train.start()
    assert train.client.get(f"/jobs/{job_id}")["state"] == "interrupted"
    train.client.post(f"/jobs/{job_id}/resume")
    done = ended(train.client, {"id": job_id})
    assert done["state"] == "succeeded", done
    assert done["result"]["model"]["digest"] == whole["result"]["model"]["digest"]
    lines = train.client.get(f"/jobs/{job_id}/metrics")
    for once in ("reading labels", "asking a forest about the volume"):  # the guide is kept, and not made again
        assert sum(line["message"] == once for line in lines) == 1
    assert not list((workspace.jobs / "train" / job_id / "checkpoint").glob("training*"))


def test_a_training_whose_process_is_killed_can_be_resumed(services, stripes, workspace):
    train = services
    job_id = submit(train, "killed")
    wait_for_a_checkpoint(train, workspace, job_id)
    os.kill(child_of(workspace.jobs / "train" / job_id).pid, signal.SIGKILL)
    failed = ended(train.client, {"id": job_id})
    assert (failed["state"], failed["error"]["type"]) == ("failed", "JobKilled")
    last = steps_of(train, job_id)[-1]
    train.client.post(f"/jobs/{job_id}/resume")
    done = ended(train.client, {"id": job_id})
    assert done["state"] == "succeeded", done
    assert done["result"]["metrics"]["steps"] == 60
    after = [step for step in steps_of(train, job_id) if step > last]
    assert after or last == 60


def test_a_training_that_is_asked_to_end_writes_down_where_it_stands(services, stripes, workspace):
    train = services
    job_id = submit(train, "asked", checkpoint_s=30, steps=100_000)
    wait_until(lambda: steps_of(train, job_id))
    written = workspace.jobs / "train" / job_id / "checkpoint" / "training.safetensors"
    assert not written.exists()
    os.kill(child_of(workspace.jobs / "train" / job_id).pid, signal.SIGTERM)
    failed = ended(train.client, {"id": job_id})
    assert (failed["state"], failed["error"]["message"]) == ("failed", "the job was killed by SIGTERM")
    assert written.exists()


def test_what_was_used_before_counts_after_a_resume(services, stripes, workspace):
    train = services
    body = {"volume": "stripes", "config": QUICK | {"steps": None}, "budget_s": 40}
    job_id = train.client.post("/jobs", body)["id"]
    wait_until(lambda: (train.client.get(f"/jobs/{job_id}")["progress"] or 0) > 0.1)
    train.kill()
    train.start()
    before = lines_of(train, job_id)
    train.client.post(f"/jobs/{job_id}/resume")
    after = wait_until(lambda: lines_of(train, job_id)[len(before) :])
    assert after[0]["progress"] >= before[-1]["progress"] - 0.05
    assert after[0]["eta_s"] <= 0.95 * 40
    train.client.post(f"/jobs/{job_id}/cancel")
    assert ended(train.client, {"id": job_id})["state"] == "cancelled"
