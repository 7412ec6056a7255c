"""What the page asks of infer through annotate: previews, and jobs that are paused and gone on with."""

import numpy as np
import pytest

from tests.infer.conftest import infer, infer_settings, publish, registry, voxels  # noqa: F401 (fixtures)
from tests.infer.test_interruptions import ARCHITECTURE, finished_blocks, written
from tests.infer.test_jobs import ended
from tests.waiting import wait_until
from voxloop_annotate.app import create_app
from voxloop_annotate.settings import AnnotateSettings
from voxloop_shared.data.predictions import open_prediction
from voxloop_shared.errors import IllegalTransition, InvalidInput, NotFound

SHAPE = (128, 560, 64)


@pytest.fixture
def annotate(serve_app, workspace, run_dir, make_volume):
    make_volume("rock", array=voxels(SHAPE))
    return serve_app(create_app(AnnotateSettings(workspace=workspace.root, run_dir=run_dir)), "annotate")


def preview(annotate, **changes) -> tuple[np.ndarray, np.ndarray, str]:
    body = {"model": "rocks", "axis": "z", "index": 5, "region": [[10, 60], [0, 64]]} | changes
    answer = annotate.request("POST", "/api/volumes/rock/preview", json=body)
    rows, columns = map(int, answer.headers["X-Shape"].split(","))
    numbers, confidence = np.frombuffer(answer.content, np.uint8).reshape(2, rows, columns)
    return numbers, confidence, answer.headers["X-Exact"]


def test_a_preview_comes_through_and_is_what_the_prediction_will_be(annotate, infer, publish, workspace):  # noqa: F811
    publish(architecture=ARCHITECTURE)
    numbers, confidence, exact = preview(annotate)
    assert (numbers.shape, confidence.shape, exact) == ((50, 64), (50, 64), "1")
    job = annotate.post("/api/volumes/rock/predict", {"model": "rocks"})
    assert ended(infer, job)["state"] == "succeeded"
    predicted = np.asarray(open_prediction(workspace, "rock", job["id"])[1]["class/0"][5, 10:60])
    assert (predicted == numbers).mean() > 0.98


def test_what_infer_refuses_is_refused_alike(annotate, infer, publish):  # noqa: F811
    publish(architecture=ARCHITECTURE)
    with pytest.raises(InvalidInput, match="128"):
        preview(annotate, index=128)
    with pytest.raises(NotFound):
        annotate.post("/api/jobs/nobody/x/pause")


def test_a_job_is_paused_and_gone_on_with_where_it_was(annotate, infer, publish, workspace):  # noqa: F811
    publish(architecture=ARCHITECTURE)
    job = annotate.post("/api/volumes/rock/predict", {"model": "rocks", "planes": "z"})
    wait_until(lambda: len(written(infer, job)) >= 2)
    paused = annotate.post(f"/api/jobs/infer/{job['id']}/pause")
    assert (paused["state"], paused["error"]) == ("interrupted", None)
    before = finished_blocks(workspace, job)
    with pytest.raises(IllegalTransition):
        annotate.post(f"/api/jobs/infer/{job['id']}/pause")
    assert annotate.post(f"/api/jobs/infer/{job['id']}/resume")["state"] == "queued"
    assert ended(infer, job)["state"] == "succeeded"
    assert finished_blocks(workspace, job)[: len(before)] == before
