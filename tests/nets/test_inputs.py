import numpy as np
import pytest

from voxloop_shared.data.intensities import IntensityMeter
from voxloop_shared.nets.inputs import box_of, extend, facing, normalisation_of, normalise, read_extended
from voxloop_shared.schemas import Normalisation


def normalisation_of_array(array):
    meter = IntensityMeter(array.shape)
    meter.add(array)
    return normalisation_of(meter.summary())


@pytest.mark.parametrize("length", [1, 2, 3, 10])
def test_an_axis_goes_on_as_numpy_repeats_its_edge(length):
    padded = np.pad(np.arange(length), 3 * length, mode="edge")
    assert extend(-3 * length, 4 * length, length).tolist() == padded.tolist()


def test_reads_a_box_beyond_all_edges_as_numpy_repeats_them():
    array = np.random.default_rng(0).integers(0, 99, (3, 5, 4))
    block = read_extended(array.__getitem__, array.shape, ((-2, 4), (-4, 9), (1, 7)))
    assert np.array_equal(block, np.pad(array, ((2, 1), (4, 4), (0, 3)), mode="edge")[:, :, 1:])


@pytest.mark.parametrize("axis", ["z", "y", "x"])
def test_a_facing_block_holds_slices_of_its_axis(axis):
    array = np.random.default_rng(0).integers(0, 99, (3, 5, 4))
    box = box_of(axis, (1, 2), (0, 3), (1, 3))
    block = facing(array[tuple(slice(*span) for span in box)], axis)
    assert np.array_equal(block[0], array.take(1, "zyx".index(axis))[0:3, 1:3])


def test_nan_and_infinity_become_finite():
    voxels = np.array([np.nan, np.inf, -np.inf, 5.0], np.float32)
    assert normalise(voxels, Normalisation(center=5, scale=2)).tolist() == [0.0, 8.0, -8.0, 0.0]


def test_most_of_a_volume_lies_between_minus_two_and_two():
    array = np.random.default_rng(0).normal(1000, 50, (8, 32, 32)).astype(np.float32)
    values = normalise(array, normalisation_of_array(array))
    assert 0.97 < np.mean(np.abs(values) <= 2) < 0.99


def test_a_constant_volume_is_normalised_to_zero():
    array = np.full((2, 8, 8), 7, np.uint8)
    assert not normalise(array, normalisation_of_array(array)).any()
