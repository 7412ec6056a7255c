import pytest
import torch

from voxloop_shared.errors import InvalidInput
from voxloop_shared.nets.architectures import build_network, read_architecture
from voxloop_shared.nets.devices import choose_device


@pytest.mark.parametrize(("channels", "depth"), [(1, 1), (3, 2), (5, 4)])
def test_gives_logits_of_each_class_on_the_grid_of_the_image(channels, depth):
    network = build_network({"in_channels": channels, "classes": 7, "width": 4, "depth": depth})
    assert network(torch.zeros(2, channels, 2 * 2**depth, 4 * 2**depth)).shape == (2, 7, 2 * 2**depth, 4 * 2**depth)


@pytest.mark.parametrize(
    "settings", [{"kind": "resnet", "classes": 2}, {"classes": 1}, {"classes": 2, "in_channels": 2}, {"classes": 2, "x": 1}]
)
def test_refuses_an_architecture_that_it_cannot_build(settings):
    with pytest.raises(InvalidInput):
        read_architecture(settings)


def test_a_tile_far_from_its_edge_answers_as_the_whole_slice_does():
    torch.manual_seed(0)
    network = build_network({"classes": 3, "width": 4, "depth": 2}).eval()
    image = torch.randn(1, 1, 128, 128)
    with torch.inference_mode():
        whole, tile = network(image), network(image[..., 16:112, 16:112])
    torch.testing.assert_close(tile[..., 32:64, 32:64], whole[..., 48:80, 48:80], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("width", "depth", "classes"), [(8, 2, 3), (16, 3, 2), (16, 4, 9)])
def test_answers_the_same_bits_with_any_number_of_threads(width, depth, classes):
    torch.manual_seed(0)
    network = build_network({"in_channels": 3, "classes": classes, "width": width, "depth": depth}).eval()
    network = network.to(memory_format=torch.channels_last)
    image = torch.randn(2, 3, 208, 144).contiguous(memory_format=torch.channels_last)
    before = torch.get_num_threads()
    answers = []
    for threads in (1, 2, 3, 4):
        torch.set_num_threads(threads)
        with torch.inference_mode():
            answers.append(network(image))
    torch.set_num_threads(before)
    assert all(torch.equal(answer, answers[0]) for answer in answers[1:])


def test_the_chosen_device_runs_a_network():
    device = choose_device()
    network = device.place(build_network({"classes": 2, "width": 4, "depth": 1}).eval())
    with torch.inference_mode(), device.autocast():
        assert torch.isfinite(network(device.send(torch.zeros(1, 1, 8, 8))).float()).all()


def test_takes_the_gpu_where_there_is_one():
    if not torch.cuda.is_available():
        pytest.skip("this machine has no CUDA GPU")
    assert choose_device().is_cuda


def test_a_pixel_network_answers_alike_in_either_order() -> None:
    torch.manual_seed(0)
    network = build_network({"kind": "pixel", "classes": 4, "scales": 2})
    network.mean.normal_(2)
    network.deviation.uniform_(0.1, 3)
    features = torch.randn(len(network.mean), 500) * 4
    with torch.inference_mode():
        torch.testing.assert_close(network.classify(features), network(features.T).softmax(dim=1).T, rtol=1e-4, atol=1e-6)
