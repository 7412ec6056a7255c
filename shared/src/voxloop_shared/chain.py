"""A post-processing chain: what is done to the classes of a prediction, declared as data; its JSON schema makes the page's form.

Each class is taken as a mask of its own, and the steps that name the class change that mask one after the other. Then all
masks are put together: where several claim a voxel the class of higher priority has it, and a voxel that its class gave up
and nobody claims becomes the fallback.
"""

import math
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from voxloop_shared.errors import InvalidInput, UnknownClass
from voxloop_shared.schemas import LAST_CLASS, UNLABELLED, LabelClass, Schema, VolumeInfo
from voxloop_shared.units import count_voxels

LARGEST_KERNEL = 31
LARGEST_SIGMA = 10.0
MOST_STEPS = 50

Extent = Annotated[
    Literal["slice", "volume"],
    Field(title="Extent", description="slice: each slice across z by itself (2D); volume: in 3D"),
]
ClassIds = Annotated[
    list[Annotated[int, Field(ge=1, le=LAST_CLASS)]] | None,
    Field(title="Classes", description="ids of the classes that the step changes; none: all but the fallback"),
]
Kernel = Annotated[
    int,
    Field(
        title="Kernel",
        ge=3,
        le=LARGEST_KERNEL,
        description="edge of the square or cube in voxels, an odd number",
        json_schema_extra={"odd": True},
    ),
]
Amount = Annotated[float, Field(gt=0, allow_inf_nan=False)]
AmountUnit = Annotated[
    Literal["voxels", "mm3", "ml"], Field(title="Unit", description="mm3 and ml need a volume whose voxel size has a physical unit")
]


class Step(Schema):
    """What all steps have: the classes that they change."""

    classes: ClassIds = None


class Range(Step):
    """Keep the voxels of a class whose intensity lies in a range, ends included."""

    kind: Literal["range"] = "range"
    low: float | None = Field(
        default=None, title="From", allow_inf_nan=False, description="in the volume's own values (HU in CT); none: no end"
    )
    high: float | None = Field(default=None, title="To", allow_inf_nan=False, description="in the volume's own values; none: no end")

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if self.low is None and self.high is None:
            raise ValueError("a range needs `low`, `high` or both")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"the range {self.low:g} … {self.high:g} is empty: `low` is above `high`")
        return self


class _Morphology(Step):
    """What the steps with a kernel have."""

    size: Kernel = 3
    extent: Extent = "slice"

    @field_validator("size")
    @classmethod
    def _has_a_middle(cls, size: int) -> int:
        if size % 2 == 0:
            raise ValueError(f"a kernel of {size} has no middle voxel: use {size - 1} or {size + 1}")
        return size


class Closing(_Morphology):
    """Close gaps narrower than the kernel: dilation, then erosion."""

    kind: Literal["closing"] = "closing"


class Opening(_Morphology):
    """Remove what is thinner than the kernel: erosion, then dilation."""

    kind: Literal["opening"] = "opening"


class Dilation(_Morphology):
    """Grow by half the kernel on all sides."""

    kind: Literal["dilation"] = "dilation"


class Erosion(_Morphology):
    """Shrink by half the kernel on all sides; the end of the volume is no side."""

    kind: Literal["erosion"] = "erosion"


class Majority(_Morphology):
    """Smooth: a voxel becomes what most voxels under the kernel are (a median filter of the mask)."""

    kind: Literal["majority"] = "majority"


class Gaussian(Step):
    """Smooth: blur the mask and cut it at one half."""

    kind: Literal["gaussian"] = "gaussian"
    sigma: float = Field(default=1.0, title="Sigma", gt=0, le=LARGEST_SIGMA, description="standard deviation of the Gaussian, in voxels")
    extent: Extent = "slice"


class RemoveSmall(Step):
    """Remove connected components (joined by faces) smaller than a size."""

    kind: Literal["remove_small"] = "remove_small"
    minimum: Amount = Field(default=64, title="Size", description="smallest component that stays")
    unit: AmountUnit = "voxels"
    extent: Extent = "volume"

    def voxels(self, volume: VolumeInfo) -> float:
        """Give the size in voxels; raises InvalidInput where voxels have no physical size."""
        return count_voxels(self.minimum, self.unit, volume)


