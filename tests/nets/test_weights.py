import hashlib

import pytest
import torch

from voxloop_shared.errors import InvalidInput
from voxloop_shared.nets.architectures import build_network
from voxloop_shared.nets.weights import copy_state, has_finite_weights, put_weights, read_weights, save_weights


def network(**settings):
    return build_network({"classes": 2, "width": 4, "depth": 1} | settings)


def test_weights_come_back_as_they_were(tmp_path):
    one, other = network(), network()
    digest = save_weights(one.state_dict(), tmp_path / "w.safetensors")
    put_weights(other, read_weights(tmp_path / "w.safetensors"))
    assert digest == hashlib.sha256((tmp_path / "w.safetensors").read_bytes()).hexdigest()
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name])


def test_refuses_weights_of_another_architecture(tmp_path):
    save_weights(network(width=8).state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(InvalidInput, match="do not fit"):
        put_weights(network(), read_weights(tmp_path / "w.safetensors"))


def test_refuses_a_file_that_is_no_safetensors(tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"\x80\x04not weights")
    with pytest.raises(InvalidInput, match="no safetensors"):
        read_weights(tmp_path / "w.safetensors")


def test_a_copied_state_does_not_follow_the_network():
    one = network()
    copied = copy_state(one)
    with torch.no_grad():
        one.exit.weight.add_(1)
    assert not torch.equal(copied["exit.weight"], one.exit.weight)


def test_sees_weights_that_are_not_finite():
    assert has_finite_weights({"a": torch.ones(2)})
    assert not has_finite_weights({"a": torch.tensor([1.0, float("nan")])})
