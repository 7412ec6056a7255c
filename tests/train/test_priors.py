import numpy as np
import pytest
import torch

from voxloop_shared.nets.architectures import build_network
from voxloop_train.priors import choose_strength, estimate_priors, fold_shifts, shift_of


def answers(shares, n=20_000, seed=0):
    """Logits of a network taught all classes alike, about voxels whose classes have these shares; and the truth."""
    random = np.random.default_rng(seed)
    truth = random.choice(len(shares), n, p=shares)
    seen = truth + random.normal(0, 0.35, n)  # the one thing that the network sees
    logits = -((seen[:, None] - np.arange(len(shares))) ** 2) / (2 * 0.35**2)
    return torch.from_numpy(logits).float(), torch.from_numpy(truth)


@pytest.mark.parametrize("shares", [(0.9, 0.1), (0.7, 0.25, 0.05)])
def test_estimates_how_common_classes_are(shares):
    logits, _ = answers(shares)
    found = estimate_priors(logits.softmax(dim=1))
    assert np.allclose(found, shares, atol=0.03)
    assert torch.isclose(found.sum(), torch.tensor(1.0), atol=1e-3)


def test_following_the_shares_makes_fewer_mistakes_in_the_volume():
    logits, truth = answers((0.95, 0.05))
    wrong = [((logits + shift_of(estimate_priors(logits.softmax(dim=1)), s)).argmax(dim=1) != truth).sum() for s in (0, 0.5)]
    assert wrong[1] < 0.8 * wrong[0]


def test_follows_where_no_held_out_voxel_is_lost():
    priors = torch.tensor([0.9, 0.1])
    sure = torch.tensor([[6.0, 0.0], [0.0, 6.0]])
    assert choose_strength(sure, torch.tensor([0, 1]), priors) == 0.5


def test_stays_where_a_class_would_lose_held_out_voxels():
    doubtful = torch.tensor([[2.0, 0.0], [0.0, 0.01]])
    assert choose_strength(doubtful, torch.tensor([0, 1]), torch.tensor([0.9, 0.1])) == 0.0


def test_stays_without_held_out_voxels():
    assert choose_strength(torch.empty(0, 2), torch.empty(0, dtype=torch.long), torch.tensor([0.9, 0.1])) == 0.0


def test_the_shift_is_folded_into_the_last_layer():
    network = build_network({"kind": "unet", "classes": 3, "width": 4, "depth": 1}).eval()
    image, shift = torch.randn(1, 1, 8, 8), torch.tensor([0.5, -1.0, 0.25])
    before = network(image)
    fold_shifts(network, [shift])
    assert torch.allclose(network(image), before + shift.view(1, 3, 1, 1), atol=1e-6)
