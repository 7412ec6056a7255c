import math

import pytest
import torch
from torch import nn

from voxloop_train.answers import Score
from voxloop_train.selection import Selection

MANY, FEW = 10_000, 100


def network_of(value: float) -> nn.Module:
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, value)
    return network


def offered(selection: Selection, scores: list[float]) -> Selection:
    """Offer one score after another, at twentieths of the budget."""
    for number, score in enumerate(scores):
        selection.offer(network_of(number), Score([score, math.nan]), number, (number + 1) / 20)
    return selection


def test_keeps_a_copy_of_the_best_weights():
    selection, network = Selection(MANY, 1.0), network_of(7)
    selection.offer(network, Score([0.9]), 3, 0.1)
    with torch.no_grad():
        network.weight.fill_(0)
    selection.offer(network, Score([0.5]), 4, 0.2)
    assert (selection.weights["weight"].item(), selection.step, selection.score.mean) == (7, 3, 0.9)


def test_of_scores_that_cannot_be_told_apart_it_keeps_the_latest():
    assert offered(Selection(MANY, 1.0), [0.800, 0.795]).step == 1
    assert offered(Selection(MANY, 1.0), [0.80, 0.78]).step == 0
    assert offered(Selection(FEW, 1.0), [0.80, 0.72]).step == 1


def test_gives_a_run_up_when_nothing_exceeds_the_peak_for_longer_than_patience():
    selection = offered(Selection(MANY, 0.3), [0.7, 0.8, *[0.8] * 5])
    assert not selection.is_exhausted(0.39)
    assert selection.is_exhausted(0.41)
    selection.offer(network_of(1), Score([0.801]), 9, 0.41)
    assert not selection.is_exhausted(0.41)


def test_few_held_out_voxels_end_a_run_only_when_it_gets_clearly_worse():
    assert not offered(Selection(FEW, 0.3), [0.8] + [0.75] * 17).is_exhausted(0.9)
    assert offered(Selection(FEW, 0.3), [0.8] + [0.65] * 17).is_exhausted(0.9)


def test_gives_no_run_up_in_the_first_third():
    selection = offered(Selection(MANY, 0.05), [0.8] + [0.1] * 6)
    assert not selection.is_exhausted(0.33)
    assert selection.is_exhausted(0.34)


@pytest.mark.parametrize("voxels", [0, MANY])
def test_without_a_score_it_keeps_the_latest_and_never_gives_up(voxels):
    selection = offered(Selection(voxels, 0.1), [math.nan] * 20)
    assert selection.step == 19
    assert not selection.is_exhausted(1.0)


def test_goes_on_from_a_checkpoint_as_if_nothing_had_happened():
    scores = [0.7, 0.8, 0.6, 0.79, 0.81, 0.5]
    first, second = (offered(Selection(MANY, 0.3), scores[:3]) for _ in range(2))
    again = Selection(MANY, 0.3)
    again.restore(second.checkpoint())
    for selection in (first, again):
        offered(selection, scores[3:])
    assert (again.step, again.score.mean) == (first.step, first.score.mean) == (1, 0.81)
    assert torch.equal(again.weights["weight"], first.weights["weight"])
