"""Reviews as a service: jobs that propose places, for both learners, and what is refused."""

from datetime import UTC, datetime

import numpy as np
import pytest

from tests.infer.conftest import IDS, manifest_of, random_model, voxels
from tests.infer.test_jobs import ended
from voxloop_infer.model import Model
from voxloop_infer.reading import Image
from voxloop_infer.review.candidates import Candidates, survey
from voxloop_infer.review.embedding import embed
from voxloop_infer.review.planes import Plane, choose_level, choose_slices, opener, read_planes
from voxloop_shared.data.predictions import finish_prediction, new_prediction, open_prediction
from voxloop_shared.data.volumes import open_volume
from voxloop_shared.errors import InvalidInput, ModelNotFound, PredictionNotFound, VolumeNotFound
from voxloop_shared.review import Place
from voxloop_shared.schemas import LabelClass, ModelRef, PredictionInfo

SHAPE = (40, 72, 64)
CLASSES = [LabelClass(id=n, name=f"class {n}", color="#112233") for n in IDS]
DOUBT = (slice(18, 24), slice(30, 50), slice(20, 40))


def predict(workspace, volume, model: ModelRef) -> None:
    """Put a prediction that is unsure in one corner between 7 and 9."""
    numbers, confidence = np.full(SHAPE, 2, np.uint8), np.full(SHAPE, 240, np.uint8)
    numbers[DOUBT], confidence[DOUBT] = 7, 120
    numbers[:, 30:40, 20:40][18:24] = 9
    info = PredictionInfo(
        id="p1", volume=volume.id, model=model, snapshot="S", planes="z", job="j1", classes=CLASSES, levels=volume.levels, author="ada",
        created=datetime.now(UTC), duration_s=1,
    )  # fmt: skip
    with new_prediction(workspace, volume, "p1") as group:
        group["class/0"][:], group["confidence/0"][:] = numbers, confidence
        finish_prediction(group, volume, info)


@pytest.fixture
def rock(make_volume, workspace, publish):
    volume = make_volume("rock", array=voxels(SHAPE))
    predict(workspace, volume, publish(in_channels=3).ref)
    return volume


def reviewed(infer, **changes) -> list[Place]:
    spec = {"volume": "rock", "prediction": "p1", "side": 16, "count": 5} | changes
    done = ended(infer, infer.post("/jobs/review", spec))
    assert (done["state"], done["kind"]) == ("succeeded", "review"), done["error"]
    return [Place.model_validate(place) for place in done["result"]["places"]]


def test_a_job_leads_to_where_the_model_is_unsure_and_says_so(infer, rock):
    first = reviewed(infer, acquisition="entropy")[0]
    overlap = [min(stop, of.stop) - max(start, of.start) for (start, stop), of in zip(first.box, DOUBT, strict=True)]
    assert min(overlap) > 0
    assert first.box["zyx".index(first.axis)] == (first.index, first.index + 1)
    assert first.reason == "model unsure between class 7 and class 9 here: mean confidence 0.47"
    assert reviewed(infer, acquisition="entropy")[0] == first


@pytest.mark.parametrize("acquisition", ["combined", "balanced", "coreset", "random"])
def test_every_function_proposes_places_inside_the_volume(infer, rock, acquisition):
    places = reviewed(infer, acquisition=acquisition)
    assert len(places) == 5
    assert {place.acquisition for place in places} == {acquisition}
    for place in places:
        assert all(0 <= start < stop <= length for (start, stop), length in zip(place.box, SHAPE, strict=True))
        assert place.reason


