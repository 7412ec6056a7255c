"""What only a GPU can show: a step waits for nothing, and a checkpoint holds all that it goes on from."""

import pytest
import torch

from tests.train.conftest import QUICK, stripes_of_labels, two_phases
from tests.train.test_unet import assert_same_weights
from voxloop_shared.nets.architectures import build_network
from voxloop_shared.nets.devices import choose_device
from voxloop_shared.nets.unet import UnetArchitecture
from voxloop_train.averaging import AveragedNetwork
from voxloop_train.material import Material, prepare_material
from voxloop_train.points import points_of
from voxloop_train.prefetch import Prefetch
from voxloop_train.randomness import Randomness
from voxloop_train.stepping import Stepper

ARCHITECTURE = UnetArchitecture(classes=2, in_channels=3, width=4, depth=2)
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU")


@pytest.fixture
def stepper_of(lesson_of):
    """A way to make a stepper, with its material."""

    def make(**config) -> tuple[Stepper, Material]:
        lesson = lesson_of(two_phases(), stripes_of_labels(), **QUICK | config)
        material = prepare_material(lesson, lesson.settings, ARCHITECTURE, points_of(lesson, 0))
        torch.manual_seed(0)
        network = material.device.place(build_network(ARCHITECTURE.model_dump()))
        variations = Randomness(0, material.device.torch).augmentation
        return Stepper(network, AveragedNetwork(network, 0.9), material, lesson.settings, variations), material

    return make


def test_what_is_drawn_for_crops_is_drawn_where_the_network_is():
    device = choose_device()
    assert Randomness(0, device.torch).augmentation.device.type == device.torch.type


def test_the_state_of_a_generator_of_another_device_is_left_alone(stepper_of):
    _, material = stepper_of(guide=0)
    crops = material.sampler(0, with_held_out=False).random
    random = Randomness(0, torch.device("cpu"))
    stored = random.checkpoint(crops)
    stored.tensors["torch.augmentation_elsewhere"] = torch.zeros(16, dtype=torch.uint8)
    del stored.tensors["torch.augmentation_cpu"]
    before = random.augmentation.get_state()
    random.restore(stored, crops)
    assert torch.equal(random.augmentation.get_state(), before)


@pytest.mark.parametrize("dice", [0.0, 1.0])
@pytest.mark.parametrize("class_weights", [False, True])
@pytest.mark.parametrize("is_settled", [False, True])
def test_a_step_goes_on_exactly_from_its_checkpoint(stepper_of, dice, class_weights, is_settled):
    first, material = stepper_of(dice=dice, class_weights=class_weights, guide=0)
    again, _ = stepper_of(dice=dice, class_weights=class_weights, guide=0)
    crops = material.sampler(0, with_held_out=False).batch(4)
    for _ in range(2):
        first.step(crops, 1e-3)
    if is_settled:
        first.settle()
    again.restore(first.checkpoint().copied())
    again._variations.set_state(first._variations.get_state())
    for stepper in (first, again):
        stepper.step(crops, 1e-3)
    for name, value in first.averaged.state_dict().items():
        assert torch.equal(value, again.averaged.state_dict()[name]), name


@needs_gpu
def test_a_step_never_waits_for_the_gpu(stepper_of):
    stepper, material = stepper_of(dice=1.0)
    sampler = material.sampler(0, with_held_out=False)
    assert isinstance(sampler, Prefetch)
    for _ in range(3):  # the first prepare kernels, which waits
        stepper.step(sampler.batch(4), 1e-3)
    torch.cuda.set_sync_debug_mode("error")
    try:
        stepper.step(sampler.batch(4), 1e-3)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@needs_gpu
def test_a_gpu_learns_the_same_with_the_same_seed(learn):
    first, again = (learn(two_phases(), stripes_of_labels(), seed=1) for _ in range(2))
    assert_same_weights(first, again)
