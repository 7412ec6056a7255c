"""`voxloop demo`: the whole loop in one command."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.compose.conftest import VOXLOOP
from tests.waiting import PATIENCE_S, wait_until
from voxloop_compose.kernel import processes_of
from voxloop_compose.record import read_record


@pytest.mark.slow
def test_the_demo_prints_one_object_and_leaves_nothing_behind(terminal):
    terminal.environment["TMPDIR"] = str(terminal.folder)

    result = terminal.json("demo", "--learner", "instant")

    assert set(result) >= {"mean_dice", "dice", "train_s", "predict_s", "model", "snapshot", "strokes", "labelled_voxels", "seconds"}
    assert set(result["dice"]) == {"other", "myelin", "axon"}
    assert result["mean_dice"] > 0.7  # guessing gives 0.2; this learner takes as long as it needs, whatever runs beside it
    assert result["strokes"] == 27
    assert leftovers(terminal) == []


def test_an_interrupted_demo_leaves_nothing_behind(terminal):
    terminal.environment["TMPDIR"] = str(terminal.folder)
    demo = subprocess.Popen([VOXLOOP, "demo"], env=terminal.environment, stderr=subprocess.PIPE, text=True)
    assert demo.stderr is not None
    wait_until(lambda: "Train" in demo.stderr.readline())
    run_dir = next(base(terminal).iterdir())
    assert read_record(run_dir) is not None

    demo.send_signal(signal.SIGINT)
    _, said = demo.communicate(timeout=PATIENCE_S)

    assert demo.returncode == 130
    assert said == ""
    assert leftovers(terminal) == []
    assert processes_of(run_dir) == []


def base(terminal):
    return Path(terminal.environment["VOXLOOP_RUN_BASE"])


def leftovers(terminal):
    return [*base(terminal).iterdir(), *terminal.folder.glob("voxloop-demo-*")]
