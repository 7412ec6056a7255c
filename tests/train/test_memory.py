"""Training reads a volume where it is painted: its size does not matter."""

import json
import subprocess
import sys

import pytest

_MEASURED = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
import zarr
from voxloop_shared.data.labels import Labels, class_color
from voxloop_shared.data.masks import encode_mask
from voxloop_shared.data.pyramid import create_level
from voxloop_shared.schemas import Intensity, LabelClass, Level, Stroke, VolumeInfo
from voxloop_shared.workspace import Workspace
from voxloop_train.learners.catalog import learner_of
from voxloop_train.learners.learner import Lesson
import numpy as np

shape, learner, config = tuple(json.loads(sys.argv[2])), sys.argv[3], json.loads(sys.argv[4])
workspace = Workspace(Path(sys.argv[1]))
workspace.prepare()
volume = VolumeInfo(
    id="large", name="large", shape=shape, dtype="uint8", voxel_size=(1, 1, 1), unit="um", levels=[Level(shape=shape, scale=(1, 1, 1))],
    intensity=Intensity(min=0, max=255, mean=100, std=50, percentiles={"1": 0, "99": 255}),
    digest="0", source="test", created=datetime.now(UTC),
)
group = zarr.create_group(workspace.volume("large"), zarr_format=3)
create_level(group, "0", shape, np.dtype("uint8"))  # nothing is written: all its chunks are zeros, and on disk there is none
group.attrs["voxloop"] = volume.model_dump(mode="json")
classes = [LabelClass(id=n, name=str(n), color=class_color(n)) for n in (1, 2)]
labels = Labels.create(workspace.labels_of("large"), shape, classes)
depth, height, width = shape
for number in range(12):
    z, y, x = (int((number + 1) / 14 * n) for n in shape)
    box = ((z, z + 1), (y, y + 3), (x, x + 30))
    runs = encode_mask(np.ones((1, 3, 30), bool))
    labels.paint(Stroke(id=f"s{number}", tool="brush", value=1 + number % 2, index=z, box=box, runs=runs), "ada")
settings = learner_of(learner).settings.model_validate(config)
lesson = Lesson(workspace, volume, labels.head, classes, settings, 600, lambda *_, **__: None, workspace.root)
learned = learner_of(learner).learn(lesson)
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(json.dumps({"peak": int(peak.split()[1]) << 10, "voxels": learned.metrics["train_voxels"] + learned.metrics["held_out_voxels"]}))
"""

MODERATE, LARGE = (500, 1000, 1000), (2000, 10_000, 10_000)
CONFIGS = {"unet": {"width": 4, "depth": 2, "crop": 64, "steps": 20}, "instant": {"trees": 10}}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("learner", CONFIGS)
def test_200_gb_are_learned_from_in_the_memory_of_half_a_gb(tmp_path, learner: str):
    peaks = []
    for shape in (MODERATE, LARGE):
        folder = tmp_path / f"{shape[0]}"
        command = [sys.executable, "-c", _MEASURED, str(folder), json.dumps(shape), learner, json.dumps(CONFIGS[learner])]
        found = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
        assert found["voxels"] >= 12 * 90
        peaks.append(found["peak"])
    assert peaks[1] < peaks[0] + (300 << 20)
