import math

import pytest
import torch
from torch.nn import functional

from voxloop_train.losses import IGNORED, class_weights, dice_scores, guided_loss, masked_loss


def example():
    random = torch.Generator().manual_seed(0)
    logits = torch.randn((2, 3, 8, 8), generator=random)
    target = torch.full((2, 8, 8), IGNORED, dtype=torch.uint8)
    target[0, 2, :5], target[1, 5, 3:6] = 1, 2
    return logits, target


def test_an_unlabelled_voxel_has_no_effect_on_loss_and_gradient():
    logits, target = example()
    changed = logits + 100 * torch.randn(logits.shape, generator=torch.Generator().manual_seed(1)) * (target == IGNORED).unsqueeze(1)
    results = []
    for values in (logits, changed):
        values = values.clone().requires_grad_()
        loss = masked_loss(values, target, torch.ones(3))
        loss.backward()
        results.append((loss.item(), values.grad))
    assert results[0][0] == results[1][0]
    assert torch.equal(results[0][1], results[1][1])
    assert not results[0][1][(target == IGNORED).unsqueeze(1).expand_as(logits)].any()


@pytest.mark.parametrize(("class_weight", "dice"), [(None, 0.0), (torch.tensor([1.0, 2.0, 0.5]), 0.0), (None, 1.0)])
def test_what_is_neither_labelled_nor_told_has_no_effect_whatever_is_said_of_others(class_weight, dice):
    logits, target = example()
    guide = torch.rand(logits.shape, generator=torch.Generator().manual_seed(2)).softmax(dim=1)
    guide[:, :, 4:] = 0
    is_unknown = (target == IGNORED) & (guide.sum(dim=1) == 0)
    results = []
    for values in (logits, torch.where(is_unknown.unsqueeze(1), 50 * logits.flip(0), logits)):
        values = values.clone().requires_grad_()
        loss = masked_loss(values, target, class_weight, dice) + guided_loss(values, target, guide)
        loss.backward()
        results.append((loss.item(), values.grad))
    assert results[0][0] == results[1][0]
    assert torch.equal(results[0][1], results[1][1])
    assert not results[0][1].movedim(1, -1)[is_unknown].any()
    assert results[0][1].movedim(1, -1)[~is_unknown].any(dim=1).all()


@pytest.mark.parametrize("class_weight", [None, torch.tensor([1.0, 2.0, 0.5])])
def test_cross_entropy_is_torchs_over_the_labelled_voxels(class_weight):
    logits, target = example()
    labelled = target != IGNORED
    chosen = logits.movedim(1, -1)[labelled]
    expected = functional.cross_entropy(chosen, target[labelled].long(), weight=class_weight, label_smoothing=0.05)
    assert torch.allclose(masked_loss(logits, target, class_weight), expected)


def test_a_crop_without_labels_gives_zero_and_a_zero_gradient():
    logits = torch.randn(1, 3, 4, 4, requires_grad=True)
    loss = masked_loss(logits, torch.full((1, 4, 4), IGNORED, dtype=torch.uint8), torch.ones(3))
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()


def test_right_answers_cost_less_than_wrong_ones():
    _, target = example()
    right = torch.nn.functional.one_hot(target.long() % IGNORED, 3).movedim(-1, 1) * 10.0
    assert masked_loss(right, target, torch.ones(3)) < 0.5 < masked_loss(-right, target, torch.ones(3))


def test_rare_classes_weigh_more():
    weights = class_weights(torch.tensor([900, 100]))
    assert weights[1] == 3 * weights[0]
    assert math.isclose(weights.mean(), 1, rel_tol=1e-6)


def test_dice_is_that_of_the_confusion_matrix():
    assert dice_scores(torch.tensor([[8, 2], [0, 5]])) == [16 / 18, 10 / 12]
    assert math.isnan(dice_scores(torch.tensor([[3, 0], [0, 0]]))[1])
