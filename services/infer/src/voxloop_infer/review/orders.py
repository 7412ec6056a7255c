"""What is asked of a review, frozen: checked, with every name resolved."""

from voxloop_infer.orders import checked_model, is_isotropic
from voxloop_infer.settings import InferSettings
from voxloop_shared.data.predictions import UNCERTAINTY, read_prediction
from voxloop_shared.data.volumes import read_info
from voxloop_shared.errors import InvalidInput
from voxloop_shared.nets.inputs import PLANE_AXES
from voxloop_shared.nets.store import find_model
from voxloop_shared.review import ACQUISITIONS, ReviewSpec
from voxloop_shared.schemas import Axis, ModelVersion, PredictionInfo, Schema, VolumeInfo
from voxloop_shared.workspace import Workspace

_SIDES = (16, 160)
"""A person sees at one glance what is in a square of so many voxels."""
_SIDE_STEP = 8
_SHARE = 3
"""So many squares lie side by side in the shorter edge of a slice."""


class ReviewOrder(Schema):
    """A review that can be done; `model` is there where its network is asked."""

    spec: ReviewSpec
    side: int
    axes: list[Axis]
    model: ModelVersion | None


def freeze_review(spec: ReviewSpec, settings: InferSettings) -> ReviewOrder:
    """Check a request and resolve its names; raises the VoxloopError that says what is wrong."""
    workspace = Workspace(settings.workspace)
    volume = read_info(workspace, spec.volume)
    needs = next(entry.needs for entry in ACQUISITIONS if entry.name == spec.acquisition)
    prediction = None if spec.prediction is None else read_prediction(workspace, spec.volume, spec.prediction)
    if prediction is None and needs != "nothing":
        raise InvalidInput(f"{spec.acquisition!r} chooses places by a prediction: predict the volume first, or choose 'random'")
    if needs == "uncertainty" and (prediction is None or UNCERTAINTY not in prediction.layers):
        raise InvalidInput(
            "this prediction had one voice only, which agrees with itself: predict along several planes, mirrored, or with an ensemble"
        )
    axes = spec.axes or default_axes(volume)
    model = _model_of(prediction, settings) if needs == "model" and prediction is not None else None
    return ReviewOrder(spec=spec, side=spec.side or default_side(volume, axes), axes=axes, model=model)


def default_axes(volume: VolumeInfo) -> list[Axis]:
    """Give the planes on which a person can tell what there is."""
    return ["z", "y", "x"] if is_isotropic(volume) and min(volume.shape) >= _SIDES[0] else ["z"]


def default_side(volume: VolumeInfo, axes: list[Axis]) -> int:
    """Give the side of a square that is seen at a glance and small beside a slice."""
    shortest = min(volume.shape[along] for axis in axes for along in PLANE_AXES[axis][1:])
    return max(_SIDES[0], min(_SIDES[1], shortest // _SHARE // _SIDE_STEP * _SIDE_STEP))


def _model_of(prediction: PredictionInfo, settings: InferSettings) -> ModelVersion:
    ref = prediction.model
    return checked_model(find_model(settings.socket_of("registry"), f"{ref.name}:{ref.version}"))
