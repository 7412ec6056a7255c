"""How well a learner does on a few strokes.

`python -m tests.benchmarks.learners --budget 60 --seed 0` trains on the strokes of qim_nerve, predicts the slices that
have none, and prints one JSON object.
"""

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import tifffile

from voxloop_shared.data.images import open_image
from voxloop_shared.data.labels import Labels, class_color
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.nets.hardware import device_names, let_idle_threads_sleep
from voxloop_shared.schemas import LabelClass, VolumeInfo
from voxloop_shared.workspace import Workspace
from voxloop_train.learners.catalog import learner_of
from voxloop_train.learners.learner import Learned, Lesson

NERVE = Path(__file__).parents[3] / "shared" / "data" / "qim_nerve"
SCORED = (36, 76, 120)
NAMES = ("other", "myelin", "axon")


def main() -> None:
    """Run the benchmark as the command line says."""
    options = _options()
    let_idle_threads_sleep()
    if not NERVE.is_dir():
        print(json.dumps({"skipped": f"no data: {NERVE} is missing"}))
        return
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        workspace.prepare()
        print(json.dumps(_measure(workspace, options)))


def _measure(workspace: Workspace, options: argparse.Namespace) -> dict:
    volume, classes, snapshot = _import_nerve(workspace)
    learner = learner_of(options.learner)
    settings = learner.settings.model_validate(json.loads(options.config) | {"seed": options.seed})
    lesson = Lesson(workspace, volume, snapshot, classes, settings, options.budget, lambda *_, **__: None, workspace.jobs)
    start = time.perf_counter()
    learned = learner.learn(lesson)
    trained = time.perf_counter()
    scores = {planes: _score(options.learner, learned, volume, classes, planes) for planes in {"z", learned.planes}}
    return {
        "learner": options.learner,
        "config": settings.model_dump(),
        "budget_s": options.budget,
        "train_s": round(trained - start, 2),
        "planes": learned.planes,
        "scores": scores,
        "mean_dice": scores[learned.planes]["mean_dice"],
        "metrics": learned.metrics,
        "hardware": device_names(),
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
    }


def _import_nerve(workspace: Workspace) -> tuple[VolumeInfo, list[LabelClass], str]:
    with open_image(NERVE / "image.tif") as image:
        volume = import_volume(workspace, image, name="nerve", origin="benchmark")
    classes = [LabelClass(id=n, name=name, color=class_color(n)) for n, name in enumerate(NAMES, start=1)]
    labels = Labels.create(workspace.labels_of("nerve"), volume.shape, classes)
    labels.merge(iter([tifffile.imread(NERVE / "scribbles.tif")]), "import", "benchmark", lambda _slab: None)
    return volume, classes, labels.head


def _score(learner: str, learned: Learned, volume: VolumeInfo, classes: list[LabelClass], planes: str) -> dict:
    """Predict the whole volume, as a job does, and give Dice on the scored slices."""
    from voxloop_infer.model import Model
    from voxloop_infer.voting import vote
    from voxloop_shared.nets.devices import choose_device
    from voxloop_shared.schemas import Manifest

    manifest = Manifest(
        learner=learner, architecture=learned.architecture, classes=classes, normalisation=learned.normalisation, planes=learned.planes,
        volume=volume.id, volume_digest=volume.digest, voxel_size=volume.voxel_size, unit=volume.unit, snapshot="", settings={},
        metrics={}, author="", code_version="", hardware="", duration_s=0, created=datetime.now(UTC),
    )  # fmt: skip
    model = Model(manifest, learned.weights, choose_device())
    image, truth = tifffile.imread(NERVE / "image.tif"), tifffile.imread(NERVE / "labels_axon_perslice.tif")
    start = time.perf_counter()
    numbers, _ = vote(model, image.__getitem__, image.shape, tuple(slice(0, n) for n in image.shape), planes)
    took = time.perf_counter() - start
    dice = [_dice(truth[list(SCORED)] == n, numbers[list(SCORED)] == n + 1) for n in range(len(classes))]
    per_class = dict(zip(NAMES, np.round(dice, 4).tolist(), strict=True))
    return {"mean_dice": round(float(np.mean(dice)), 4), "dice": per_class, "predict_s_per_mvoxel": round(took / (image.size / 1e6), 3)}


def _dice(truth: np.ndarray, guess: np.ndarray) -> float:
    return float(2 * (truth & guess).sum() / (truth.sum() + guess.sum()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learner", default="unet")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--config", default="{}", help="the learner's settings as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
