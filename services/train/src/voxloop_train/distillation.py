"""Teaching a small network what a forest answers: as accurate, and fast on every device (Hinton et al. 2015, arXiv 1503.02531).

The forest learns from the strokes. Asked about voxels from all over the volume it shows where its borders run, so the
network sees far more than the strokes; of the strokes' own voxels the forest tells what trees answer that never saw them.
"""

import warnings

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from torch import Tensor

from voxloop_shared.nets.pixel import PixelNetwork

_STEPS = 600
_BATCH = 2048
_RATE = 5e-3
_WEIGHT_DECAY = 1e-4


def grow_forest(
    features: Tensor, channel: NDArray[np.int64], trees: int, seed: int, *, answers_strokes: bool = False
) -> RandomForestClassifier:
    """Fit a forest (Breiman 2001) to labelled voxels: features (voxels, channels), class channels (voxels).

    With `answers_strokes` it can be asked for `answers_on_strokes`, which takes time.
    """
    forest = RandomForestClassifier(trees, n_jobs=-1, random_state=seed, oob_score=answers_strokes, bootstrap=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Some inputs do not have OOB scores", UserWarning)  # `answers_on_strokes` knows what to do
        return forest.fit(features.numpy(), channel)


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


def teach(network: PixelNetwork, features: Tensor, answers: Tensor, seed: int) -> None:
    """Train a network on a teacher's answers, in place; its standardisation is that of the features."""
    random = torch.Generator().manual_seed(seed)
    network.mean.copy_(features.mean(dim=0))
    network.deviation.copy_(features.std(dim=0).clamp(min=1e-6))
    optimizer = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=_STEPS)
    network.train()
    for _ in range(_STEPS):
        chosen = torch.randint(len(features), (_BATCH,), generator=random)
        loss = -(answers[chosen] * network(features[chosen]).log_softmax(dim=1)).sum(dim=1).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    network.eval()
