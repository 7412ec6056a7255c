import copy

import pytest
import torch

from voxloop_shared.nets.architectures import build_network
from voxloop_shared.nets.folding import fold_normalisation

UNET = {"kind": "unet", "in_channels": 3, "classes": 3, "width": 8, "depth": 2}


@pytest.mark.parametrize("architecture", [UNET, {"kind": "ensemble", "members": 2, "member": UNET}])
def test_a_folded_network_answers_as_it_did_without_any_normalisation(architecture):
    torch.manual_seed(0)
    network = build_network(architecture)
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            for values in (layer.running_var, layer.weight.data):
                values.uniform_(0.5, 2)
            for values in (layer.running_mean, layer.bias.data):
                values.normal_()
    folded = copy.deepcopy(network.eval())
    fold_normalisation(folded)
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in folded.modules())
    image = torch.randn(2, 3, 32, 48)
    with torch.inference_mode():
        for own, other in zip(members(network), members(folded), strict=True):
            expected = own(image)
            torch.testing.assert_close(other(image), expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))


def members(network):
    return getattr(network, "members", [network])
