"""Coarser copies of an image: smoothed and halved step by step, whatever part of them is wanted."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from voxloop_shared.data.blocks import size_of
from voxloop_shared.nets import scales
from voxloop_shared.nets.scales import shrink

SIGMAS = ((0.7, 1.0), (1.0,), (1.0,))
SHAPE = (37, 52, 61)


def image() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(0, 1, SHAPE).astype(np.float32))


def halved(array: np.ndarray, sigmas: tuple[float, ...], axes: tuple[int, ...]) -> np.ndarray:
    """Smooth with an image library, and take means of pairs; a last voxel without a partner counts twice."""
    for axis in axes:
        for sigma in sigmas:
            array = ndimage.gaussian_filter1d(array, sigma, axis, mode="nearest", radius=int(3 * sigma + 0.5))
        array = np.concatenate([array, array.take([-1], axis)], axis) if array.shape[axis] % 2 else array
        array = (array.take(range(0, array.shape[axis], 2), axis) + array.take(range(1, array.shape[axis], 2), axis)) / 2
    return array


def expected(axes: tuple[int, ...]) -> list[np.ndarray]:
    found = [image().numpy().astype(np.float64)]
    for sigmas in SIGMAS:
        found.append(halved(found[-1], sigmas, axes))
    return found[1:]


@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 2)])
@pytest.mark.parametrize("is_thin", [False, True])
def test_each_scale_is_the_finer_one_smoothed_and_halved(monkeypatch: pytest.MonkeyPatch, axes: tuple[int, ...], is_thin: bool) -> None:
    monkeypatch.setattr(scales, "_PIECE_VOXELS", 5000)
    wanted = []
    for whole in expected(axes):
        z, y, x = (slice(n // 3, n // 3 + 2) if is_thin and axis == 1 else slice(n // 4, n) for axis, n in enumerate(whole.shape))
        wanted.append((z if 0 in axes else slice(0, SHAPE[0]), y, x))
    found = shrink(image().__getitem__, SHAPE, SIGMAS, axes, wanted)
    for part, region, whole in zip(found, wanted, expected(axes), strict=True):
        assert tuple(part.shape) == size_of(region)
        np.testing.assert_allclose(part.numpy(), whole[region], atol=2e-6)


def test_an_axis_of_one_voxel_stays_as_it_is() -> None:
    plane = image()[:1]
    (found,) = shrink(plane.__getitem__, (1, *SHAPE[1:]), SIGMAS[:1], (0, 1, 2), [(slice(0, 1), slice(0, 26), slice(0, 31))])
    np.testing.assert_allclose(found.numpy(), halved(plane.numpy(), SIGMAS[0], (1, 2)), atol=2e-6)


def test_with_one_scale_there_is_nothing_to_read() -> None:
    def refuse(_region: object) -> torch.Tensor:
        raise AssertionError

    assert shrink(refuse, SHAPE, (), (0, 1, 2), []) == []
