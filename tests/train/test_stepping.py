"""Single steps of a U-Net: what its batch normalisation goes by."""

import pytest
import torch

from tests.train.conftest import QUICK, stripes_of_labels, two_phases
from voxloop_shared.nets.architectures import build_network
from voxloop_shared.nets.unet import UnetArchitecture
from voxloop_train.averaging import AveragedNetwork
from voxloop_train.material import prepare_material
from voxloop_train.points import points_of
from voxloop_train.stepping import Stepper

ARCHITECTURE = UnetArchitecture(classes=2, in_channels=3, width=4, depth=2)


class Steps:
    """A network and its stepper, with crops to go on."""

    def __init__(self, lesson, material) -> None:
        torch.manual_seed(0)
        self.network = build_network(ARCHITECTURE.model_dump())
        self.average = AveragedNetwork(self.network, 0.9)
        self.stepper = Stepper(self.network, self.average, material, lesson.settings, torch.Generator().manual_seed(0))
        self._sampler = material.sampler(0, with_held_out=False)

    def go(self, steps: int) -> None:
        for _ in range(steps):
            self.stepper.step(self._sampler.batch(4), 1e-3)

    def statistics(self) -> torch.Tensor:
        return torch.cat([layer.running_mean for layer in self.network.modules() if isinstance(layer, torch.nn.BatchNorm2d)])


@pytest.fixture
def begin(lesson_of):
    lesson = lesson_of(two_phases(), stripes_of_labels(), **QUICK)
    material = prepare_material(lesson, lesson.settings, ARCHITECTURE, points_of(lesson, 0))
    return lambda: Steps(lesson, material)


def test_once_settled_statistics_stand_still_and_the_network_answers_as_it_will_in_prediction(begin):
    steps = begin()
    before = steps.statistics().clone()
    steps.go(80)
    assert not torch.equal(steps.statistics(), before)
    steps.stepper.settle()
    settled = steps.statistics().clone()
    assert torch.equal(settled, torch.cat([mean for name, mean in steps.average.network.named_buffers() if "running_mean" in name]))
    weights = steps.network.exit.weight.detach().clone()
    steps.go(3)
    assert torch.equal(steps.statistics(), settled)
    assert not torch.equal(steps.network.exit.weight, weights)

    image = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        while_training = steps.network(image)
        torch.testing.assert_close(while_training, steps.network.eval()(image))


def test_statistics_of_a_few_steps_are_not_gone_by(begin):
    steps = begin()
    steps.go(70)
    steps.stepper.settle()
    early = steps.statistics().clone()
    steps.go(1)
    assert not torch.equal(steps.statistics(), early)


def test_back_where_they_moved_statistics_move_again(begin):
    steps = begin()
    steps.go(80)
    before = steps.stepper.checkpoint().copied()
    steps.stepper.settle()
    steps.stepper.restore(before)
    moving = steps.statistics().clone()
    steps.go(1)
    assert not torch.equal(steps.statistics(), moving)


@pytest.mark.parametrize(("settled", "first"), [(0.5, 6), (0.0, 0), (1.0, None)])
def test_a_run_settles_at_the_share_of_the_budget_that_it_is_told(learn, monkeypatch, settled, first):
    found = []
    settle = Stepper.settle

    def note(self):
        found.append(self._average.updates)
        settle(self)

    monkeypatch.setattr(Stepper, "settle", note)
    learn(two_phases(), stripes_of_labels(), settled=settled, refit=False)
    assert (found[0] if found else None) == first
