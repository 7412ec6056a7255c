"""What a prediction says becomes labels where somebody agrees, and nowhere else."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.annotate.conftest import RunningAnnotate
from tests.annotate.filling import an_order, joined, labels_of, lay
from tests.annotate.listening import listening
from tests.annotate.test_strokes import a_stroke
from tests.waiting import wait_until
from voxloop_shared.data.history import Commit
from voxloop_shared.data.labels import Labels, default_classes
from voxloop_shared.data.masks import encode_mask
from voxloop_shared.data.origins import accept_states
from voxloop_shared.data.predictions import finish_prediction, new_prediction
from voxloop_shared.errors import InvalidInput, InvalidStroke, NotFound, PredictionNotFound, UnknownClass
from voxloop_shared.schemas import LabelClass, ModelRef, OverwriteRule, PredictionInfo, Stroke, VolumeInfo

SHAPE = (9, 20, 31)
CLASSES = {1: "background", 2: "object"}


def predicted() -> np.ndarray:
    """Make classes 1 and 2 that join in many ways."""
    noise = np.random.default_rng(3).random(SHAPE)
    return np.where(noise + np.roll(noise, 1, 1) + np.roll(noise, 1, 2) > 1.6, 2, 1).astype(np.uint8)


def confidence() -> np.ndarray:
    return np.random.default_rng(4).integers(0, 256, SHAPE).astype(np.uint8)


def predict(annotate: RunningAnnotate, classes: dict[int, str] = CLASSES, snapshot: str = "elsewhere") -> str:
    """Lay a prediction beside the volume and give its id."""
    volume = VolumeInfo.model_validate(annotate.client.get(annotate.base))
    info = PredictionInfo(
        id=secrets.token_hex(4), volume=volume.id, model=ModelRef(name="unet", version=3, digest="0" * 64), snapshot=snapshot, planes="z",
        job=None, classes=[LabelClass(id=number, name=name, color="#000000") for number, name in classes.items()], levels=volume.levels,
        author="test", created=datetime.now(UTC), duration_s=1.0,
    )  # fmt: skip
    with new_prediction(annotate.workspace, volume, info.id) as group:
        group["class/0"][:] = predicted()  # type: ignore[index]
        group["confidence/0"][:] = confidence()  # type: ignore[index]
        finish_prediction(group, volume, info)
    return info.id


def accept(annotate: RunningAnnotate, prediction: str, where: str = "slice", **fields: Any) -> dict[str, Any]:
    order = an_order("accept", value=None, prediction=prediction, where=where) | fields
    answer: dict[str, Any] = annotate.client.post(f"{annotate.base}/fills", order)
    return answer


def origin_of(annotate: RunningAnnotate) -> np.ndarray:
    origin = Labels.open(annotate.workspace.labels_of(annotate.volume)).origin()
    return np.zeros(SHAPE, np.uint8) if origin is None else np.asarray(origin[:])


def painted() -> np.ndarray:
    """Give labels that a person has painted, on every slice, some against the prediction."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[:, 5:12, 8:20], labels[:, 12:15, 8:20] = 2, 255
    return labels


SLICE = np.s_[4:5]
BOX = [[2, 7], [3, 18], [4, 27]]
INSIDE = np.s_[2:7, 3:18, 4:27]


def only(where: Any, mask: np.ndarray) -> np.ndarray:
    """Keep of a mask what lies in a part."""
    kept = np.zeros(SHAPE, bool)
    kept[where] = mask[where]
    return kept


def piece(where: Any, seed: tuple[int, int, int]) -> np.ndarray:
    alike = only(where, predicted() == predicted()[seed])
    return joined(alike, [seed])


EVERYWHERE = np.ones(SHAPE, bool)
ORDERS: dict[str, tuple[dict[str, Any], Callable[[], np.ndarray]]] = {
    "a slice": ({"where": "slice"}, lambda: only(SLICE, EVERYWHERE)),
    "a slice across x": ({"where": "slice", "axis": "x", "index": 9}, lambda: only(np.s_[:, :, 9], EVERYWHERE)),
    "a class on a slice": ({"where": "class", "value": 2}, lambda: only(SLICE, predicted() == 2)),
    "the class under the pointer": (
        {"where": "class", "seed": [4, 3, 5]},
        lambda: only(SLICE, predicted() == predicted()[4, 3, 5]),
    ),
    "a class in a box": ({"where": "class", "value": 2, "dims": 3, "box": BOX}, lambda: only(INSIDE, predicted() == 2)),
    "a region": ({"where": "region", "box": BOX}, lambda: only(np.s_[4, 3:18, 4:27], EVERYWHERE)),
    "what is sure": ({"where": "slice", "confidence": 0.6}, lambda: only(SLICE, confidence() >= 153)),
    "a component": ({"where": "component", "seed": [4, 3, 5]}, lambda: piece(SLICE, (4, 3, 5))),
    "a component in 3D": (
        {"where": "component", "seed": [4, 3, 5], "dims": 3, "box": BOX},
        lambda: piece(INSIDE, (4, 3, 5)),
    ),
}


