"""A writer that is killed at any moment loses no stroke that it has acknowledged."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from voxloop_shared.data.labels import Labels, default_classes

_WRITER = """
import sys
from pathlib import Path
from voxloop_shared.data.labels import Labels
from voxloop_shared.schemas import Stroke
labels = Labels.open(Path(sys.argv[1]))
first = int(sys.argv[2])
for n in range(first, 10_000):
    z, y = n % 40, n // 40
    stroke = Stroke(id=f"s{n}", tool="brush", value=1 + n % 2, index=z, box=((z, z + 1), (y, y + 1), (0, 300)), runs=[0, 300])
    labels.paint(stroke, "ada")
    print(n, flush=True)
"""


@pytest.mark.slow
def test_every_acknowledged_stroke_is_there_after_a_kill(tmp_path: Path):
    path = tmp_path / "rock"
    Labels.create(path, (40, 260, 300), default_classes())
    acknowledged = -1
    for kill in range(10):
        command = [sys.executable, "-c", _WRITER, str(path), str(acknowledged + 1)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(1 + 3 * kill):
                acknowledged = int(writer.stdout.readline())
            writer.kill()
            for line in writer.stdout:
                acknowledged = int(line)
        labels = Labels.open(path)
        found = np.asarray(labels.array()[:])
        painted = [commit.stroke_id for commit in labels.history.newest(10_000) if commit.stroke_id]
        assert len(painted) == len(set(painted))
        assert {f"s{n}" for n in range(acknowledged + 1)} <= set(painted)
        assert len(painted) <= acknowledged + 2, "at most the one that was being committed"
        for n in range(acknowledged + 1):
            assert (found[n % 40, n // 40] == 1 + n % 2).all()
        assert sum(labels.counts.values()) == np.count_nonzero(found) == 300 * len(painted)
