import pytest
import torch

from voxloop_shared.errors import InvalidInput
from voxloop_shared.nets.architectures import build_network, heads_of, read_architecture, unet_of
from voxloop_shared.nets.unet import UnetArchitecture

MEMBER = {"classes": 3, "width": 4, "depth": 1, "in_channels": 3}
ENSEMBLE = {"kind": "ensemble", "members": 3, "member": MEMBER}


def test_the_probabilities_are_the_mean_of_the_members():
    torch.manual_seed(0)
    network = build_network(ENSEMBLE).eval()
    image = torch.randn(2, 3, 8, 8)
    with torch.inference_mode():
        mean = torch.stack([member(image).softmax(dim=1) for member in network.members]).mean(dim=0)
        torch.testing.assert_close(network(image).softmax(dim=1), mean)
    assert not torch.equal(network.members[0].exit.weight, network.members[1].exit.weight)


def test_an_ensemble_is_run_as_a_member_would_be():
    assert unet_of(read_architecture(ENSEMBLE)) == unet_of(read_architecture(MEMBER)) == UnetArchitecture(**MEMBER)
    assert unet_of(read_architecture({"kind": "pixel", "classes": 3})) is None
    assert build_network(ENSEMBLE)(torch.zeros(1, 3, 4, 6)).shape == (1, 3, 4, 6)


def test_certain_members_that_contradict_each_other_give_finite_logits():
    network = build_network(ENSEMBLE | {"members": 2}).eval()
    with torch.inference_mode():
        for channel, member in enumerate(network.members):
            member.exit.bias[channel] = 1000.0
        probability = network(torch.zeros(1, 3, 4, 4)).softmax(dim=1)
    torch.testing.assert_close(probability[0, :, 0, 0], torch.tensor([0.5, 0.5, 0.0]))


def test_each_network_has_the_heads_that_make_its_logits():
    assert [head.out_channels for head in heads_of(build_network(ENSEMBLE))] == [3, 3, 3]
    assert [head.out_channels for head in heads_of(build_network(MEMBER))] == [3]
    assert [head.out_features for head in heads_of(build_network({"kind": "pixel", "classes": 5}))] == [5]


@pytest.mark.parametrize("change", [{"members": 0}, {"members": 9}, {"member": {"classes": 1}}, {"member": MEMBER | {"in_channels": 2}}])
def test_refuses_an_ensemble_that_it_cannot_build(change):
    with pytest.raises(InvalidInput):
        read_architecture(ENSEMBLE | change)
