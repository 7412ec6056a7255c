"""Crops that are cut ahead are the very ones that would be cut when asked."""

import numpy as np
import pytest
import torch

from tests.train.test_sampling import CLASSES, points_of, source_of
from voxloop_train.crops import Place
from voxloop_train.holdout import hold_out
from voxloop_train.prefetch import Prefetch
from voxloop_train.sampling import Batch, Sampler

SHAPE = (4, 64, 64)


@pytest.fixture
def make_sampler():
    """A way to make samplers that draw the same."""
    points = points_of(SHAPE, [((0, 5, slice(0, 60)), 3), ((3, 40, slice(0, 60)), 7)])
    array = np.random.default_rng(0).integers(0, 99, SHAPE).astype(np.uint8)
    return lambda: Sampler(hold_out(points, 0, 0), CLASSES, source_of(array, 32, 1), "zyx", seed=5)


class Everywhere:
    """Tells the same of all voxels."""

    def __init__(self, value: int) -> None:
        self._value = value

    def target(self, _place: Place, size: int) -> np.ndarray:
        return np.full((2, size, size), self._value, np.uint8)

    def draw(self, random: np.random.Generator) -> np.ndarray:
        return random.integers(0, SHAPE)


def assert_same(first: Batch, second: Batch) -> None:
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])
    assert first[2] is second[2] is None or torch.equal(first[2], second[2])


def test_gives_what_the_sampler_would_give_whatever_changes_meanwhile(make_sampler):
    plain, ahead = make_sampler(), Prefetch(make_sampler(), 3, pins=False)
    for size in (4, 4, 4, 2, 2, 8, 4):
        assert_same(plain.batch(size), ahead.batch(size))
    plain.guide = ahead.guide = Everywhere(51)
    for _ in range(3):
        told = ahead.batch(4)
        assert_same(plain.batch(4), told)
        assert torch.all(told[2] == 0.2)


def test_its_state_is_that_before_the_next_batch(make_sampler):
    plain, ahead = make_sampler(), Prefetch(make_sampler(), 2, pins=False)
    for sampler in (plain, ahead):
        sampler.batch(4)
    assert ahead.random.bit_generator.state == plain.random.bit_generator.state
    again = Prefetch(make_sampler(), 2, pins=False)
    again.batch(2)
    again.random.bit_generator.state = ahead.random.bit_generator.state
    assert_same(again.batch(4), ahead.batch(4))


def test_batches_are_cut_before_they_are_asked_for(make_sampler):
    sampler = make_sampler()
    drawn = []
    draw = sampler.draw
    sampler.draw = lambda n: drawn.append(n) or draw(n)
    Prefetch(sampler, 2, pins=False).batch(4)
    assert len(drawn) > 2


def test_what_goes_wrong_in_a_thread_is_told_to_who_asks(make_sampler):
    sampler = make_sampler()
    sampler.guide = object()
    with pytest.raises(AttributeError):
        Prefetch(sampler, 2, pins=False).batch(4)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="memory is pinned for a GPU only")
def test_crops_for_a_gpu_lie_in_pinned_memory(make_sampler):
    images, targets, _ = Prefetch(make_sampler(), 2, pins=True).batch(4)
    assert images.is_pinned()
    assert targets.is_pinned()
