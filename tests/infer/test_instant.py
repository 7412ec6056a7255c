"""Models that read features: previews and predictions by the service, and the same numbers however they are come by."""

import numpy as np
import pytest
from cachetools import LRUCache

from tests.infer.conftest import IDS
from tests.infer.test_classifying import SHAPE, balanced_state, pixel_model, voxels
from tests.infer.test_jobs import ended
from tests.infer.test_preview import preview
from voxloop_infer.reading import Image, Shelf
from voxloop_infer.voting import vote
from voxloop_shared.data.predictions import open_prediction

ARCHITECTURE = {"kind": "pixel", "classes": 3, "is_3d": True, "scales": 3, "width": 16, "smoothing": 0}


@pytest.fixture
def rock(publish, make_volume):
    publish(state=balanced_state(ARCHITECTURE), learner="instant", architecture=ARCHITECTURE)
    return make_volume("rock", array=voxels())


def test_a_preview_shows_what_the_prediction_will_be(infer, rock, workspace):
    done = ended(infer, infer.post("/jobs", {"volume": "rock", "model": "rocks"}))
    assert done["state"] == "succeeded", done["error"]
    predicted = np.asarray(open_prediction(workspace, "rock", done["id"])[1]["class/0"])
    assert len(np.unique(predicted)) == len(IDS)
    for axis, index in (("z", 17), ("z", 18), ("y", 45), ("x", 69)):
        expected = predicted.take(index, "zyx".index(axis))
        assert (preview(infer, axis=axis, index=index)[0] == expected).mean() > 0.999  # sums in another order may tip a voxel
        part = preview(infer, axis=axis, index=index, region=[[5, 30], [8, 33]])[0]
        assert (part == expected[5:30, 8:33]).mean() > 0.999


@pytest.mark.parametrize("is_3d", [True, False])
def test_what_is_kept_of_one_slice_serves_the_next_and_changes_nothing(is_3d):
    model, image, read = pixel_model(is_3d=is_3d), voxels(), []

    def note(region):
        read.append(np.prod([part.stop - part.start for part in region]))
        return image[region]

    shelf = Shelf(LRUCache(64 << 20, getsizeof=lambda features: features.nbytes), "rock")
    for z in (17, 18, 17):
        region = np.s_[z : z + 1, 20:60, 10:50]
        kept = vote([model], Image(note, SHAPE, shelf=shelf, flat=0), region, "z")
        fresh = vote([model], Image(image.__getitem__, SHAPE, flat=0), region, "z")
        assert (kept.numbers == fresh.numbers).mean() > 0.999
        assert np.abs(kept.confidence.astype(int) - fresh.confidence).max() <= 2
    if is_3d:
        assert len(read) == 3  # what lies around both slices, and then near each: the third look reads nothing
        assert max(read[1:]) < read[0] / 2
    else:
        assert len(read) == 4  # slices know nothing of each other
