import torch

from voxloop_train.augment import vary
from voxloop_train.losses import IGNORED


def halves(n=16, size=64):
    """Crops whose brightness says the class: left half 0, right half 1, labelled everywhere."""
    target = torch.zeros((n, size, size), dtype=torch.uint8)
    target[:, :, size // 2 :] = 1
    return target.float().unsqueeze(1), target


def varied(seed):
    return vary(*halves(), None, torch.Generator().manual_seed(seed))


def test_a_guide_goes_where_its_voxels_go():
    image, target = halves()
    guide = torch.stack([(target == 0).float(), (target == 1).float()], dim=1)
    _, target, guide = vary(image, target, guide, torch.Generator().manual_seed(0))
    known = (target != IGNORED) & (guide.sum(dim=1) > 0.99)
    assert known.float().mean() > 0.6
    assert ((guide[:, 1] > 0.5) != (target == 1))[known].float().mean() < 0.02
    assert (guide.sum(dim=1) < 0.01).any()


def test_labels_go_where_their_voxels_go():
    image, target, _ = varied(0)
    known = target != IGNORED
    wrong = ((image[:, 0] > 0.5) != (target == 1)) & known
    assert known.float().mean() > 0.7
    assert wrong.float().mean() < 0.02


def test_what_comes_from_outside_has_no_label():
    _, target, _ = varied(0)
    assert set(target.unique().tolist()) == {0, 1, IGNORED}


def test_every_crop_is_varied_its_own_way_and_stays_finite():
    image, _, _ = varied(0)
    assert torch.isfinite(image).all()
    assert len({crop.sum().item() for crop in image}) == len(image)


def test_the_same_seed_varies_in_the_same_way():
    first, again = (varied(3) for _ in range(2))
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
