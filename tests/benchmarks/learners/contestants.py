"""Contestants: our learners in this process, their peers as scripts in theirs; all get the same strokes and the same cores."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.learners.cases import Case
from tests.benchmarks.learners.lessons import school, slices_of
from tests.benchmarks.peers.order import Order
from voxloop_train.learners.catalog import LEARNERS

PEERS = {
    "forest": "tests.benchmarks.peers.forest",
    "dlsia": "tests.benchmarks.peers.dlsia_tunet",
    "monai": "tests.benchmarks.peers.monai_unet",
}
_REPOSITORY = Path(__file__).parents[3]


class PeerMissing(Exception):
    """A peer's libraries are not installed in the environment that is to run it."""


@dataclass(frozen=True)
class Bout:
    """What a contestant has to do: a case, its strokes, and within what."""

    case: Case
    seed: int
    budget_s: float
    whole: bool = False
    planes: tuple[str, ...] = ()
    strokes: NDArray[np.uint8] | None = field(default=None, repr=False)

    def drawn(self) -> NDArray[np.uint8]:
        """Give the strokes."""
        return self.case.strokes(self.seed) if self.strokes is None else self.strokes


@dataclass(frozen=True)
class Outcome:
    """Classes of the slices that were judged, how long it took, and what else there is to tell."""

    found: NDArray[np.uint8] = field(repr=False)
    train_s: float
    predict_s: float
    voxels: int
    told: dict[str, Any]


class Contestant(Protocol):
    """Somebody who learns from strokes."""

    name: str

    def compete(self, bout: Bout) -> Iterator[Outcome]:
        """Learn once, and give an outcome for each way to predict."""
        ...


@dataclass(frozen=True)
class OurLearner:
    """A learner of voxloop."""

    name: str
    config: dict[str, Any]

    def compete(self, bout: Bout) -> Iterator[Outcome]:
        """Train, then predict with each of the plane sets."""
        with school(bout.case) as place:
            snapshot = place.paint(bout.drawn())
            learned, train_s = place.learn(self.name, self.config | {"seed": bout.seed}, snapshot, bout.budget_s)
            slices = slices_of(bout.case, bout.whole)
            for planes in bout.planes or (learned.planes,):
                found, predict_s = place.predict(self.name, learned, planes, slices)
                told = {"planes": planes} | {key: learned.metrics[key] for key in ("steps", "mean_dice") if key in learned.metrics}
                told["validation_dice"] = told.pop("mean_dice", None)
                yield Outcome(_judged(found, bout), train_s, predict_s, found.size, told)


@dataclass(frozen=True)
class Peer:
    """A script under tests/benchmarks/peers, run by the python of an environment that has what it imports."""

    name: str
    python: str = sys.executable

    def compete(self, bout: Bout) -> Iterator[Outcome]:
        """Run the script; raises PeerMissing where it cannot import its libraries."""
        with tempfile.TemporaryDirectory(prefix="vx-peer-") as place:
            folder, case = Path(place), bout.case
            slices = range(len(case.image)) if bout.whole else case.scored
            order = Order(tuple(slices), case.classes, case.voxel_size, bout.budget_s, bout.seed)
            order.write(folder, case.image, bout.drawn())
            told = _run(self, folder)
            found = np.load(folder / "found.npy")
        yield Outcome(_judged(found, bout), told.pop("train_s"), told.pop("predict_s"), found.size, told)


def contestant_of(name: str, config: dict[str, Any], python: str) -> Contestant:
    """Find a contestant; raises KeyError for a name that is none."""
    if name in LEARNERS:
        return OurLearner(name, config)
    PEERS[name]
    return Peer(name, python)


def _run(peer: Peer, folder: Path) -> dict[str, Any]:
    command = [peer.python, "-W", "ignore", "-m", PEERS[peer.name], str(folder)]
    done = subprocess.run(command, cwd=_REPOSITORY, capture_output=True, text=True, check=False)
    if "ModuleNotFoundError" in done.stderr or "ImportError" in done.stderr:
        raise PeerMissing(done.stderr.strip().splitlines()[-1])
    if done.returncode:
        raise RuntimeError(f"{peer.name} failed:\n{done.stderr}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _judged(found: NDArray[np.uint8], bout: Bout) -> NDArray[np.uint8]:
    return found[list(bout.case.scored)] if bout.whole else found