class FillHoles(Step):
    """Fill what a class encloses: components outside it that do not reach the end of the slice or volume."""

    kind: Literal["fill_holes"] = "fill_holes"
    maximum: Amount | None = Field(default=None, title="Size", description="largest hole that is filled; none: any")
    unit: AmountUnit = "voxels"
    extent: Extent = "slice"

    def voxels(self, volume: VolumeInfo) -> float:
        """Give the size in voxels, infinity for any; raises InvalidInput where voxels have no physical size."""
        return math.inf if self.maximum is None else count_voxels(self.maximum, self.unit, volume)


class KeepLargest(Step):
    """Keep the largest connected components (joined by faces)."""

    kind: Literal["keep_largest"] = "keep_largest"
    count: int = Field(default=1, title="Count", ge=1, le=1000, description="how many are kept, in each slice or in all")
    extent: Extent = "volume"


AnyStep = Annotated[
    Range | Closing | Opening | Dilation | Erosion | Majority | Gaussian | RemoveSmall | FillHoles | KeepLargest,
    Field(discriminator="kind"),
]


class Chain(Schema):
    """The steps, in their order, and how the classes are put together afterwards."""

    steps: list[AnyStep] = Field(min_length=1, max_length=MOST_STEPS)
    fallback: int | None = Field(
        default=None,
        title="Removed voxels become",
        ge=UNLABELLED,
        le=LAST_CLASS,
        description="id of the class that voxels become which their class gave up; 0: unlabelled; none: the first class",
    )
    priority: list[int] = Field(
        default_factory=list,
        title="Priority",
        description="ids of classes, the one that wins first; those left out follow in the order of the classes, the fallback last",
    )

    def fallback_of(self, classes: list[LabelClass]) -> int:
        """Give the id that removed voxels get."""
        return classes[0].id if self.fallback is None else self.fallback

    def ranking(self, classes: list[LabelClass]) -> list[int]:
        """Give all class ids, the one that wins first; the fallback is last unless the chain says otherwise."""
        fallback = self.fallback_of(classes)
        rest = [entry.id for entry in classes if entry.id not in self.priority]
        return [*self.priority, *(number for number in rest if number != fallback), *(number for number in rest if number == fallback)]

    def steps_of(self, class_id: int, classes: list[LabelClass]) -> list[AnyStep]:
        """Give the steps that change a class."""
        is_fallback = class_id == self.fallback_of(classes)
        return [step for step in self.steps if (not is_fallback if step.classes is None else class_id in step.classes)]

    def check(self, classes: list[LabelClass], volume: VolumeInfo) -> None:
        """Raise UnknownClass for an id that is not among the classes, InvalidInput for a chain that changes no class of them.

        Sizes in mm³ and ml are refused, too, where the voxels of the volume have no physical size.
        """
        known = {entry.id for entry in classes}
        named = {number for step in self.steps for number in step.classes or []} | set(self.priority) | {self.fallback or 0}
        if unknown := sorted(named - known - {UNLABELLED}):
            raise UnknownClass(f"the prediction has no class {unknown[0]}: it has {', '.join(map(str, sorted(known)))}")
        if len(set(self.priority)) < len(self.priority) or UNLABELLED in self.priority:
            raise InvalidInput(f"the priority {self.priority} must name classes, each once")
        if not any(self.steps_of(number, classes) for number in known):
            raise InvalidInput("the chain changes no class: its steps name none")
        for step in self.steps:
            if isinstance(step, (RemoveSmall, FillHoles)):
                step.voxels(volume)


PRESETS: dict[str, Chain] = {
    "sarcopenia": Chain(
        steps=[
            Range(low=-29, high=150),
            Closing(size=3, extent="slice"),
            RemoveSmall(minimum=0.5, unit="ml", extent="slice"),
            Dilation(size=3, extent="volume"),
            Range(low=-29, high=150),
        ]
    ),
    "tidy": Chain(steps=[RemoveSmall(minimum=64, unit="voxels", extent="volume"), FillHoles(extent="slice")]),
}
"""`sarcopenia`: muscle in CT, intensities in HU, as in the DeepAnatomy report. `tidy`: no specks, no holes."""


def preset(name: str) -> Chain:
    """Give a chain by its name; raises InvalidInput."""
    if name not in PRESETS:
        raise InvalidInput(f"no preset {name!r}: there are {', '.join(PRESETS)}")
    return PRESETS[name]


def describe_chains() -> dict[str, Any]:
    """Give what a form needs: the JSON schema of a chain and the presets."""
    presets = {name: chain.model_dump(mode="json") for name, chain in PRESETS.items()}
    return {"schema": Chain.model_json_schema(), "presets": presets}
