"""Packages tested by `bioimageio.core` itself, in an environment that knows nothing of voxloop."""

import os
import subprocess
from pathlib import Path

import pytest
import torch

from tests.infer.conftest import manifest_of, random_state
from tests.otherprograms import python_of
from tests.waiting import PATIENCE_S
from voxloop_infer.exchange import graphs
from voxloop_infer.exchange.graphs import graph_of
from voxloop_infer.exchange.package import PackageOrder, write_package
from voxloop_shared.exchange import pack_model
from voxloop_shared.nets.architectures import build_network
from voxloop_shared.nets.weights import save_weights
from voxloop_shared.schemas import Manifest, ModelVersion

FEATURES = {"kind": "pixel", "classes": 3, "scales": 2, "width": 8, "smoothing": 1}
MODELS = {
    "slices with their neighbours": {"in_channels": 3, "voxel_size": (2.5, 0.5, 0.5)},
    "features of blocks": {"architecture": FEATURES, "learner": "instant", "unit": "voxel"},
    "features of slices": {"architecture": FEATURES | {"is_3d": False, "scales": 1, "smoothing": 0}, "learner": "instant"},
}


def package(manifest: Manifest, folder: Path) -> Path:
    """The package of a model with random weights."""
    torch.manual_seed(2)
    slices = manifest.learner == "unet"
    state = random_state(manifest) if slices else build_network(manifest.architecture).state_dict()
    digest = save_weights(state, folder / "weights")
    about = {"author": "ada", "created": manifest.created, "aliases": [], "size": (folder / "weights").stat().st_size}
    model = ModelVersion(name="rocks", version=1, digest=digest, manifest=manifest, **about)
    packed = pack_model(model, manifest.model_dump(mode="json"), "bioimage.io", None)
    (folder / "scratch").mkdir()
    file = folder / "rocks.zip"
    write_package(PackageOrder(packed, manifest, graph_of(manifest, state), folder / "weights", "CC-BY-4.0"), file, folder / "scratch")
    return file


@pytest.mark.parametrize("which", MODELS)
def test_passes_the_test_of_the_model_zoo(tmp_path, monkeypatch, which):
    monkeypatch.setattr(graphs, "_CUBE", 40)  # the real one takes ten times as long, and is written in the same way
    file = package(manifest_of(**MODELS[which]), tmp_path)
    command = [str(python_of("bioimageio")), "-m", "bioimageio.core", "test", str(file)]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment = kept | {"BIOIMAGEIO_CACHE_PATH": str(tmp_path / "cache"), "NO_COLOR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout + done.stderr
