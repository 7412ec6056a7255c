"""A train service with a registry beside it, and a volume that can be learned in seconds."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.waiting import wait_until
from voxloop_registry.app import create_app as create_registry
from voxloop_registry.settings import RegistrySettings
from voxloop_shared.client import ServiceClient
from voxloop_shared.data.labels import Labels, class_color
from voxloop_shared.schemas import LabelClass, VolumeInfo
from voxloop_train.app import create_app
from voxloop_train.settings import TrainSettings

CLASSES = [LabelClass(id=n, name=name, color=class_color(n)) for n, name in ((2, "dark"), (3, "unused"), (9, "bright"))]


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


def ended(service: ServiceClient, job: dict, timeout_s: float = 90) -> dict:
    """Wait for a job's end."""

    def look() -> dict | None:
        found = service.get(f"/jobs/{job['id']}")
        return found if found["state"] not in ("queued", "running") else None

    return wait_until(look, timeout_s)
