"""Predictions that are interrupted: what is there is seen, kept where it can go on, and never taken for the whole."""

import json
import os
import shutil
import signal

import numpy as np
import psutil
import pytest

from tests.infer.conftest import voxels
from tests.infer.test_jobs import ended
from tests.waiting import wait_until
from voxloop_infer.app import create_app
from voxloop_infer.settings import InferSettings
from voxloop_shared.data.predictions import draft_path, list_predictions, open_prediction
from voxloop_shared.errors import IllegalTransition, PredictionNotFound

SHAPE = (128, 560, 64)
ARCHITECTURE = {"classes": 3, "width": 8, "depth": 2, "in_channels": 1}


@pytest.fixture
def rock(make_volume, publish):
    publish(architecture=ARCHITECTURE)
    return make_volume("rock", array=voxels(SHAPE))


def begun(infer, blocks=2, **options):
    """Start a job, and wait until so many of its blocks are written."""
    job = infer.post("/jobs", {"volume": "rock", "model": "rocks"} | options)
    wait_until(lambda: state(infer, job) != "queued" and (len(written(infer, job)) >= blocks or state(infer, job) != "running"))
    assert state(infer, job) == "running"
    return job


def state(infer, job):
    return infer.get(f"/jobs/{job['id']}")["state"]


def written(infer, job):
    lines = infer.get(f"/jobs/{job['id']}/metrics")
    return [line["block"] for line in lines if line.get("block")]


def kill_worker(job):
    """Kill the process that writes the job's log; others may stand by."""
    children = psutil.Process(os.getpid()).children(recursive=True)
    (child,) = [child for child in children if any(job["id"] in log.path for log in child.open_files())]
    child.send_signal(signal.SIGKILL)


def finished_blocks(workspace, job):
    path = workspace.jobs / "infer" / job["id"] / "checkpoint" / "blocks.jsonl"
    return [tuple(json.loads(line)["corner"]) for line in path.read_text().splitlines()]


def test_finished_blocks_are_seen_while_the_job_runs(infer, rock, workspace):
    job = begun(infer, focus=[100, 300, 30])
    (info,) = list_predictions(workspace, "rock", partial=True)
    assert (info.id, info.partial) == (job["id"], True)
    assert list_predictions(workspace, "rock") == []
    with pytest.raises(PredictionNotFound):
        open_prediction(workspace, "rock", job["id"])
    _, group = open_prediction(workspace, "rock", job["id"], partial=True)
    coarsest = len(info.levels) - 1
    assert np.asarray(group["class/0"][96:112, 256:512]).all()
    assert np.asarray(group[f"class/{coarsest}"]).any()
    assert not np.asarray(group["class/0"][:16]).all()  # far from the focus
    assert ended(infer, job)["state"] == "succeeded"
    (whole,) = list_predictions(workspace, "rock", partial=True)
    assert not whole.partial


def test_a_killed_job_goes_on_and_redoes_at_most_the_block_in_flight(infer, rock, workspace):
    job = begun(infer)
    kill_worker(job)
    assert ended(infer, job)["error"]["type"] == "JobKilled"
    before = finished_blocks(workspace, job)
    infer.post(f"/jobs/{job['id']}/resume")
    done = ended(infer, job)
    assert done["state"] == "succeeded", done["error"]
    after = finished_blocks(workspace, job)
    assert after[: len(before)] == before
    assert len(after) == len(set(after)) == 24
    untouched = ended(infer, infer.post("/jobs", {"volume": "rock", "model": "rocks"}))
    assert done["result"]["voxels"] == untouched["result"]["voxels"]
    first, second = (open_prediction(workspace, "rock", name)[1] for name in (done["id"], untouched["id"]))
    for name in ("class/0", "class/1", "class/2", "confidence/0", "confidence/1", "confidence/2"):
        assert np.array_equal(np.asarray(first[name]), np.asarray(second[name])), name


def test_a_paused_job_is_interrupted_and_can_go_on_or_be_given_up(infer, rock, workspace):
    job = begun(infer)
    assert infer.post(f"/jobs/{job['id']}/pause")["state"] == "interrupted"
    assert draft_path(workspace, "rock", job["id"]).exists()
    with pytest.raises(IllegalTransition):
        infer.post(f"/jobs/{job['id']}/pause")
    infer.post(f"/jobs/{job['id']}/resume")
    wait_until(lambda: state(infer, job) == "running")
    infer.post(f"/jobs/{job['id']}/pause")
    assert infer.post(f"/jobs/{job['id']}/cancel")["state"] == "cancelled"
    assert list(workspace.predictions_of("rock").iterdir()) == []


def test_a_service_that_starts_again_keeps_what_can_go_on(serve_app, registry, rock, workspace, run_dir):
    settings = InferSettings(workspace=workspace.root, run_dir=run_dir)
    infer = serve_app(create_app(settings), "infer")
    job = begun(infer)
    infer.post(f"/jobs/{job['id']}/pause")
    draft = draft_path(workspace, "rock", job["id"])
    other = draft.with_name(".gone.zarr.partial")
    other.mkdir()
    again = serve_app(create_app(settings), "infer-again")
    again.get("/health")
    assert draft.exists()
    assert not other.exists()


def test_a_volume_that_is_removed_while_it_is_predicted_fails_the_job(infer, rock, workspace):
    job = begun(infer, planes="nine", blocks=0)
    wait_until(lambda: infer.get(f"/jobs/{job['id']}")["message"].startswith("block"))
    shutil.rmtree(workspace.volume("rock"))
    done = ended(infer, job)
    assert (done["state"], done["error"]["type"]) == ("failed", "VolumeNotFound")
    assert list_predictions(workspace, "rock") == []
    assert infer.get("/health")["queue_length"] == 0


def test_a_full_disk_fails_the_job_and_gets_its_room_back(infer, rock, workspace, small_disk, publish):
    shutil.rmtree(workspace.predictions)
    workspace.predictions.symlink_to(small_disk)
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * (7 << 20))
    done = ended(infer, infer.post("/jobs", {"volume": "rock", "model": "rocks"}))
    assert (done["state"], done["error"]["type"]) == ("failed", "DiskFull")
    assert list_predictions(workspace, "rock", partial=True) == []
    filler.unlink()
    infer.post(f"/jobs/{done['id']}/resume")
    assert ended(infer, done)["state"] == "succeeded"
