"""What is asked of a prediction or preview, and the same frozen: checked, with every name resolved."""

from typing import Literal

from voxloop_infer.settings import InferSettings
from voxloop_shared.data.volumes import read_info
from voxloop_shared.errors import InvalidInput, TooLarge
from voxloop_shared.files import remove_leftovers
from voxloop_shared.nets.store import find_model
from voxloop_shared.schemas import Axis, ModelVersion, Schema, VolumeInfo
from voxloop_shared.workspace import Workspace

Planes = Literal["z", "zyx"]
Region2D = tuple[tuple[int, int], tuple[int, int]]
"""First and last row (exclusive), first and last column, in voxels of level 0."""

_LEARNERS = ("unet", "instant")
_LARGEST_PREVIEW = 2048 * 2048
_LARGEST_CROSS_PREVIEW = 512 * 512
"""Across the network's slices every row costs a strip of another slice."""
_PLANE_OF: dict[Axis, tuple[int, int, int]] = {"z": (0, 1, 2), "y": (1, 0, 2), "x": (2, 0, 1)}


class PredictSpec(Schema):
    """A request to predict a whole volume; without `planes` those of the model."""

    volume: str
    model: str
    planes: Planes | None = None


class PredictOrder(Schema):
    """A prediction that can be done: the model is one version."""

    volume: str
    model: ModelVersion
    planes: Planes


class PreviewSpec(Schema):
    """A request for a region of one slice; rows and columns are (y, x) on axis z, (z, x) on y, (z, y) on x."""

    volume: str
    model: str
    axis: Axis = "z"
    index: int
    region: Region2D | None = None


class PreviewOrder(Schema):
    """A preview that can be computed."""

    volume: str
    model: ModelVersion
    axis: Axis
    index: int
    region: Region2D


def freeze(spec: PredictSpec, settings: InferSettings) -> PredictOrder:
    """Check a request and resolve its names; raises the VoxloopError that says what is wrong."""
    read_info(Workspace(settings.workspace), spec.volume)
    model = checked_model(find_model(settings.socket_of("registry"), spec.model))
    planes = spec.planes or model.manifest.planes
    if planes == "nine":
        raise InvalidInput("planes 'nine' will come later: use 'z' or 'zyx'")
    return PredictOrder(volume=spec.volume, model=model, planes=planes)


def freeze_preview(spec: PreviewSpec, settings: InferSettings) -> PreviewOrder:
    """Check a request for a preview; raises the VoxloopError that says what is wrong."""
    volume = read_info(Workspace(settings.workspace), spec.volume)
    model = checked_model(find_model(settings.socket_of("registry"), spec.model))
    region = checked_region(spec, volume)
    (top, bottom), (left, right) = region
    allowed = _LARGEST_PREVIEW if spec.axis in model.manifest.planes else _LARGEST_CROSS_PREVIEW
    if (bottom - top) * (right - left) > allowed:
        raise TooLarge(f"a preview of {bottom - top}×{right - left} voxels is too large: ask for at most {allowed}")
    return PreviewOrder(volume=spec.volume, model=model, axis=spec.axis, index=spec.index, region=region)


def checked_model(model: ModelVersion) -> ModelVersion:
    """Pass a model through that this service can run; raises InvalidInput."""
    if model.manifest.learner not in _LEARNERS:
        raise InvalidInput(f"this service cannot run models of learner {model.manifest.learner!r}")
    if model.manifest.architecture.get("classes") != len(model.manifest.classes):
        raise InvalidInput(f"model {model.name}:{model.version} contradicts itself: its network has other classes than its manifest")
    return model


def checked_region(spec: PreviewSpec, volume: VolumeInfo) -> Region2D:
    """Give the region, the whole slice by default; raises InvalidInput for what lies outside the volume."""
    depth, rows, columns = (volume.shape[a] for a in _PLANE_OF[spec.axis])
    if not 0 <= spec.index < depth:
        raise InvalidInput(f"no slice {spec.axis}={spec.index}: the volume has {spec.axis}=0..{depth - 1}")
    region = spec.region or ((0, rows), (0, columns))
    for (start, stop), length, name in zip(region, (rows, columns), ("rows", "columns"), strict=True):
        if not 0 <= start < stop <= length:
            raise InvalidInput(f"{name} {start}:{stop} do not lie inside the slice, whose {name} are 0:{length}")
    return region


def remove_half_predictions(workspace: Workspace) -> None:
    """Delete what jobs of an earlier process have left half written."""
    for folder in workspace.predictions.glob("*/"):
        remove_leftovers(folder)
