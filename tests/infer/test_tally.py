"""Soft voting: what is averaged, and what the disagreement says."""

import numpy as np
import pytest
import torch

from tests.infer.conftest import EXACT, IDS, manifest_of, random_model, random_state, voxels
from tests.infer.test_classifying import pixel_model
from tests.infer.test_voting import look
from voxloop_infer.model import Model
from voxloop_infer.tally import Tally
from voxloop_shared.nets.architectures import build_network
from voxloop_shared.schemas import LabelClass

CPU = torch.device("cpu")


def decided(voices, weights=None):
    """Decide one voxel, of which each voice gives the probabilities of its classes."""
    tally = Tally.zeros(len(voices[0]), (1, 1, 1), len(voices), CPU)
    for voice, weight in zip(voices, weights or [1 / len(voices)] * len(voices), strict=True):
        tally.add(torch.tensor(voice).view(-1, 1, 1, 1), weight, (slice(0, 1),))
    layers = [torch.empty((1, 1, 1), dtype=torch.uint8) for _ in range(2 + (len(voices) > 1))]
    tally.decide(torch.tensor([4, 5, 6], dtype=torch.uint8), layers)
    return tuple(int(layer) for layer in layers)


def test_the_mean_probability_decides():
    assert decided([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1]])[:2] == (5, round(0.55 * 255))


def test_voices_that_agree_are_not_uncertain_however_unsure_they_are():
    assert decided([[0.4, 0.3, 0.3], [0.4, 0.3, 0.3]])[2] == 0


def test_voices_that_contradict_each_other_are_as_uncertain_as_can_be():
    assert decided([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])[2] == 255
    assert decided([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])[2] == 255


def test_one_voice_alone_disagrees_with_nobody():
    assert decided([[0.5, 0.3, 0.2]]) == (4, 128)


def ensemble(members=2):
    """An ensemble of random networks, and each of them by itself."""
    member = manifest_of().architecture
    states = []
    for seed in range(members):
        state = random_state(manifest_of())
        noise = torch.Generator().manual_seed(seed)
        states.append(
            {k: v + 0.2 * v.abs().mean() * torch.randn(v.shape, generator=noise) if v.is_floating_point() else v for k, v in state.items()}
        )
    architecture = {"kind": "ensemble", "members": members, "member": {"kind": "unet"} | member}
    together = {f"members.{i}.{name}": value for i, state in enumerate(states) for name, value in state.items()}
    assert set(together) == set(build_network(architecture).state_dict())
    return Model(manifest_of(architecture=architecture), together, EXACT), [Model(manifest_of(), state, EXACT) for state in states]


@pytest.mark.parametrize("planes", ["z", "zyx"])
def test_an_ensemble_answers_as_its_members_fused_as_models(planes):
    array = voxels((10, 40, 44))
    model, members = ensemble()
    as_one, as_many = look(model, array, None, planes), look(members, array, None, planes)
    assert as_one.uncertainty.max() > 0
    assert (as_one.numbers != as_many.numbers).mean() < 0.001
    for one, many in zip(as_one[1:], as_many[1:], strict=True):
        assert np.abs(one.astype(int) - many).max() <= 2


def test_models_of_different_kinds_are_fused():
    array = voxels((10, 40, 44))
    deep, pixel = random_model(), pixel_model()
    both = look([deep, pixel], array)
    alone = look(deep, array), look(pixel, array)
    agree = alone[0].numbers == alone[1].numbers
    assert 0.1 < agree.mean() < 1
    assert (both.numbers == alone[0].numbers)[agree].mean() > 0.999
    assert both.uncertainty[~agree].mean() > both.uncertainty[agree].mean()


def test_classes_in_another_order_are_the_same_classes():
    array, manifest = voxels((6, 40, 44)), manifest_of()
    classes = [LabelClass(id=n, name=f"class {n}", color="#112233") for n in reversed(IDS)]
    state = random_state(manifest)
    turned = state | {name: state[name].flip(0) for name in ("exit.weight", "exit.bias")}
    model, other = Model(manifest, state, EXACT), Model(manifest_of(classes=classes), turned, EXACT)
    other.speak_of(manifest.classes)
    fused = look([model, other], array)
    assert (fused.numbers != look(model, array).numbers).mean() < 0.001  # half precision decides where two are as likely
    assert fused.uncertainty.max() <= 1


def test_flips_make_the_answer_that_of_the_mirror_image_mirrored():
    model, array = random_model(), voxels((4, 40, 48))
    straight = look(model, array, None, "z", flips=True)
    mirrored = look(model, np.ascontiguousarray(array[:, ::-1, ::-1]), None, "z", flips=True)
    inner = np.s_[:, 8:32, 8:40]
    assert (straight.numbers != mirrored.numbers[:, ::-1, ::-1])[inner].mean() < 0.02
    assert (straight.numbers != look(model, array).numbers).any()
    assert straight.uncertainty is not None
