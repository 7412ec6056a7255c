"""The six diagonal orientations: where they lie, and that they answer for the right voxels."""

import numpy as np
import pytest
import torch

from tests.infer.conftest import IDS, random_model, voxels
from voxloop_infer import diagonals
from voxloop_infer.diagonals import DIAGONALS, count_diagonal
from voxloop_infer.reading import Image
from voxloop_infer.tally import Tally


class Echo:
    """Stands for a model: says what it sees, as the probability of its one class."""

    class architecture:
        reach, stride, context, in_channels = 5, 4, 0, 1

    def slices_per_pass(self, rows, columns):
        return 1

    def opinions(self, block, channels, inner, *, flips):
        yield torch.from_numpy(block)[None][:, :, *inner]


def echo_of(array, region, turn):
    tally = Tally.zeros(1, tuple(part.stop - part.start for part in region), 1, torch.device("cpu"))
    count_diagonal(tally, Echo(), Image(array.__getitem__, array.shape), region, turn, 1.0, flips=False)
    return tally._total[0].float().numpy()


@pytest.fixture(autouse=True)
def _echoes(monkeypatch):
    monkeypatch.setattr(diagonals, "architecture_of", lambda model: model.architecture)


@pytest.mark.parametrize("turn", DIAGONALS)
def test_what_is_sampled_comes_back_to_the_same_voxels(turn):
    z, y, x = np.indices((30, 34, 38)) / 10
    array = (0.5 + 0.2 * np.sin(z + 0.3) + 0.15 * np.cos(1.3 * y) + 0.1 * np.sin(2 * x)).astype(np.float32)
    region = np.s_[0:30, 3:34, 5:20]
    # linear interpolation there and back, of something smooth; at the volume's faces its mirror image has a kink
    assert np.abs(echo_of(array, region, turn) - array[region]).max() < 0.01


@pytest.mark.parametrize("turn", DIAGONALS)
def test_all_weights_of_a_voxel_sum_to_one(turn):
    assert np.allclose(echo_of(np.ones((17, 9, 21), np.float32), np.s_[0:17, 2:9, 0:20], turn), 1, atol=2e-3)


def test_the_six_orientations_differ():
    array = np.zeros((32, 32, 32), np.float32)
    array[8, 20, 24] = 1
    found = [diagonals._sample(*_arguments(array, turn)) for turn in DIAGONALS]
    assert all(a.shape != b.shape or not np.array_equal(a, b) for i, a in enumerate(found) for b in found[i + 1 :])


def _arguments(array, turn):
    a, b = turn.plane
    voxels_facing = np.moveaxis(array, (a, b, turn.axis), (0, 1, 2))
    return voxels_facing, turn, diagonals._Group(range(-12, 44), range(-32, 48)), 0, (0, 0), (32, 32)


def test_a_network_is_run_on_all_nine():
    model, array = random_model(), voxels((20, 40, 36))
    seen = []
    real = model.opinions

    def count(block, *arguments, **options):
        seen.append(block.shape)
        yield from real(block, *arguments, **options)

    model.opinions = count
    from voxloop_infer.voting import vote

    answer = vote([model], Image(array.__getitem__, array.shape), tuple(slice(0, n) for n in array.shape), "nine")
    assert set(np.unique(answer.numbers)) <= set(IDS)
    assert len(seen) > 20 + 40 + 36  # the slices of three axes, and those of six diagonals
