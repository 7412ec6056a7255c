from datetime import UTC, datetime

import pytest
import torch

from voxloop_shared.nets.architectures import build_network
from voxloop_shared.nets.weights import copy_state
from voxloop_shared.schemas import LabelClass, Manifest, Normalisation
from voxloop_train.averaging import AveragedNetwork
from voxloop_train.inheritance import Parent, inherit, match_classes, shrink_and_perturb

SMALL = {"width": 4, "depth": 1}


def classes_of(*entries: tuple[int, str]) -> list[LabelClass]:
    return [LabelClass(id=number, name=name, color="#000000") for number, name in entries]


def manifest_of(architecture: dict, classes: list[LabelClass]) -> Manifest:
    return Manifest(
        learner="unet", architecture=architecture, classes=classes, normalisation=Normalisation(center=0, scale=1), volume="v",
        volume_digest="same", voxel_size=(1, 1, 1), unit="um", snapshot="s", settings={}, metrics={}, author="ada", code_version="1",
        hardware="cpu", duration_s=1, created=datetime.now(UTC),
    )  # fmt: skip


def test_on_the_same_volume_a_class_is_its_number_elsewhere_its_name():
    parent = manifest_of({}, classes_of((1, "air"), (4, "Bone"), (7, "marrow")))
    child = classes_of((4, "cortical"), (5, "air"), (7, "bone"))
    assert match_classes(child, parent, "same") == [1, None, 2]
    assert match_classes(child, parent, "other") == [None, 0, 1]


def test_each_class_takes_its_own_row_and_a_new_one_stays_fresh():
    torch.manual_seed(0)
    parent, child = build_network(SMALL | {"classes": 3}), build_network(SMALL | {"classes": 4})
    fresh = copy_state(child)
    inherit(child, parent.state_dict(), [2, None, 0, None])
    for name in ("exit.weight", "exit.bias"):
        own, given = child.state_dict()[name], parent.state_dict()[name]
        assert torch.equal(own[[0, 2]], given[[2, 0]])
        assert torch.equal(own[[1, 3]], fresh[name][[1, 3]])
    for name, value in parent.state_dict().items():
        if not name.startswith("exit"):
            assert torch.equal(child.state_dict()[name], value)


@pytest.mark.parametrize(("of", "to"), [(1, 5), (3, 1), (3, 3)])
def test_with_other_context_slices_the_middle_ones_are_the_same(of, to):
    torch.manual_seed(0)
    parent, child = (build_network(SMALL | {"classes": 2, "in_channels": n}).eval() for n in (of, to))
    inherit(child, parent.state_dict(), [0, 1])
    image = torch.randn(1, max(of, to), 8, 8)
    image[:, [i for i in range(max(of, to)) if abs(i - max(of, to) // 2) > min(of, to) // 2]] = 0
    middle = {n: image[:, (max(of, to) - n) // 2 : (max(of, to) + n) // 2] for n in (of, to)}
    with torch.inference_mode():
        torch.testing.assert_close(child(middle[to]), parent(middle[of]))


def test_shrink_and_perturb_moves_weights_towards_a_random_start_and_leaves_statistics():
    torch.manual_seed(0)
    network, fresh = build_network(SMALL | {"classes": 2}), build_network(SMALL | {"classes": 2})
    network.entry[1].running_mean.fill_(3)
    before = copy_state(network)
    shrink_and_perturb(network, fresh, 0.6, 0.1)
    torch.testing.assert_close(network.exit.weight, 0.6 * before["exit.weight"] + 0.1 * fresh.exit.weight)
    assert network.entry[1].running_mean.eq(3).all()


def test_the_average_of_a_trained_network_does_not_forget_it_at_the_first_step():
    network = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.ones_(network.weight)
    trained, fresh = AveragedNetwork(network, 0.99, is_trained=True), AveragedNetwork(network, 0.99)
    torch.nn.init.zeros_(network.weight)
    for average in (trained, fresh):
        average.update(network)
    assert trained.network.weight.item() == pytest.approx(0.99, abs=1e-3)
    assert fresh.network.weight.item() < 0.2


def test_the_members_of_an_ensemble_are_handed_on_one_by_one():
    architecture = {"kind": "ensemble", "members": 2, "member": SMALL | {"classes": 2}}
    network = build_network(architecture)
    parent = Parent(manifest_of(architecture, classes_of((1, "a"), (2, "b"))), network.state_dict(), [0, 1])
    for number, member in ((0, 0), (1, 1), (2, 0)):
        child = build_network(SMALL | {"classes": 2})
        inherit(child, parent.member(number), parent.channels)
        for name, value in network.members[member].state_dict().items():
            assert torch.equal(child.state_dict()[name], value)