def test_random_places_need_no_prediction(infer, rock):
    places = reviewed(infer, prediction=None, acquisition="random", axes=["y"], seed=4)
    assert {place.axis for place in places} == {"y"}
    assert {place.reason for place in places} == {"drawn at random"}


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"volume": "nowhere"}, VolumeNotFound, "nowhere"),
        ({"prediction": "p7"}, PredictionNotFound, "p7"),
        ({"prediction": None, "acquisition": "entropy"}, InvalidInput, "random"),
        ({"acquisition": "disagreement"}, InvalidInput, "one voice only"),
        ({"acquisition": "oracle"}, InvalidInput, "acquisition"),
        ({"count": 0}, InvalidInput, "count"),
    ],
)
def test_refuses_at_once_what_cannot_be_done(infer, rock, change, error, said):
    with pytest.raises(error) as refusal:
        infer.post("/jobs/review", {"volume": "rock", "prediction": "p1"} | change)
    assert said in f"{refusal.value.message} {refusal.value.detail}"
    assert infer.get("/jobs") == []


def test_a_network_that_is_gone_cannot_be_asked_what_looks_alike(infer, make_volume, workspace):
    predict(workspace, make_volume("rock", array=voxels(SHAPE)), ModelRef(name="lost", version=3, digest="d"))
    with pytest.raises(ModelNotFound):
        infer.post("/jobs/review", {"volume": "rock", "prediction": "p1", "acquisition": "coreset"})
    assert len(reviewed(infer, acquisition="entropy")) == 5


def test_planes_are_those_of_the_volume_read_one_at_a_time(rock, workspace):
    (_, image), (_, prediction) = open_volume(workspace, "rock"), open_prediction(workspace, "rock", "p1")
    slices = choose_slices(SHAPE, ["z", "y", "x"], seed=0, most=9)
    for plane in read_planes(slices, rock.levels, 16, ["image", "classes", "confidence"], opener(image, prediction)):
        along = "zyx".index(plane.axis)
        np.testing.assert_array_equal(plane.classes, np.asarray(prediction["class/0"]).take(plane.index, along))
        np.testing.assert_array_equal(plane.image, np.asarray(image["0"]).take(plane.index, along))
        assert plane.extent == plane.classes.shape


def test_large_slices_are_looked_at_on_a_coarse_level_and_small_squares_on_a_fine_one(make_volume):
    levels = make_volume("rock", shape=(4, 1500, 1500)).levels
    assert len(levels) > 2
    assert [choose_level(levels, "z", side) for side in (16, 128)] == [0, 1]


@pytest.mark.parametrize(
    "architecture",
    [
        {"in_channels": 3, "classes": 3, "width": 4, "depth": 2},
        {"kind": "ensemble", "members": 2, "member": {"in_channels": 1, "classes": 3, "width": 4, "depth": 2}},
        {"kind": "pixel", "classes": 3, "scales": 3, "width": 8},
    ],
    ids=["unet", "ensemble", "instant"],
)
def test_networks_tell_what_looks_alike(architecture):
    array = np.where(np.arange(96) < 48, voxels((20, 96, 96)), 100).astype(np.uint8)
    model = model_of(architecture)
    squares = survey([Plane("z", 10, (96, 96), (1, 1), image=array[10])], 32, [])
    found = embed(model, Image(array.__getitem__, array.shape), squares)
    assert len(found) == len(squares)
    assert np.isfinite(found).all()
    left, right = (np.flatnonzero(mask) for mask in (squares.boxes[:, 2, 1] <= 32, squares.boxes[:, 2, 0] >= 64))
    gap = np.linalg.norm(found[left].mean(axis=0) - found[right].mean(axis=0))
    assert gap > 3 * np.linalg.norm(found[right] - found[right].mean(axis=0), axis=1).max()


def model_of(architecture: dict) -> Model:
    if "kind" not in architecture:
        return random_model(in_channels=architecture["in_channels"])
    import torch

    from tests.infer.conftest import EXACT
    from voxloop_shared.nets.architectures import build_network

    torch.manual_seed(0)
    manifest = manifest_of(architecture=architecture, learner="instant")
    return Model(manifest, build_network(architecture).state_dict(), EXACT)


def test_candidates_can_be_taken_and_joined(rock):
    squares = survey([Plane("z", 1, (40, 40), (1, 1), image=np.zeros((40, 40)))], 16, [])
    again = Candidates.joined([squares.take(np.arange(3)), squares.take(np.arange(3, len(squares)))])
    np.testing.assert_array_equal(again.boxes, squares.boxes)
