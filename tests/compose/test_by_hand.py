"""What a person has painted is theirs: rounds of training, prediction and acceptance, and `kill -9` in each, leave it as it is."""

import contextlib
import os
import secrets
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.annotate.test_strokes import a_stroke
from tests.compose.conftest import Terminal
from tests.compose.test_loop import add_labelled, start
from tests.waiting import wait_until
from voxloop_shared.data.labels import Labels
from voxloop_shared.errors import VoxloopError
from voxloop_shared.workspace import Workspace

SHAPE = (12, 120, 120)


class Person:
    """Somebody who has labelled a volume, and looks at every voxel of it after each step."""

    def __init__(self, terminal: Terminal, folder: Path) -> None:
        self.terminal, self.stack = terminal, terminal.running[0]
        self.volume, _ = add_labelled(terminal, folder, "uint8", SHAPE, "--name", "mine")
        self.folder = Workspace(self.stack.workspace).labels_of(self.volume)
        self.painted = self.newest()

    def newest(self) -> np.ndarray:
        return np.asarray(Labels.open(self.folder).array()[:])

    def accepted(self) -> np.ndarray:
        origin = Labels.open(self.folder).origin()
        return np.zeros(SHAPE, bool) if origin is None else np.asarray(origin[:]) > 0

    def assert_kept(self) -> None:
        mine = self.painted != 0
        np.testing.assert_array_equal(self.newest()[mine], self.painted[mine])
        assert not self.accepted()[mine].any()
        assert (self.accepted() == ((self.newest() != 0) & ~mine)).all()

    def paint(self, value: int, row: int) -> None:
        """Paint a bar on the first slice, over whatever was accepted there."""
        box = [[0, 1], [row, row + 4], [10, 60]]
        with self.stack.client("annotate") as client:
            client.post(f"/api/volumes/{self.volume}/strokes", a_stroke(value=value, index=0, box=box, runs=[0, 200]))
        self.painted[0, row : row + 4, 10:60] = value

    def train(self, *settings: str) -> None:
        trained = self.terminal.json("train", self.volume, "--budget", 30, *settings, "--wait")
        assert trained["state"] == "succeeded"

    def predict(self) -> str:
        return str(self.terminal.json("predict", self.volume, "--model", "mine", "--wait")["prediction"])

    def accept(self, prediction: str, value: int) -> None:
        """Accept a class wherever the newest prediction says it, and renew what an older one said."""
        order = {"id": secrets.token_hex(8), "kind": "accept", "axis": "z", "index": 0, "dims": 3, "box": [[0, n] for n in SHAPE]}
        order |= {"prediction": prediction, "where": "class", "value": value, "overwrite": "accepted"}
        with self.stack.client("annotate") as client:
            client.post(f"/api/volumes/{self.volume}/fills", order)

    def files(self) -> int:
        return sum(len(names) for *_, names in os.walk(self.folder))

    def kill(self, service: str, during: Callable[[], Any], once: Callable[[], Any]) -> None:
        """Kill a service in the midst of something, and wait until it is back."""
        pid = self.stack.pid_of(service)
        assert pid is not None
        with ThreadPoolExecutor(1) as pool:
            work = pool.submit(during)
            wait_until(once, period_s=0.001)
            os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(VoxloopError):
                work.result()
        wait_until(lambda: self.stack.pid_of(service) != pid and self.stack.health(service))

    def kill_job(self, service: str, command: str, *options: str) -> None:
        """Kill a service while it runs a job of a command."""
        waiting = start(self.terminal, command, self.volume, *options, "--wait")
        with self.stack.client(service) as client:
            self.kill(service, waiting.communicate, lambda: any(job["state"] == "running" for job in client.get("/jobs")))
        assert waiting.returncode == 1


@pytest.mark.slow
def test_no_round_and_no_crash_in_it_changes_a_voxel_that_a_person_painted(shared_terminal: Terminal, tmp_path: Path) -> None:
    person = Person(shared_terminal, tmp_path)
    assert person.painted.any()

    person.kill_job("train", "train", "--budget", "600")
    person.assert_kept()
    person.train("--learner", "unet", "--set", "steps=20", "--set", "width=8", "--set", "guide=0")
    person.kill_job("infer", "predict", "--model", "mine", "--planes", "nine", "--flips")
    person.assert_kept()
    first = person.predict()
    before = person.files()
    person.kill("annotate", partial(person.accept, first, 1), lambda: person.files() > before)
    person.assert_kept()
    person.accept(first, 1)
    person.accept(first, 2)
    person.assert_kept()
    assert (person.newest() != 0).all()

    person.paint(1, 30)
    person.paint(2, 90)
    person.assert_kept()
    person.train("--learner", "instant")
    second = person.predict()
    for value in (2, 1):
        person.accept(second, value)
        person.assert_kept()
