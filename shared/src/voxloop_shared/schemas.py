"""What travels between the services: classes, volumes, strokes, models, predictions."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from voxloop_shared.errors import NewerManifest

UNLABELLED = 0
UNCERTAIN = 255
LAST_CLASS = 250
MANIFEST_SCHEMA = 1
"""The newest schema of manifests that this voxloop knows."""

Axis = Literal["z", "y", "x"]
Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
"""Half-open bounds in level-0 voxels, axes (z, y, x)."""


class Schema(BaseModel):
    """A message; unknown fields are refused, so that a typing error is seen."""

    model_config = ConfigDict(extra="forbid")


class LabelClass(Schema):
    """Something to segment; background is a class like any other."""

    id: int = Field(ge=1, le=LAST_CLASS)
    name: str = Field(min_length=1, max_length=80)
    color: str = Field(pattern=r"^#[0-9a-fA-F]{6}$")


class Level(Schema):
    """One resolution of a pyramid."""

    shape: tuple[int, int, int]
    scale: tuple[int, int, int] = Field(description="level-0 voxels per voxel of this level, (z, y, x)")


class Intensity(Schema):
    """What the voxel values look like, NaN and infinity left out."""

    min: float
    max: float
    mean: float
    std: float
    percentiles: dict[str, float]


class VolumeInfo(Schema):
    """A volume without its voxels; axes are (z, y, x)."""

    id: str
    name: str
    shape: tuple[int, int, int]
    dtype: str
    voxel_size: tuple[float, float, float]
    unit: str
    levels: list[Level]
    intensity: Intensity
    digest: str
    source: str
    created: datetime


class OverwriteRule(Schema):
    """Which voxels may be painted over: all, only unlabelled ones, those and the ones accepted from a prediction, or only those of the
    class `replaces`."""

    overwrite: Literal["all", "unlabelled", "accepted", "class"] = "all"
    replaces: int | None = Field(default=None, ge=0, le=UNCERTAIN)

    @model_validator(mode="after")
    def _names_the_class(self) -> Self:
        if (self.overwrite == "class") != (self.replaces is not None):
            raise ValueError("`replaces` names the class that is painted over, and goes with overwrite = class")
        return self


class Stroke(OverwriteRule):
    """One annotation operation: the voxels of `box` that `runs` marks become `value`.

    `runs` are run lengths over the box in C order, alternating unmarked and marked, unmarked first.
    """

    id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    tool: str = Field(min_length=1, max_length=40)
    value: int = Field(ge=0, le=UNCERTAIN)
    axis: Axis = "z"
    index: int = Field(default=0, ge=0)
    box: Box
    runs: list[int]
    intensity: tuple[float, float] | None = Field(
        default=None, description="paint only voxels whose value lies in this range, ends included"
    )
    from_prediction: str | None = Field(
        default=None,
        max_length=80,
        description="take each voxel's class from this prediction instead of `value`; where it has none, nothing",
    )
    confidence: float = Field(default=0.0, ge=0, le=1, description="with `from_prediction`: only voxels predicted with at least this")


class ModelRef(Schema):
    """One immutable model version."""

    name: str
    version: int
    digest: str


class Normalisation(Schema):
    """How voxel values become network input: (value - center) / scale."""

    center: float
    scale: float = Field(gt=0)


class Manifest(Schema):
    """Everything needed to run and to trust a model."""

    schema_version: Literal[1] = 1
    learner: str
    architecture: dict[str, Any]
    classes: list[LabelClass] = Field(min_length=2)
    axes: str = "zyx"
    normalisation: Normalisation
    planes: Literal["z", "zyx", "nine"] = "z"
    volume: str
    volume_digest: str
    voxel_size: tuple[float, float, float]
    unit: str
    snapshot: str
    settings: dict[str, Any]
    metrics: dict[str, Any]
    parent: str | None = None
    job: str | None = None
    author: str
    code_version: str
    hardware: str
    duration_s: float
    created: datetime


class Deletion(Schema):
    """Who deleted a model version, and when; its weights may have been collected since."""

    by: str
    at: datetime
    is_purged: bool


class ModelEntry(Schema):
    """The place of a model version in the registry."""

    name: str
    version: int
    digest: str = Field(description="sha256 of the safetensors file")
    size: int = Field(description="bytes of the safetensors file")
    aliases: list[str]
    author: str
    created: datetime
    runnable: bool = Field(default=True, description="false: a newer voxloop described it, and it is only shown")
    description: str = ""
    tags: list[str] = []
    deleted: Deletion | None = None

    @property
    def ref(self) -> ModelRef:
        """Give the model's address."""
        return ModelRef(name=self.name, version=self.version, digest=self.digest)


class ModelRecord(ModelEntry):
    """A model version to be shown: its manifest may be newer than this voxloop."""

    manifest: dict[str, Any]


class ModelVersion(ModelEntry):
    """A model version to be run."""

    manifest: Manifest

    @classmethod
    def read(cls, record: Any) -> Self:
        """Read what the registry answers; raises NewerManifest for what this voxloop cannot run."""
        found = ModelRecord.model_validate(record)
        if not found.runnable:
            newer = found.manifest.get("schema_version")
            raise NewerManifest(
                f"{found.name}:{found.version} was described by a newer voxloop (manifest schema {newer}, this one knows "
                f"{MANIFEST_SCHEMA}): update voxloop to run it"
            )
        return cls.model_validate(record)


class PredictionInfo(Schema):
    """Class and confidence per voxel of a volume, made by one model version, or by several together."""

    id: str
    volume: str
    model: ModelRef
    snapshot: str
    planes: str
    job: str | None
    classes: list[LabelClass]
    levels: list[Level]
    author: str
    created: datetime
    duration_s: float
    models: list[ModelRef] = Field(default=[], description="all of them, where several were fused; `model` is the first")
    flips: bool = Field(default=False, description="each slice was seen mirrored, too")
    chain: dict[str, Any] | None = Field(default=None, description="the post-processing that made it (see chain.py)")
    source: str | None = Field(default=None, description="the prediction that it was made from by post-processing")
    layers: list[str] = Field(default=["class", "confidence"], description="what there is of each voxel")
    partial: bool = Field(default=False, description="it is still being written: where class is 0 nothing is predicted yet")
