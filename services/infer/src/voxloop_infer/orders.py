"""What is asked of a prediction or preview, and the same frozen: checked, with every name resolved."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from voxloop_infer.postprocessing.plan import plan_chain
from voxloop_infer.settings import InferSettings
from voxloop_shared.chain import Chain
from voxloop_shared.data.volumes import read_info
from voxloop_shared.errors import InvalidInput
from voxloop_shared.live import Unpublished
from voxloop_shared.nets.store import find_model
from voxloop_shared.schemas import Axis, Level, ModelVersion, Schema, VolumeInfo
from voxloop_shared.workspace import Workspace

Planes = Literal["z", "zyx", "nine"]
Voxel = tuple[int, int, int]
Region2D = tuple[tuple[int, int], tuple[int, int]]
"""First and last row (exclusive), first and last column, in voxels of level 0."""

_LEARNERS = ("unet", "instant")
_MOST_MODELS = 8
_ISOTROPIC = 2.0
"""Voxels at least so many times as long one way as another make planes across the long way useless."""
PLANE_OF: dict[Axis, tuple[int, int, int]] = {"z": (0, 1, 2), "y": (1, 0, 2), "x": (2, 0, 1)}


class PredictSpec(Schema):
    """A request to predict a whole volume by a model, or by several together (`models`).

    Without `planes` those of the model, or z where the voxels are not about as long as wide; around `focus` (z, y, x) the volume is
    predicted first; with `flips` each slice is seen in four mirror images. `chain` is applied at the end, and makes a second prediction.
    """

    volume: str
    model: str | None = None
    models: list[str] = Field(default=[], max_length=_MOST_MODELS)
    planes: Planes | None = None
    flips: bool = False
    focus: Voxel | None = None
    chain: Chain | None = None

    @model_validator(mode="after")
    def _names_models_once(self) -> Self:
        if (self.model is None) != bool(self.models):
            raise ValueError("name a model, or several as `models`")
        return self


class PredictOrder(Schema):
    """A prediction that can be done: the models are single versions, whose classes agree."""

    volume: str
    models: list[ModelVersion] = Field(min_length=1)
    planes: Planes
    flips: bool = False
    focus: Voxel | None = None
    chain: Chain | None = None


class PreviewSpec(Schema):
    """A request for a region of one slice; rows and columns are (y, x) on axis z, (z, x) on y, (z, y) on x.

    The answer has the resolution of `level`. Of one `client` only the newest request is answered. `model` is a name, or describes
    weights that no version names yet (live mode).
    """

    volume: str
    model: str | Unpublished
    axis: Axis = "z"
    index: int
    region: Region2D | None = None
    level: int = Field(default=0, ge=0)
    client: str | None = Field(default=None, max_length=80)


class PreviewOrder(Schema):
    """A preview that can be computed."""

    volume: str
    model: ModelVersion
    axis: Axis
    index: int
    region: Region2D
    level: int


def freeze(spec: PredictSpec, settings: InferSettings) -> PredictOrder:
    """Check a request and resolve its names; raises the VoxloopError that says what is wrong."""
    volume = read_info(Workspace(settings.workspace), spec.volume)
    names = [spec.model] if spec.model is not None else spec.models
    models = [checked_model(find_model(settings.socket_of("registry"), name)) for name in names]
    check_classes_agree(models)
    if spec.focus is not None and not all(0 <= place < length for place, length in zip(spec.focus, volume.shape, strict=True)):
        raise InvalidInput(f"focus {spec.focus} lies outside the volume, whose shape is {volume.shape}")
    if spec.chain is not None:
        plan_chain(spec.chain, models[0].manifest.classes, volume)  # raises for a chain that these classes cannot have
    planes = spec.planes or default_planes(models, volume)
    return PredictOrder(volume=spec.volume, models=models, planes=planes, flips=spec.flips, focus=spec.focus, chain=spec.chain)


def freeze_preview(spec: PreviewSpec, settings: InferSettings) -> PreviewOrder:
    """Check a request for a preview; raises the VoxloopError that says what is wrong."""
    volume = read_info(Workspace(settings.workspace), spec.volume)
    named = spec.model.as_version() if isinstance(spec.model, Unpublished) else find_model(settings.socket_of("registry"), spec.model)
    model = checked_model(named)
    if spec.level >= len(volume.levels):
        raise InvalidInput(f"no level {spec.level}: the pyramid has levels 0 to {len(volume.levels) - 1}")
    region = checked_region(spec, volume)
    return PreviewOrder(volume=spec.volume, model=model, axis=spec.axis, index=spec.index, region=region, level=spec.level)


def checked_model(model: ModelVersion) -> ModelVersion:
    """Pass a model through that this service can run; raises InvalidInput."""
    if model.manifest.learner not in _LEARNERS:
        raise InvalidInput(f"this service cannot run models of learner {model.manifest.learner!r}")
    if _classes_of(model.manifest.architecture) != len(model.manifest.classes):
        raise InvalidInput(f"model {model.name}:{model.version} contradicts itself: its network has other classes than its manifest")
    return model


def check_classes_agree(models: list[ModelVersion]) -> None:
    """Raise InvalidInput unless all models tell the same classes, by number and name."""
    first, *others = models
    classes = {entry.id: entry.name for entry in first.manifest.classes}
    for other in others:
        theirs = {entry.id: entry.name for entry in other.manifest.classes}
        if theirs != classes:
            raise InvalidInput(
                f"{first.name}:{first.version} and {other.name}:{other.version} cannot be fused, for their classes differ: "
                f"{_told(classes, theirs)} and {_told(theirs, classes)}"
            )


def default_planes(models: list[ModelVersion], volume: VolumeInfo) -> Planes:
    """Give the planes that the first model was made for, z where the volume's voxels do not allow others."""
    return models[0].manifest.planes if is_isotropic(volume) else "z"


def checked_region(spec: PreviewSpec, volume: VolumeInfo) -> Region2D:
    """Give the region, the whole slice by default; raises InvalidInput for what lies outside the volume."""
    depth, rows, columns = (volume.shape[a] for a in PLANE_OF[spec.axis])
    if not 0 <= spec.index < depth:
        raise InvalidInput(f"no slice {spec.axis}={spec.index}: the volume has {spec.axis}=0..{depth - 1}")
    region = spec.region or ((0, rows), (0, columns))
    for (start, stop), length, name in zip(region, (rows, columns), ("rows", "columns"), strict=True):
        if not 0 <= start < stop <= length:
            raise InvalidInput(f"{name} {start}:{stop} do not lie inside the slice, whose {name} are 0:{length}")
    return region


def preview_spans(order: PreviewOrder, level: Level) -> Region2D:
    """Give the rows and columns of a preview in the voxels of a level."""
    _, *steps = (level.scale[a] for a in PLANE_OF[order.axis])
    rows, columns = ((start // step, -(-stop // step)) for (start, stop), step in zip(order.region, steps, strict=True))
    return rows, columns


def is_isotropic(volume: VolumeInfo) -> bool:
    """Say whether voxels are about as long one way as another."""
    return max(volume.voxel_size) < _ISOTROPIC * min(volume.voxel_size)


def _classes_of(architecture: dict[str, Any]) -> object:
    """Give the number of classes that a network tells; an ensemble's is its member's."""
    return architecture.get("member", architecture).get("classes")


def _told(classes: dict[int, str], others: dict[int, str]) -> str:
    return ", ".join(f"{number} {name!r}" for number, name in classes.items() if others.get(number) != name) or "nothing else"
