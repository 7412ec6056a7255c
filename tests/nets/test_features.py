"""Features of a voxel are the same in any block, and mean what they say."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from voxloop_shared.data.blocks import within
from voxloop_shared.nets.features import FeatureBank
from voxloop_shared.nets.smoothing import guided_filter, steady


def image(shape=(50, 75, 90)) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(0, 1, shape).astype(np.float32))


@pytest.mark.parametrize("is_3d", [True, False])
@pytest.mark.parametrize("region", [np.s_[0:50, 0:75, 0:90], np.s_[3:9, 40:51, 7:63], np.s_[49:50, 74:75, 89:90], np.s_[13:14, 0:3, 80:90]])
def test_a_block_has_the_features_that_the_whole_has(is_3d: bool, region) -> None:
    bank, whole = FeatureBank(3, is_3d), image()
    expected = bank(whole, tuple(slice(0, n) for n in whole.shape))[(slice(None), *region)]
    box = bank.around(region, tuple(whole.shape))
    found = bank(whole[box], within(region, box))
    assert found.shape == (bank.channels, *(part.stop - part.start for part in region))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_slices_know_nothing_of_each_other_in_2d() -> None:
    bank, one = FeatureBank(3, is_3d=False), image((5, 40, 40))
    other = one.clone()
    other[3:] += 7
    whole = tuple(slice(0, n) for n in one.shape)
    torch.testing.assert_close(bank(one, whole)[:, :3], bank(other, whole)[:, :3])
    assert not torch.equal(bank(one, whole)[:, 3:], bank(other, whole)[:, 3:])


@pytest.mark.parametrize("is_3d", [True, False])
def test_edges_and_texture_are_told_whichever_way_they_run(is_3d: bool) -> None:
    """The invariants of a volume and of its transpose are the same."""
    bank, one = FeatureBank(3, is_3d), image((40, 40, 40))
    whole = (slice(0, 40),) * 3
    turned = bank(one.transpose(1, 2).contiguous(), whole).transpose(2, 3)
    torch.testing.assert_close(turned, bank(one, whole), rtol=1e-3, atol=1e-4)


def test_a_flat_image_has_no_gradient_and_a_ramp_has_one() -> None:
    bank, whole = FeatureBank(1, is_3d=True), (slice(8, 24),) * 3
    flat, ramp = torch.ones(32, 32, 32), torch.arange(32.0).expand(32, 32, 32).contiguous()
    assert bank(flat, whole)[2].abs().max() < 1e-5
    torch.testing.assert_close(bank(ramp, whole)[2], torch.ones(16, 16, 16), rtol=1e-4, atol=1e-4)


def test_a_volume_of_one_slice_has_features() -> None:
    bank, one = FeatureBank(4, is_3d=False), image((1, 9, 5))
    assert torch.isfinite(bank(one, tuple(slice(0, n) for n in one.shape))).all()


def test_smoothing_removes_speckles_and_keeps_edges() -> None:
    guide = torch.zeros(1, 40, 40)
    guide[:, :, 20:] = 2
    probability = torch.stack([1 - guide / 2, guide / 2])
    speckled = probability.clone()
    speckled[:, 0, 10, 10] = speckled[:, 0, 10, 10].flip(0)
    smooth = guided_filter(guide, speckled, 5, is_3d=False)
    assert smooth[1, 0, 10, 10] < 0.1
    assert steady(guide, speckled, 5, is_3d=False).argmax(0)[0, 10, 9] == 0
    assert (smooth.argmax(0)[0, :, 20:] == 1).all()
    assert (smooth.argmax(0)[0, :, :20] == 0).all()


@pytest.mark.parametrize("is_3d", [True, False])
def test_the_filter_is_that_of_its_authors(is_3d: bool) -> None:
    random = torch.Generator().manual_seed(0)
    guide, probability = torch.randn(9, 30, 25, generator=random), torch.randn(4, 9, 30, 25, generator=random).softmax(dim=0)
    sizes = (7, 7, 7) if is_3d else (1, 7, 7)

    def mean(values: np.ndarray) -> np.ndarray:
        return ndimage.uniform_filter(values, sizes, mode="nearest")

    image = guide.double().numpy()
    found = guided_filter(guide, probability, 3, is_3d=is_3d).numpy()
    for answer, channel in zip(found, probability.double().numpy(), strict=True):
        slope = (mean(channel * image) - mean(image) * mean(channel)) / (mean(image**2) - mean(image) ** 2 + 0.001)
        np.testing.assert_allclose(answer, mean(slope) * image + mean(mean(channel) - slope * mean(image)), atol=1e-5)


def test_what_a_prediction_has_used_can_be_derived_and_exported() -> None:
    """Tensors that are made in inference mode are of no use outside; none of those that are kept may be one."""
    bank, whole = FeatureBank(3, is_3d=True), (slice(0, 26),) * 3  # a size of its own: else other tests have made what it needs
    with torch.inference_mode():
        bank(image((26, 26, 26)), whole)
    one = image((26, 26, 26)).requires_grad_()
    bank(one, whole).sum().backward()
    assert one.grad is not None
    assert one.grad.abs().max() > 0
