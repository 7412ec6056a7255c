"""A prediction that is still being written is shown as far as it is, and infer's previews pass through."""

from datetime import UTC, datetime

import numpy as np
import pytest

from tests.annotate.conftest import RunningAnnotate
from voxloop_annotate import library
from voxloop_annotate.catalogue import Catalogue
from voxloop_shared.data import drafts
from voxloop_shared.data.drafts import Draft
from voxloop_shared.errors import NotFound, ServiceUnavailable
from voxloop_shared.files import keep_folder
from voxloop_shared.schemas import ModelRef, PredictionInfo, VolumeInfo

LAYERS = ("class", "confidence", "uncertainty")


def info_of(volume: VolumeInfo) -> PredictionInfo:
    return PredictionInfo(
        id="growing", volume=volume.id, model=ModelRef(name="unet", version=1, digest="0" * 64), snapshot="S", planes="zyx", job="growing",
        classes=[], levels=volume.levels, author="test", created=datetime.now(UTC), duration_s=1.0, layers=list(LAYERS),
    )  # fmt: skip


def test_what_is_written_of_a_prediction_is_shown_at_once(annotate: RunningAnnotate) -> None:
    volume = VolumeInfo.model_validate(annotate.client.get(annotate.base))
    draft = Draft.open(annotate.workspace, volume, info_of(volume), LAYERS)

    def plane(layer: str, index: int) -> np.ndarray:
        route = f"{annotate.base}/predictions/growing/{layer}?axis=z&index={index}"
        return np.frombuffer(annotate.client.request("GET", route).content, np.uint8)

    def listed() -> dict[str, object]:
        (found,) = annotate.client.get(f"{annotate.base}/predictions")["predictions"]
        return found

    assert listed()["partial"]
    assert not plane("class", 0).any()
    for part, number in ((slice(0, 4), 3), (slice(4, 9), 5)):
        region = (part, slice(0, 20), slice(0, 31))
        draft.write(region, {layer: np.full((part.stop - part.start, 20, 31), number, np.uint8) for layer in LAYERS})
        assert (plane("class", part.start) == number).all()
        assert (plane("uncertainty", part.start) == number).all()
    assert plane("class", 0).tolist() != plane("class", 8).tolist()
    draft.keep(info_of(volume))
    assert not listed()["partial"]
    assert (plane("confidence", 8) == 5).all()
    with pytest.raises(NotFound, match="no layer"):
        plane("colour", 0)


@pytest.mark.parametrize("moment", ["level_array", "read_plane"])
def test_a_prediction_that_becomes_whole_while_it_is_read_is_read_as_a_whole(workspace, make_volume, monkeypatch, moment: str) -> None:
    volume = make_volume("rock", array=np.zeros((9, 20, 31), np.uint8))
    draft = Draft.open(workspace, volume, info_of(volume), LAYERS)
    everything = tuple(slice(0, length) for length in volume.shape)
    draft.write(everything, {layer: np.full(volume.shape, 7, np.uint8) for layer in LAYERS})
    then, reads = getattr(library, moment), []

    def finish_first(*arguments):
        if not reads:
            draft.keep(info_of(volume))
        reads.append(arguments)
        return then(*arguments)

    monkeypatch.setattr(library, moment, finish_first)
    shelf = library.Library(workspace, Catalogue(workspace.database), 1 << 20)
    assert (shelf.prediction_slice(volume.id, "growing", "class", "z", 4, 0) == 7).all()
    assert len(reads) == 2


def test_a_prediction_is_shown_while_its_draft_is_being_moved(workspace, make_volume, monkeypatch) -> None:
    volume = make_volume("rock", array=np.zeros((9, 20, 31), np.uint8))
    draft = Draft.open(workspace, volume, info_of(volume), LAYERS)
    draft.write(tuple(slice(0, length) for length in volume.shape), {layer: np.full(volume.shape, 7, np.uint8) for layer in LAYERS})
    shelf = library.Library(workspace, Catalogue(workspace.database), 1 << 20)
    seen = []

    def look_and_move(*paths):
        seen.append((shelf.prediction(volume.id, "growing").partial, shelf.prediction_slice(volume.id, "growing", "class", "z", 4, 0)))
        keep_folder(*paths)

    monkeypatch.setattr(drafts, "keep_folder", look_and_move)
    draft.keep(info_of(volume))
    ((is_partial, plane),) = seen
    assert is_partial
    assert (plane == 7).all()
    assert not shelf.prediction(volume.id, "growing").partial


def test_a_preview_is_passed_on_to_infer(annotate: RunningAnnotate) -> None:
    with pytest.raises(ServiceUnavailable):
        annotate.client.post(f"{annotate.base}/preview", {"model": "rocks", "index": 0})


def test_a_job_can_be_paused_through_the_page(annotate: RunningAnnotate) -> None:
    with pytest.raises(ServiceUnavailable):
        annotate.client.post("/api/jobs/infer/some-job/pause", {})
