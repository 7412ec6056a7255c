"""`voxloop demo`: the whole loop in one command."""

from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_demo_prints_one_object_and_leaves_nothing_behind(terminal):
    terminal.environment["TMPDIR"] = str(terminal.folder)

    result = terminal.json("demo", "--budget", 15)

    assert set(result) >= {"mean_dice", "dice", "train_s", "predict_s", "model", "snapshot", "strokes", "labelled_voxels", "seconds"}
    assert set(result["dice"]) == {"other", "myelin", "axon"}
    assert result["mean_dice"] > 0.6  # a quarter of the time it would need
    assert result["strokes"] == 27
    assert list(Path(terminal.environment["VOXLOOP_RUN_BASE"]).iterdir()) == []
    assert not list(terminal.folder.glob("voxloop-demo-*"))
