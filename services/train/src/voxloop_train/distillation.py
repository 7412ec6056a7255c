"""Teaching a small network what a forest answers: as accurate, and fast on every device (Hinton et al. 2015, arXiv 1503.02531).

The forest learns from the strokes. Asked about voxels from all over the volume it shows where its borders run, so the
network sees far more than the strokes; of the strokes' own voxels the forest tells what trees answer that never saw them.
"""

import warnings
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from torch import Tensor

from voxloop_shared.nets.pixel import PixelNetwork
from voxloop_shared.nets.threads import one_thread
from voxloop_train.perceptron import Perceptron, one_cycle

_STEPS = 600
_PART = 20
"""Trees, or steps, between two looks at whether all this is still wanted."""
_BATCH = 1024
_RATE = 5e-3

Check = Callable[[], None]
"""Raises to end what is under way."""


def grow_forest(
    features: Tensor, channel: NDArray[np.int64], trees: int, seed: int, *, answers_strokes: bool = False, check: Check | None = None
) -> RandomForestClassifier:
    """Fit a forest (Breiman 2001) to labelled voxels: features (voxels, channels), class channels (voxels).

    With `answers_strokes` it can be asked for `answers_on_strokes`, which takes time. With a `check` it grows in parts.
    """
    forest = RandomForestClassifier(trees, n_jobs=-1, random_state=seed, oob_score=answers_strokes, bootstrap=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Some inputs do not have OOB scores", UserWarning)  # `answers_on_strokes` knows what to do
        if check is not None:
            _grow_in_parts(forest, features, channel, check)
        return forest.fit(features.numpy(), channel)


def _grow_in_parts(forest: RandomForestClassifier, features: Tensor, channel: NDArray[np.int64], check: Check) -> None:
    """Grow all but the last trees, and look between them whether the forest is still wanted."""
    trees, asks = forest.n_estimators, forest.oob_score
    forest.set_params(warm_start=True, oob_score=False)
    for count in range(_PART, trees, _PART):
        forest.set_params(n_estimators=count).fit(features.numpy(), channel)
        check()
    forest.set_params(n_estimators=trees, oob_score=asks)


def ask(forest: RandomForestClassifier, features: Tensor, classes: int) -> Tensor:
    """Give the forest's probabilities (voxels, classes); a class it has never seen gets none."""
    answer = torch.zeros(len(features), classes)
    answer[:, forest.classes_] = torch.from_numpy(forest.predict_proba(features.numpy())).float()
    return answer


def answers_on_strokes(forest: RandomForestClassifier, channel: NDArray[np.int64], classes: int) -> Tensor:
    """Give what trees answer about voxels that they were not grown on; the truth where all trees saw a voxel."""
    answer = torch.zeros(len(channel), classes)
    honest = torch.from_numpy(np.asarray(forest.oob_decision_function_)).float()
    answer[:, forest.classes_] = honest.nan_to_num(0.0)
    unseen = answer.sum(dim=1) == 0
    answer[unseen, torch.from_numpy(channel)[unseen]] = 1.0
    return answer


@torch.no_grad()
def teach(
    network: PixelNetwork,
    features: Tensor,
    answers: Tensor,
    seed: int,
    steps: int = _STEPS,
    batch: int = _BATCH,
    check: Check = lambda: None,
) -> None:
    """Train a network on a teacher's answers (voxels, classes), in place; its standardisation is that of the features."""
    random = torch.Generator().manual_seed(seed)
    network.mean.copy_(features.mean(dim=0))
    network.deviation.copy_(features.std(dim=0).clamp(min=1e-6))
    standard = (features - network.mean) / network.deviation
    learner = Perceptron(network.layers)
    with one_thread():  # steps this small take two threads as long, and where others use the cores far longer
        for step, (rate, memory) in enumerate(one_cycle(steps, _RATE)):
            if step % _PART == 0:
                check()
            chosen = torch.randint(len(features), (batch,), generator=random)
            learner.step(standard[chosen], answers[chosen], rate, memory)
    learner.keep()
    network.eval()