@pytest.mark.parametrize("what", ORDERS)
@pytest.mark.parametrize("overwrite", ["unlabelled", "all"])
def test_accepting_takes_the_predicted_classes_where_the_rule_allows_it(annotate: RunningAnnotate, what: str, overwrite: str) -> None:
    prediction, before = predict(annotate), painted()
    lay(annotate, before)
    fields, expected = ORDERS[what]
    answer = accept(annotate, prediction, **fields, overwrite=overwrite)
    chosen = expected() & ((before == 0) if overwrite == "unlabelled" else (before != predicted()))
    after = labels_of(annotate)
    np.testing.assert_array_equal(after, np.where(chosen, predicted(), before))
    np.testing.assert_array_equal(origin_of(annotate), chosen)
    assert answer["changed"] == chosen.sum() > 0
    newest = annotate.client.get(f"{annotate.base}/history")["strokes"][0]
    assert (newest["tool"], newest["by"], newest["prediction"], newest["model"]) == ("accept", "tool", prediction, "unet:3")
    annotate.client.post(f"{annotate.base}/undo")
    np.testing.assert_array_equal(labels_of(annotate), before)
    assert not origin_of(annotate).any()
    annotate.client.post(f"{annotate.base}/redo")
    np.testing.assert_array_equal(labels_of(annotate), after)
    np.testing.assert_array_equal(origin_of(annotate), chosen)


def test_without_a_rule_nothing_that_is_labelled_changes(annotate: RunningAnnotate) -> None:
    lay(annotate, painted())
    accept(annotate, predict(annotate))
    assert (labels_of(annotate)[painted() != 0] == painted()[painted() != 0]).all()
    assert (labels_of(annotate)[4] != 0).all()


def test_what_was_accepted_earlier_can_be_renewed_without_touching_what_a_person_painted(annotate: RunningAnnotate) -> None:
    lay(annotate, painted())
    wrong = predict(annotate, {1: "object", 2: "background"})
    accept(annotate, wrong)
    accept(annotate, predict(annotate), overwrite="accepted")
    expected = painted()
    expected[4] = np.where(painted()[4] == 0, predicted()[4], painted()[4])
    np.testing.assert_array_equal(labels_of(annotate), expected)
    np.testing.assert_array_equal(origin_of(annotate), only(SLICE, painted() == 0))


def test_what_was_accepted_is_called_by_its_class(annotate: RunningAnnotate) -> None:
    prediction = predict(annotate)
    assert accept(annotate, prediction, "class", value=2)["name"] == "accept object z=4"
    assert accept(annotate, prediction, "slice")["name"] == "accept z=4"
    seed = (5, *np.argwhere(predicted()[5] == 1)[0].tolist())
    assert accept(annotate, prediction, "component", seed=seed, index=5)["name"] == "accept background z=5"


def test_an_acceptance_sent_twice_is_made_once(annotate: RunningAnnotate) -> None:
    order = an_order("accept", value=None, prediction=predict(annotate), where="slice")
    first = annotate.client.post(f"{annotate.base}/fills", order)
    annotate.client.post(f"{annotate.base}/undo")
    assert annotate.client.post(f"{annotate.base}/fills", order)["snapshot"] == first["snapshot"]
    assert not labels_of(annotate).any()


def test_painting_over_makes_an_accepted_voxel_a_persons(annotate: RunningAnnotate) -> None:
    accept(annotate, predict(annotate))
    before = labels_of(annotate)
    value = int(before[4, 2, 5])
    annotate.client.post(f"{annotate.base}/strokes", a_stroke(value=value, overwrite="class", replaces=value))
    confirmed = only(np.s_[4, 2:4, 5:8], before == value)
    np.testing.assert_array_equal(labels_of(annotate), before)
    np.testing.assert_array_equal(origin_of(annotate), (before != 0) & ~confirmed)
    assert confirmed.any()


def test_undoing_an_acceptance_leaves_what_somebody_has_confirmed_since(tmp_path: Path) -> None:
    labels = Labels.create(tmp_path / "labels", SHAPE, default_classes())
    record = Commit.now("accept", "ada", stroke_id="a", axis="z", index=4, box=((4, 5), (0, 20), (0, 31)))
    labels.edit(record, lambda before: accept_states(before, predicted()[4:5], OverwriteRule()))
    value = int(predicted()[4, 2, 5])
    labels.paint(Stroke.model_validate(a_stroke(value=value)), "eva")
    labels.undo("ada")
    expected = np.zeros(SHAPE, np.uint8)
    expected[4, 2:4, 5:8] = value
    np.testing.assert_array_equal(labels.array()[:], expected)
    assert labels.accepted == {}


