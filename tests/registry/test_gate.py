"""The gate before `champion`."""

import pytest

from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import DoubtfulPromotion, InvalidInput, ModelNotFound

GATE = "/models/nerve/versions/2/gate"
CHAMPION = "/models/nerve/aliases/champion"


def judged(dice: float | None, held_out: str | None = "strokes", **others) -> dict:
    """Metrics of a model whose classes 1 and 2 were judged alike."""
    return {"mean_dice": dice, "dice": {"1": dice, "2": dice}, "dice_spread": 0.03, "held_out": held_out} | others


@pytest.fixture
def rivals(registry: ServiceClient, publish):
    """A way to publish a champion and another version."""

    def make(champion: dict, other: dict, **changes) -> ServiceClient:
        publish(registry, metrics=champion)
        publish(registry, metrics=other, **changes)
        return registry

    return make


def test_a_better_model_becomes_champion_without_a_word(rivals):
    registry = rivals(judged(0.8), judged(0.9))
    report = registry.get(GATE)
    assert (report["verdict"], report["is_doubtful"], report["same_strokes"]) == ("better", False, True)
    assert report["difference"] == pytest.approx(0.1)
    assert report["spread"] == pytest.approx(0.03 * 2**0.5, abs=1e-5)
    assert [(c["name"], c["value"], c["incumbent_value"]) for c in report["per_class"]] == [("background", 0.9, 0.8), ("bone", 0.9, 0.8)]
    assert registry.put(CHAMPION, {"version": 2})["champion"] == 2
    assert registry.get("/models/nerve/aliases/history")[0]["note"] == ""


def test_a_worse_model_becomes_champion_only_when_that_is_acknowledged(rivals):
    registry = rivals(judged(0.9), judged(0.8))
    with pytest.raises(
        DoubtfulPromotion, match=r"nerve:2 is worse than nerve:1 on the same held-out strokes.*0\.800 against 0\.900"
    ) as warning:
        registry.put(CHAMPION, {"version": 2})
    assert warning.value.detail == registry.get(GATE)
    assert registry.get("/models/nerve")["aliases"]["champion"] == 1
    assert registry.put(CHAMPION, {"version": 2, "acknowledge": True})["champion"] == 2
    assert "worse than nerve:1" in registry.get("/models/nerve/aliases/history")[0]["note"]


def test_other_aliases_have_no_gate(rivals):
    assert rivals(judged(0.9), judged(0.1)).put("/models/nerve/aliases/mine", {"version": 2})["mine"] == 2


@pytest.mark.parametrize(
    ("champion", "other", "changes", "same", "said"),
    [
        (judged(0.8), judged(0.9, "others"), {}, False, "different strokes"),
        (judged(0.8), judged(0.9), {"volume_digest": "another"}, False, "different strokes"),
        (judged(0.8, None), judged(0.9), {}, None, "not recorded"),
        (judged(0.8), judged(None), {}, True, "nerve:2 was not judged"),
        (judged(None), judged(None), {}, True, "nerve:2 and nerve:1 were not judged"),
        ({}, {"mean_dice": "high", "dice": [1]}, {}, None, "were not judged"),
    ],
)
def test_what_cannot_be_compared_is_doubtful(rivals, champion: dict, other: dict, changes: dict, same: bool | None, said: str):
    registry = rivals(champion, other, **changes)
    report = registry.get(GATE)
    assert (report["verdict"], report["is_doubtful"], report["same_strokes"]) == ("unknown", True, same)
    assert said in report["message"]
    with pytest.raises(DoubtfulPromotion, match=said):
        registry.put(CHAMPION, {"version": 2})


def test_the_same_score_is_no_reason_to_warn(rivals):
    assert rivals(judged(0.9), judged(0.9)).put(CHAMPION, {"version": 2})["champion"] == 2


def test_there_is_nothing_to_compare_without_an_incumbent(rivals):
    registry = rivals(judged(0.9), judged(0.1))
    assert registry.get("/models/nerve/versions/1/gate")["message"] == "nerve:1 is champion already"
    registry.delete(CHAMPION)
    report = registry.get(GATE)
    assert (report["verdict"], report["incumbent"], report["message"]) == ("first", None, "there is no champion yet")
    assert registry.put(CHAMPION, {"version": 2})["champion"] == 2


def test_classes_are_paired_by_name(rivals):
    swapped = [{"id": 7, "name": "bone", "color": "#445566"}, {"id": 8, "name": "void", "color": "#000000"}]
    registry = rivals(judged(0.9), {"mean_dice": 0.9, "dice": {"7": 0.7, "8": 0.5}, "held_out": "strokes"}, classes=swapped)
    found = {c["name"]: (c["value"], c["incumbent_value"]) for c in registry.get(GATE)["per_class"]}
    assert found == {"background": (None, 0.9), "bone": (0.7, 0.9), "void": (0.5, None)}


def test_a_version_is_compared_with_any_alias(rivals):
    registry = rivals(judged(0.9), judged(0.8))
    registry.put("/models/nerve/aliases/mine", {"version": 1})
    assert registry.get(f"{GATE}?against=mine")["incumbent"] == "nerve:1"
    assert registry.get(f"{GATE}?against=theirs")["verdict"] == "first"
    with pytest.raises(InvalidInput):
        registry.get(f"{GATE}?against=latest")
    with pytest.raises(ModelNotFound):
        registry.get("/models/nerve/versions/9/gate")
