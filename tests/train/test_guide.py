"""What a forest says of unlabelled voxels reaches just these, and no uncertain one."""

import numpy as np
import pytest
import torch

from tests.train.conftest import stripes_of_labels, two_phases
from tests.train.test_sampling import points_of, source_of
from voxloop_shared.nets.inputs import PLANE_AXES
from voxloop_shared.schemas import Normalisation
from voxloop_train import guide as guides
from voxloop_train.checkpoint import GUIDE, read_checkpoint, write_checkpoint
from voxloop_train.crops import Place
from voxloop_train.guide import Guide, GuideBlock, guide_architecture, make_guide
from voxloop_train.holdout import hold_out
from voxloop_train.losses import IGNORED, guided_loss
from voxloop_train.sampling import Sampler

SHAPE = (9, 40, 36)
REGION = (slice(3, 9), slice(20, 40), slice(4, 20))


@pytest.fixture
def known():
    """Answers about a whole volume, all above 0, of which a guide knows one block at the volume's edge."""
    answers = np.random.default_rng(0).integers(1, 256, (2, *SHAPE)).astype(np.uint8)
    return answers, Guide([GuideBlock(REGION, answers[(slice(None), *REGION)])], 2)


@pytest.mark.parametrize("axis", "zyx")
@pytest.mark.parametrize("corner", [(0, 0), (-7, 3), (15, -4)])
def test_a_crop_is_told_of_each_voxel_what_the_block_says_and_nothing_elsewhere(known, axis, corner):
    answers, guide = known
    told = np.zeros_like(answers)
    told[(slice(None), *REGION)] = answers[(slice(None), *REGION)]
    faced = told.transpose(0, *(a + 1 for a in PLANE_AXES[axis]))
    for index in range(faced.shape[1]):
        padded = np.pad(faced[:, index], ((0, 0), (32, 64), (32, 64)))
        rows, columns = (slice(32 + start, 32 + start + 32) for start in corner)
        assert np.array_equal(guide.target(Place(axis, index, *corner), 32), padded[:, rows, columns])


def test_a_guide_comes_back_from_its_checkpoint_as_it_was(known, tmp_path):
    write_checkpoint(tmp_path, known[1].checkpoint(), GUIDE)
    found = Guide.of(read_checkpoint(tmp_path, GUIDE))
    for first, again in zip(known[1].blocks, found.blocks, strict=True):
        assert first.region == again.region
        assert np.array_equal(first.answers, again.answers)


def test_voxels_are_drawn_from_the_blocks_all_over(known):
    random = np.random.default_rng(0)
    drawn = np.array([known[1].draw(random) for _ in range(2000)])
    for axis, part in enumerate(REGION):
        assert (drawn[:, axis].min(), drawn[:, axis].max()) == (part.start, part.stop - 1)


def test_labelled_and_unknown_voxels_have_no_part_in_the_loss():
    random = torch.Generator().manual_seed(0)
    logits = torch.randn((1, 3, 4, 4), generator=random, requires_grad=True)
    guide = torch.rand((1, 3, 4, 4), generator=random).softmax(dim=1)
    target = torch.full((1, 4, 4), IGNORED, dtype=torch.uint8)
    guide[:, :, 0], target[:, 1] = 0, 2
    guided_loss(logits, target, guide).backward()
    assert not logits.grad[:, :, :2].any()
    assert logits.grad[:, :, 2:].any(dim=1).all()


def test_a_guide_counts_as_far_as_it_is_surer_than_a_guess():
    told = torch.tensor([[1.0, 0.6, 1 / 3], [0.0, 0.2, 1 / 3], [0.0, 0.2, 1 / 3]])  # (classes, voxels)
    logits = torch.zeros(1, 3, 1, 3, requires_grad=True)
    guided_loss(logits, torch.full((1, 1, 3), IGNORED), told.view(1, 3, 1, 3)).backward()
    weight = torch.tensor([1.0, 0.4, 0.0])
    torch.testing.assert_close(logits.grad[0, :, 0], (1 / 3 - told) * weight / weight.sum())


def lesson(shape=(6, 50, 70)):
    """Give the features' source and the strokes of two phases."""
    labels = stripes_of_labels(shape)
    bank = guide_architecture(2, is_3d=False).bank
    source = guides.FeatureSource(source_of(two_phases(shape), 32)._array, Normalisation(center=100, scale=40), bank)
    return source, points_of(shape, [(place, labels[place]) for place in zip(*np.nonzero(labels), strict=True)])


def test_a_guide_knows_what_is_right_and_says_nothing_of_uncertain_voxels():
    source, points = lesson()
    is_uncertain = np.zeros(source.shape, bool)
    is_uncertain[2, 10:30, 5:60] = True
    guide = make_guide(source, points, is_uncertain.__getitem__, [2, 9], seed=0)
    answers = np.zeros((2, *source.shape), np.uint8)
    for block in guide.blocks:
        answers[(slice(None), *block.region)] = block.answers
    assert not answers[:, is_uncertain].any()
    bright = np.indices(source.shape)[1] // 12 % 2
    assert ((answers[1] > 127) == bright)[~is_uncertain].mean() > 0.95
    sampler = Sampler(hold_out(points, 0, 0), [2, 9], source_of(two_phases(), 32), "z", 0, guide)
    _, _, told = sampler.batch(16)
    assert told.shape == (16, 2, 32, 32)
    assert float(told.max()) <= 1


def test_the_same_seed_makes_the_same_guide_whatever_was_drawn_before():
    found = []
    for _ in range(2):
        source, points = lesson()
        torch.rand(7)
        found.append(make_guide(source, points, np.zeros(source.shape, bool).__getitem__, [2, 9], seed=3))
    for first, again in zip(*(guide.blocks for guide in found), strict=True):
        assert first.region == again.region
        assert np.array_equal(first.answers, again.answers)


def test_blocks_of_many_classes_are_smaller():
    for is_3d in (False, True):
        found = 250 * np.prod(guides._block_size(250, is_3d=is_3d))
        assert found <= guides._BLOCK_BYTES < 2.1 * found
        assert guides._block_size(3, is_3d=is_3d) == (guides._BLOCK_3D if is_3d else guides._BLOCK_2D)
