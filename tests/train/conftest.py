"""A train service with a registry beside it, and a volume that can be learned in seconds."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from tests.forkservers import quick_jobs  # noqa: F401 - a fixture
from tests.waiting import wait_until
from voxloop_registry.app import create_app as create_registry
from voxloop_registry.settings import RegistrySettings
from voxloop_shared.client import ServiceClient
from voxloop_shared.data.labels import Labels, class_color
from voxloop_shared.schemas import LabelClass, VolumeInfo
from voxloop_train.app import create_app
from voxloop_train.learners.catalog import learner_of
from voxloop_train.learners.learner import Learned, Lesson
from voxloop_train.settings import TrainSettings

CLASSES = [LabelClass(id=n, name=name, color=class_color(n)) for n, name in ((2, "dark"), (3, "unused"), (9, "bright"))]

PAINTED = [entry for entry in CLASSES if entry.name != "unused"]
QUICK = {"width": 4, "depth": 2, "crop": 32, "batch": 4, "steps": 12, "held_out": 0.3}
"""Settings of a U-Net that learns in a second."""


@pytest.fixture
def registry(serve_app, workspace, run_dir) -> ServiceClient:
    return serve_app(create_registry(RegistrySettings(workspace=workspace.root, run_dir=run_dir)), "registry")


@pytest.fixture
def train_settings(workspace, run_dir) -> TrainSettings:
    return TrainSettings(workspace=workspace.root, run_dir=run_dir)


@pytest.fixture
def train(serve_app, registry, train_settings) -> ServiceClient:
    return serve_app(create_app(train_settings), "train")


def two_phases(shape=(6, 50, 70), dtype="uint8") -> np.ndarray:
    """Dark and bright stripes with noise."""
    _, y, _ = np.indices(shape)
    return (60 + 80 * (y // 12 % 2) + np.random.default_rng(0).normal(0, 6, shape)).astype(dtype)


def stripes_of_labels(shape=(6, 50, 70)) -> np.ndarray:
    """A stroke in the middle of each stripe of the first and last slice."""
    labels = np.zeros(shape, np.uint8)
    for row in range(4, shape[1], 12):
        for z in {0, shape[0] - 1}:
            labels[z, row, 5:-5] = 9 if row // 12 % 2 else 2
    return labels


@pytest.fixture
def paint(workspace) -> Callable[[VolumeInfo, np.ndarray], str]:
    """A way to give a volume labels; gives the snapshot."""

    def merge(volume: VolumeInfo, image: np.ndarray) -> str:
        path = workspace.labels_of(volume.id)
        labels = Labels.open(path) if path.exists() else Labels.create(path, volume.shape, CLASSES)
        return labels.merge(iter([image]), "import", "ada", lambda _slab: None).snapshot

    return merge


@pytest.fixture
def stripes(make_volume, paint) -> VolumeInfo:
    """A labelled volume called "stripes"."""
    volume = make_volume("stripes", array=two_phases())
    paint(volume, stripes_of_labels())
    return volume


@pytest.fixture
def lesson_of(workspace, make_volume, paint, tmp_path) -> Callable[..., Lesson]:
    """A way to make a lesson of voxels and labels."""
    numbers = itertools.count()

    def make(voxels: np.ndarray, labels: np.ndarray, learner: str = "unet", classes=PAINTED, **config) -> Lesson:
        name = f"rock {next(numbers)}"
        volume = make_volume(name, array=voxels)
        snapshot = paint(volume, labels)
        settings = learner_of(learner).settings.model_validate(config)
        return Lesson(workspace, volume, snapshot, classes, settings, 600.0, lambda *_, **__: None, tmp_path / name)

    return make


@pytest.fixture
def learn(lesson_of) -> Callable[..., Learned]:
    """A way to learn a volume from labels."""

    def run_through(voxels: np.ndarray, labels: np.ndarray, learner: str = "unet", classes=PAINTED, **config) -> Learned:
        return learner_of(learner).learn(
            lesson_of(voxels, labels, learner, classes, **(config if learner == "instant" else QUICK | config))
        )

    return run_through


def ended(service: ServiceClient, job: dict) -> dict:
    """Wait for a job's end."""

    def look() -> dict | None:
        found = service.get(f"/jobs/{job['id']}")
        return found if found["state"] not in ("queued", "running") else None

    return wait_until(look)