@pytest.mark.parametrize("sure", [0.0, 0.5])
def test_a_brush_paints_what_the_model_says(annotate: RunningAnnotate, sure: float) -> None:
    prediction, before = predict(annotate), painted()
    lay(annotate, before)
    mask = np.random.default_rng(5).random((1, 10, 12)) < 0.5
    stroke = a_stroke(tool="accept", value=0, box=[[4, 5], [4, 14], [3, 15]], runs=encode_mask(mask), overwrite="unlabelled")
    answer = annotate.client.post(f"{annotate.base}/strokes", stroke | {"from_prediction": prediction, "confidence": sure})
    chosen = np.zeros(SHAPE, bool)
    chosen[4:5, 4:14, 3:15] = mask
    chosen &= (before == 0) & (confidence() >= 255 * sure)
    np.testing.assert_array_equal(labels_of(annotate), np.where(chosen, predicted(), before))
    np.testing.assert_array_equal(origin_of(annotate), chosen)
    assert answer["undo_name"] == "accept z=4"
    annotate.client.post(f"{annotate.base}/undo")
    np.testing.assert_array_equal(labels_of(annotate), before)


def test_a_model_from_elsewhere_means_its_classes_by_name(annotate: RunningAnnotate) -> None:
    accept(annotate, predict(annotate, {1: "Object", 2: "background "}))
    np.testing.assert_array_equal(labels_of(annotate)[4], 3 - predicted()[4])


def test_a_model_of_these_labels_means_its_classes_by_number(annotate: RunningAnnotate) -> None:
    snapshot = annotate.client.post(f"{annotate.base}/strokes", a_stroke(index=0, box=[[0, 1], [2, 4], [5, 8]]))["snapshot"]
    renamed = [{"id": 1, "name": "air", "color": "#000000"}, {"id": 2, "name": "background", "color": "#ffffff"}]
    annotate.client.put(f"{annotate.base}/classes", {"classes": renamed})
    accept(annotate, predict(annotate, snapshot=snapshot))
    np.testing.assert_array_equal(labels_of(annotate)[4], predicted()[4])


def test_a_class_that_the_volume_does_not_have_is_refused_by_name(annotate: RunningAnnotate) -> None:
    prediction = predict(annotate, {1: "background", 2: "pore"})
    with pytest.raises(UnknownClass, match="'pore'"):
        accept(annotate, prediction)
    assert not labels_of(annotate).any()


@pytest.mark.parametrize(
    ("fields", "error", "says"),
    [
        ({"where": "component"}, InvalidInput, "seed"),
        ({"where": "class"}, InvalidInput, "value"),
        ({"where": "region"}, InvalidInput, "box"),
        ({"where": "component", "seed": [3, 3, 5]}, InvalidInput, "z = 3"),
        ({"where": "component", "seed": [4, 0, 0], "confidence": 1.0}, InvalidInput, "lower confidence"),
        ({"where": "slice", "dims": 3}, InvalidInput, "box"),
        ({"where": "slice", "index": 9}, InvalidInput, "ends at 8"),
        ({"where": "slice", "confidence": 1.5}, InvalidInput, "confidence"),
        ({"where": "class", "value": 7}, UnknownClass, "no class 7"),
        ({"prediction": "nothing"}, PredictionNotFound, "nothing"),
    ],
)
def test_what_makes_no_sense_is_refused(annotate: RunningAnnotate, fields: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        accept(annotate, **({"prediction": predict(annotate)} | fields))
    assert not labels_of(annotate).any()


PLACE = {"axis": "z", "index": 4, "box": [[4, 5], [2, 9], [3, 30]]}


def test_flags_stand_until_somebody_has_looked(annotate: RunningAnnotate) -> None:
    (first,) = annotate.client.post(f"{annotate.base}/flags", PLACE)["flags"]
    assert {name: first[name] for name in PLACE} == PLACE
    assert annotate.client.post(f"{annotate.base}/flags", PLACE)["flags"] == [first], "twice is once"
    both = annotate.client.post(f"{annotate.base}/flags", {"axis": "z", "index": 5, "box": [[5, 6], [0, 20], [0, 31]]})["flags"]
    assert [flag["index"] for flag in both] == [4, 5]
    annotate.kill()
    annotate.start()
    assert annotate.client.get(f"{annotate.base}/flags")["flags"] == both
    assert annotate.client.request("DELETE", f"{annotate.base}/flags/{first['id']}").json()["flags"] == both[1:]
    assert annotate.client.get(f"{annotate.base}/flags")["flags"] == both[1:]
    with pytest.raises(NotFound, match="looked at"):
        annotate.client.delete(f"{annotate.base}/flags/{first['id']}")


def test_a_flag_outside_the_volume_is_refused(annotate: RunningAnnotate) -> None:
    with pytest.raises(InvalidStroke):
        annotate.client.post(f"{annotate.base}/flags", PLACE | {"box": [[4, 5], [2, 9], [3, 32]]})


def test_open_pages_hear_of_flags(annotate: RunningAnnotate) -> None:
    with listening(annotate) as events:
        annotate.client.post(f"{annotate.base}/flags", PLACE)
        wait_until(lambda: any(event == "flags" for event, _ in events))
    (told,) = [data["flags"] for event, data in events if event == "flags"]
    assert [flag["box"] for flag in told] == [PLACE["box"]]
