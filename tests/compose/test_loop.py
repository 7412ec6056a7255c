"""The loop through the command line: import, labels, train, predict, export; jobs and their logs."""

import json
import os
import signal
import subprocess

import nibabel
import numpy as np
import pytest
import tifffile
import zarr

from tests.compose.conftest import VOXLOOP
from tests.waiting import PATIENCE_S, wait_until

CASES = {"int16": (33, 41, 57), "float32": (3, 129, 83)}


def balls(shape, dtype, seed=0):
    """A noisy image of bright things on dark ground, and which voxels are bright."""
    rng = np.random.default_rng(seed)
    z, y, x = np.indices(shape)
    truth = (np.sin(y / 6) + np.sin(x / 7) + 0.2 * np.sin(z)) > 0.3
    image = np.where(truth, 170.0, 60.0) + rng.normal(0, 12, shape)
    if dtype == "int16":
        image -= 100
    if dtype == "float32":
        image /= 1e6
    return image.astype(dtype), truth


def some_labels(truth):
    """Labels on every fourth row of one slice: 1 dark, 2 bright."""
    labels = np.zeros(truth.shape, np.uint8)
    middle = truth.shape[0] // 2
    labels[middle, ::4] = 1 + truth[middle, ::4]
    return labels


def add_labelled(terminal, folder, dtype, shape, *options):
    image, truth = balls(shape, dtype)
    np.save(folder / f"{dtype}.npy", image)
    tifffile.imwrite(folder / f"{dtype}-labels.tif", some_labels(truth), photometric="minisblack")
    volume = terminal.json("import", folder / f"{dtype}.npy", *options)["id"]
    terminal.json("labels", "import", volume, folder / f"{dtype}-labels.tif")
    return volume, truth


@pytest.mark.slow
@pytest.mark.parametrize("dtype", CASES)
def test_files_nobody_has_seen_go_through_the_whole_loop(shared_terminal, tmp_path, dtype):
    shape = CASES[dtype]
    volume, truth = add_labelled(shared_terminal, tmp_path, dtype, shape, "--voxel-size", 3, 0.7, 0.5)

    trained = shared_terminal.json(
        "train", volume, "--budget", 90, "--set", "steps=40", "--set", "width=8", "--set", "guide=0", "--register", f"{dtype}-net", "--wait"
    )
    predicted = shared_terminal.json("predict", volume, "--model", f"{dtype}-net", "--wait")
    fused = shared_terminal.json(
        "predict", volume, "--model", f"{dtype}-net:1", "--model", f"{dtype}-net", "--flips", "--planes", "z", "--wait"
    )
    assert fused["state"] == "succeeded"
    for name in ("out.tif", "out.nii.gz", "out.zarr"):
        shared_terminal.json("export", volume, "latest", tmp_path / name)
    shared_terminal.json("export", volume, predicted["prediction"], tmp_path / "sure.tif", "--layer", "confidence")

    assert {"job", "state", "model", "metrics", "snapshot", "train_s"} <= set(trained)
    assert (trained["state"], trained["model"]) == ("succeeded", f"{dtype}-net:1")
    assert predicted["model"] == trained["model"]
    found = tifffile.imread(tmp_path / "out.tif")
    assert (found.shape, found.dtype) == (shape, np.uint8)
    assert set(np.unique(found)) == {1, 2}
    assert (found == 1 + truth).mean() > 0.9
    nifti = nibabel.load(tmp_path / "out.nii.gz")
    assert np.array_equal(np.asarray(nifti.dataobj).T, found)
    assert np.allclose(nifti.header.get_zooms(), (0.0005, 0.0007, 0.003))
    group = zarr.open_group(tmp_path / "out.zarr", mode="r")
    assert np.array_equal(group["0"][:], found)
    sure = tifffile.imread(tmp_path / "sure.tif")
    assert (sure.shape, sure.dtype) == (shape, np.uint8)
    assert f"{dtype}-net" in [model["name"] for model in shared_terminal.json("models")["models"]]


def test_a_job_is_listed_logged_and_cancelled(shared_terminal, tmp_path):
    volume, _ = add_labelled(shared_terminal, tmp_path, "uint8", (4, 40, 40), "--name", "cancelled")

    job = shared_terminal.json("train", volume, "--budget", 600)
    wait_until(lambda: state_of(shared_terminal, job["job"]) == "running")
    ended = shared_terminal.json("cancel", job["job"])

    assert ended["state"] == "cancelled"
    assert state_of(shared_terminal, job["job"]) == "cancelled"
    assert shared_terminal.run("logs", job["job"], "--follow").returncode == 0
    assert "cannot become cancelled" in shared_terminal.error("cancel", job["job"])


def test_waiting_for_a_job_that_is_cancelled_fails_in_one_line(shared_terminal, tmp_path):
    volume, _ = add_labelled(shared_terminal, tmp_path, "uint8", (4, 40, 40), "--name", "waited")
    waiting = start(shared_terminal, "train", volume, "--budget", "600", "--wait", "--json")
    job = wait_until(lambda: running_job(shared_terminal, volume))

    shared_terminal.json("cancel", job)
    out, err = waiting.communicate(timeout=PATIENCE_S)

    assert waiting.returncode == 1
    assert json.loads(out)["state"] == "cancelled"
    assert err.splitlines()[-1] == f"error: job {job} was cancelled"


def test_ctrl_c_while_waiting_leaves_the_job_and_says_how_to_cancel_it(shared_terminal, tmp_path):
    volume, _ = add_labelled(shared_terminal, tmp_path, "uint8", (4, 40, 40), "--name", "left")
    waiting = start(shared_terminal, "train", volume, "--budget", "600", "--wait")
    job = wait_until(lambda: running_job(shared_terminal, volume))

    waiting.send_signal(signal.SIGINT)
    _, err = waiting.communicate(timeout=PATIENCE_S)

    assert waiting.returncode == 130
    assert f"voxloop cancel {job}" in err
    assert state_of(shared_terminal, job) == "running"
    shared_terminal.json("cancel", job)


def test_a_job_whose_service_is_killed_ends_interrupted_and_the_waiting_command_says_so(shared_terminal, tmp_path):
    volume, _ = add_labelled(shared_terminal, tmp_path, "uint8", (4, 40, 40), "--name", "killed")
    waiting = start(shared_terminal, "train", volume, "--budget", "600", "--wait", "--json")
    job = wait_until(lambda: running_job(shared_terminal, volume))

    os.kill(shared_terminal.running[0].pid_of("train"), signal.SIGKILL)
    out, err = waiting.communicate(timeout=PATIENCE_S)

    assert waiting.returncode == 1
    assert json.loads(out)["state"] == "interrupted"
    assert "interrupted" in err.splitlines()[-1]
    assert state_of(shared_terminal, job) == "interrupted"


def start(terminal, *arguments):
    return subprocess.Popen([VOXLOOP, *arguments], env=terminal.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def state_of(terminal, job):
    return next(entry["state"] for entry in terminal.json("jobs")["jobs"] if entry["id"] == job)


def running_job(terminal, volume):
    jobs = terminal.json("jobs")["jobs"]
    return next((entry["id"] for entry in jobs if entry["volume"] == volume and entry["state"] == "running"), None)
