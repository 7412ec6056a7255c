"""A prediction that is still being written is shown as far as it is, and infer's previews pass through."""

from datetime import UTC, datetime

import numpy as np
import pytest

from tests.annotate.conftest import RunningAnnotate
from voxloop_shared.data.drafts import Draft
from voxloop_shared.errors import NotFound, ServiceUnavailable
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


def test_a_preview_is_passed_on_to_infer(annotate: RunningAnnotate) -> None:
    with pytest.raises(ServiceUnavailable):
        annotate.client.post(f"{annotate.base}/preview", {"model": "rocks", "index": 0})


def test_a_job_can_be_paused_through_the_page(annotate: RunningAnnotate) -> None:
    with pytest.raises(ServiceUnavailable):
        annotate.client.post("/api/jobs/infer/some-job/pause", {})
