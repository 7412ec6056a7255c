"""Blocks of a job: how much of the volume is in memory while one is decided."""

import math

import numpy as np
import pytest

from tests.infer.conftest import random_model, voxels
from voxloop_infer import prediction
from voxloop_infer.prediction import BlockRun
from voxloop_shared.data.blocks import size_of

SHAPE = (200, 150, 160)
BLOCKS = [np.s_[20:180, 0:64, 32:128], np.s_[0:200, 100:150, 0:64]]


@pytest.mark.parametrize("planes", ["z", "zyx"])
def test_of_a_large_block_a_few_slices_are_read_at_a_time_and_it_is_answered_alike(planes, monkeypatch):
    image, model = voxels(SHAPE), random_model(in_channels=3)
    read: list[int] = []

    def note(region):
        read.append(math.prod(size_of(region)))
        return image[region]

    def answers():
        read.clear()
        return [answer for _, answer in BlockRun([[model]], note, SHAPE, planes).answers(BLOCKS)]

    monkeypatch.setattr(prediction, "_SMALL_BLOCK", math.prod(SHAPE) * 1000)
    held = answers()
    assert len(read) == len(BLOCKS)
    most = max(read)
    monkeypatch.setattr(prediction, "_SMALL_BLOCK", 0)
    found = answers()
    assert max(read) < 0.75 * most
    for one, other in zip(held, found, strict=True):
        assert np.array_equal(one.numbers, other.numbers)
        assert np.array_equal(one.confidence, other.confidence)
