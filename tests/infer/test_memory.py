import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pytest
import zarr

from tests.infer.conftest import manifest_of, random_state
from voxloop_infer.app import JOB_ENVIRONMENT
from voxloop_shared.data.pyramid import create_level
from voxloop_shared.nets.weights import save_weights
from voxloop_shared.schemas import Intensity, Level, VolumeInfo
from voxloop_shared.workspace import Workspace

LIMIT_MB = 400
_SHAPE = (256, 2048, 2048)  # 1 GB of uint8

_PROGRAM = """
import json, sys, threading
from pathlib import Path
import psutil
from voxloop_shared.nets.hardware import let_idle_threads_sleep
let_idle_threads_sleep()
from voxloop_infer.model import Model
from voxloop_infer.plan import plan_blocks
from voxloop_infer.prediction import BlockRun
from voxloop_infer.reading import reader_of
from voxloop_shared.data.pyramid import create_level
from voxloop_shared.data.volumes import level_array, open_volume
from voxloop_shared.nets.devices import choose_device
from voxloop_shared.nets.weights import read_weights
from voxloop_shared.schemas import Manifest
from voxloop_shared.workspace import Workspace

root, manifest, weights, planes, most_blocks = sys.argv[1:]
process, peak, stop = psutil.Process(), [0], threading.Event()

def watch():
    while not stop.wait(0.02):
        peak[0] = max(peak[0], process.memory_info().rss)

start = process.memory_info().rss
threading.Thread(target=watch, daemon=True).start()
workspace = Workspace(Path(root))
volume, source = open_volume(workspace, "large")
model = Model(Manifest.model_validate_json(Path(manifest).read_bytes()), read_weights(Path(weights)), choose_device())

import numpy as np
import zarr

run = BlockRun([[model]], reader_of(level_array(source, "0"), "large"), volume.shape, planes)
target = create_level(zarr.create_group(workspace.predictions / "p.zarr", overwrite=True), "0", volume.shape, np.dtype("uint8"))
for block, answer in run.answers(plan_blocks(volume.shape, run.block, None)[: int(most_blocks)]):
    target[block] = answer.numbers
stop.set()
print(json.dumps({"above_start_mb": (peak[0] - start) / 2**20}))
"""


@pytest.fixture
def large(tmp_path):
    """A volume of 1 GB: noise where its first blocks are, and elsewhere zeros, of which nothing lies on the disk."""
    workspace = Workspace(tmp_path)
    workspace.prepare()
    volume = VolumeInfo(
        id="large", name="large", shape=_SHAPE, dtype="uint8", voxel_size=(1, 1, 1), unit="um",
        levels=[Level(shape=_SHAPE, scale=(1, 1, 1))],
        intensity=Intensity(min=0, max=200, mean=100, std=50, percentiles={"1": 0, "99": 200}),
        digest="0", source="test", created=datetime.now(UTC),
    )  # fmt: skip
    group = zarr.create_group(workspace.volume("large"), zarr_format=3)
    create_level(group, "0", _SHAPE, np.dtype("uint8"))[:192, :768, :768] = np.random.default_rng(0).integers(
        0, 200, (192, 768, 768), np.uint8
    )
    group.attrs["voxloop"] = volume.model_dump(mode="json")
    return workspace


@pytest.mark.slow
def test_the_first_blocks_of_a_1_gb_volume_are_predicted_in_400_mb(large, tmp_path):
    """All 128 blocks would take a quarter of an hour; over 24 (z) the peak stopped growing before the twelfth."""
    manifest = manifest_of(architecture={"classes": 3, "width": 8, "depth": 3}, in_channels=1)
    (tmp_path / "manifest.json").write_text(manifest.model_dump_json())
    save_weights(random_state(manifest), tmp_path / "w.safetensors")
    command = [
        sys.executable,
        "-c",
        _PROGRAM,
        str(large.root),
        str(tmp_path / "manifest.json"),
        str(tmp_path / "w.safetensors"),
        "zyx",
        "2",
    ]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, env=os.environ | JOB_ENVIRONMENT).stdout)
    print(f"prediction of a 1 GB volume in three planes: {found['above_start_mb']:.0f} MB above the start")
    assert found["above_start_mb"] <= LIMIT_MB
