import math

import pytest
import torch

from voxloop_shared.nets.architectures import build_network
from voxloop_train.answers import Answers, judgement
from voxloop_train.calibration import calibration_error, fit_temperature, fold_temperatures
from voxloop_train.spread import dice_spread

MANY = 10_000


def overconfident(n=20_000, factor=4.0):
    """Logits that are `factor` times too large for how often they are right."""
    random = torch.Generator().manual_seed(0)
    logits = torch.randn((n, 3), generator=random)
    truth = torch.multinomial(logits.softmax(dim=1), 1, generator=random).squeeze(1)
    return factor * logits, truth


@pytest.mark.parametrize("factor", [0.5, 1.0, 4.0])
def test_finds_by_how_much_logits_are_too_large(factor):
    logits, truth = overconfident(factor=factor)
    temperature = fit_temperature(logits, truth, MANY)
    assert temperature == pytest.approx(factor, rel=0.05)
    assert calibration_error(logits / temperature, truth) < 0.02
    assert calibration_error(logits / temperature, truth) < calibration_error(logits, truth) + 1e-3


def test_the_calibration_error_is_the_gap_between_confidence_and_truth():
    logits = torch.tensor([[math.log(0.8), math.log(0.2)]]).repeat(10, 1)
    truth = torch.tensor([0] * 6 + [1] * 4)
    assert calibration_error(logits, truth) == pytest.approx(0.2)
    assert math.isnan(calibration_error(logits[:0], truth[:0]))


def test_a_few_voxels_that_are_all_right_give_no_certainty():
    few, many = (torch.tensor([[5.0, 0.0], [0.0, 5.0]]).repeat(n, 1) for n in (2, 5000))
    found = []
    for logits in (few, many):
        temperature = fit_temperature(logits, torch.tensor([0, 1]).repeat(len(logits) // 2))
        found.append(float((logits / temperature).softmax(dim=1).max()))
    assert found[0] == pytest.approx(5 / 6, abs=0.01)
    assert found[1] > 0.999


def test_without_held_out_voxels_nothing_changes():
    assert fit_temperature(torch.empty(0, 3), torch.empty(0, dtype=torch.long)) == 1


@pytest.mark.parametrize(
    "architecture",
    [
        {"classes": 3, "width": 4, "depth": 1},
        {"kind": "ensemble", "members": 2, "member": {"classes": 3, "width": 4, "depth": 1}},
        {"kind": "pixel", "classes": 3, "scales": 2},
    ],
)
def test_a_folded_temperature_divides_the_logits(architecture):
    torch.manual_seed(0)
    network = build_network(architecture).eval()
    members = list(getattr(network, "members", [network]))
    image = torch.randn(7, 17) if architecture.get("kind") == "pixel" else torch.randn(1, 1, 8, 8)
    temperatures = [2.0, 0.5][: len(members)]
    with torch.inference_mode():
        before = [member(image) for member in members]
        fold_temperatures(network, temperatures)
        for member, logits, temperature in zip(members, before, temperatures, strict=True):
            torch.testing.assert_close(member(image), logits / temperature)


def strokes_of(right: list[float], voxels=100):
    """Truth and answers of two classes in strokes, of which a given share is right."""
    unit = torch.arange(len(right)).repeat_interleave(voxels)
    truth = unit % 2
    is_right = torch.arange(len(unit)) % voxels < (torch.tensor(right) * voxels)[unit]
    return truth, torch.where(is_right, truth, 1 - truth), unit


def test_strokes_that_are_all_alike_have_no_spread_and_unlike_ones_have():
    alike = dice_spread(*strokes_of([0.9] * 10), 2)
    unlike = dice_spread(*strokes_of([1.0, 1.0, 0.5, 0.9, 1.0, 1.0, 0.2, 1.0, 1.0, 1.0]), 2)
    assert 0 <= alike.mean < unlike.mean / 2
    assert 0.04 < unlike.mean < 0.3


def test_the_spread_shrinks_with_the_number_of_strokes_not_of_voxels():
    few, more, larger = (
        dice_spread(*strokes_of([1.0, 1.0, 0.5, 0.5] * n, voxels), 2).mean for n, voxels in ((3, 100), (30, 100), (3, 1000))
    )
    assert more < few / 2
    assert larger == pytest.approx(few, rel=0.05)


def test_a_single_stroke_has_no_spread():
    truth, guess, unit = strokes_of([0.5, 0.9, 0.7])
    spread = dice_spread(truth, guess, unit, 3)
    assert not math.isnan(spread.dice[0])
    assert math.isnan(spread.dice[1])
    assert math.isnan(spread.dice[2])
    assert math.isnan(dice_spread(truth[:0], guess[:0], unit[:0], 3).mean)


def test_a_judgement_names_each_class():
    truth, guess, unit = strokes_of([1.0, 1.0, 0.5, 0.5, 0.9, 1.0])
    found = judgement(Answers(torch.nn.functional.one_hot(guess, 3).float(), truth, unit), [2, 5, 9])
    assert found["dice"][9] is found["dice_spread_per_class"][9] is None
    assert found["mean_dice"] == pytest.approx((found["dice"][2] + found["dice"][5]) / 2, abs=1e-5)
    assert found["dice_spread"] > 0
    assert found["dice_spread_per_class"][2] > 0
