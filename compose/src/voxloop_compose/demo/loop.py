"""The whole loop on the demo volume, through the same routes as the page: strokes, training, prediction, score."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voxloop_compose import console
from voxloop_compose.demo.annotator import Hand, draw_strokes
from voxloop_compose.demo.nerve import CLASSES, NERVE, add_demo_volume, reference_labels, register_demo_volume
from voxloop_compose.demo.scores import dice
from voxloop_compose.job_watch import explain_end, outcome, wait_for_job
from voxloop_compose.rundir import remove_run_dir, run_dir_of
from voxloop_compose.runtimes import RuntimeChoice
from voxloop_compose.stack import Stack
from voxloop_compose.target import Target
from voxloop_shared.data.predictions import open_prediction
from voxloop_shared.data.volumes import level_array
from voxloop_shared.errors import VoxloopError
from voxloop_shared.jobs.job import Job, State
from voxloop_shared.schemas import Stroke

PAINTED_SLICES = (16, 56, 104)
SCORED_SLICES = (36, 76, 120)


def run_demo(*, learner: str, budget_s: float, seed: int, keep: bool, runtime: RuntimeChoice | None = None) -> dict[str, Any]:
    """Bring up a stack of its own, run the loop, take the stack down; give the scores. Nothing listens on TCP."""
    began = time.monotonic()
    with _workspace(keep) as workspace, _own_stack(workspace, runtime) as target:
        reference = reference_labels()
        strokes = simulate_strokes(reference, seed)
        labelled = _paint(target, strokes)
        trained = _run_job(target, "train", {"volume": NERVE, "learner": learner, "budget_s": budget_s})
        predicted = _run_job(target, "infer", {"volume": NERVE, "model": trained["model"]})
        scores = _score(target, predicted["prediction"], reference)
    return {
        "mean_dice": round(float(np.mean(list(scores.values()))), 4),
        "dice": {name: round(score, 4) for name, score in scores.items()},
        "train_s": trained["train_s"],
        "predict_s": predicted["predict_s"],
        "model": trained["model"],
        "snapshot": trained["snapshot"],
        "strokes": len(strokes),
        "labelled_voxels": labelled,
        "seconds": round(time.monotonic() - began, 1),
    } | ({"workspace": str(workspace)} if keep else {})


def simulate_strokes(reference: NDArray[np.uint8], seed: int) -> list[Stroke]:
    """Draw on the slices that are painted."""
    rng = np.random.default_rng(seed)
    return [stroke for z in PAINTED_SLICES for stroke in draw_strokes(reference[z], z, rng, Hand())]


@contextmanager
def _workspace(keep: bool) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="voxloop-demo-"))
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _own_stack(workspace: Path, runtime: RuntimeChoice | None) -> Iterator[Target]:
    try:
        with Stack(workspace, runtime=runtime) as stack:
            with console.progress("starting the services"):
                add_demo_volume(stack.workspace)
                stack.wait_healthy()
            register_demo_volume(stack.run_dir)
            yield Target(stack.record)
    finally:
        remove_run_dir(run_dir_of(workspace))


def _paint(target: Target, strokes: list[Stroke]) -> int:
    """Send the strokes as the page does; give the number of labelled voxels."""
    with target.client("annotate") as annotate:
        for stroke in strokes:
            annotate.post(f"/api/volumes/{NERVE}/strokes", stroke.model_dump(mode="json"))
        counts: dict[str, int] = annotate.get(f"/api/volumes/{NERVE}/classes")["counts"]
    return sum(counts.values())


def _run_job(target: Target, service: str, order: dict[str, Any]) -> dict[str, Any]:
    job = Job.model_validate(target.post(service, "/jobs", order))
    with console.progress(job.title) as report:
        job = wait_for_job(target, job, report)
    if job.state is not State.SUCCEEDED:
        raise VoxloopError(explain_end(job))
    return outcome(job)


def _score(target: Target, prediction: str, reference: NDArray[np.uint8]) -> dict[str, float]:
    """Compare on slices without strokes, all taken together."""
    _, group = open_prediction(target.workspace, NERVE, prediction)
    array = level_array(group, "class/0")
    found = np.stack([np.asarray(array[z]) for z in SCORED_SLICES])
    expected = reference[list(SCORED_SLICES)]
    return {entry.name: dice(found, expected, entry.id) for entry in CLASSES}
