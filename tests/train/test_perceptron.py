"""Descent written out takes the same steps as torch's own."""

import pytest
import torch
from torch import nn

from voxloop_train.perceptron import Perceptron, one_cycle

VOXELS, CHANNELS, CLASSES, RATE = 300, 7, 3, 5e-3


def a_network() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(CHANNELS, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, CLASSES))


def a_lesson(steps: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    random = torch.Generator().manual_seed(2)
    taught = torch.randn(CHANNELS, CLASSES, generator=random)
    inputs = [torch.randn(VOXELS, CHANNELS, generator=random) for _ in range(steps)]
    return [(each, (each @ taught).softmax(dim=1)) for each in inputs]


@pytest.mark.parametrize("steps", [4, 7, 60])
def test_the_steps_are_those_of_adamw_under_one_cycle(steps: int):
    lesson, expected, found = a_lesson(steps), a_network(), a_network()
    optimizer = torch.optim.AdamW(expected.parameters(), lr=RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for inputs, answers in lesson:
        optimizer.zero_grad()
        (-(answers * expected(inputs).log_softmax(dim=1)).sum() / VOXELS).backward()
        optimizer.step()
        schedule.step()

    with torch.no_grad():
        learner = Perceptron(found)
        for (inputs, answers), (rate, memory) in zip(lesson, one_cycle(steps, RATE), strict=True):
            learner.step(inputs, answers, rate, memory)
        learner.keep()

    for one, other in zip(expected.parameters(), found.parameters(), strict=True):
        torch.testing.assert_close(other, one, atol=1e-5, rtol=1e-4)
    assert not torch.equal(found[0].weight, a_network()[0].weight)
