"""Orders: what the page asks to be filled."""

from typing import Annotated, Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from voxloop_annotate.annotations import LabelState
from voxloop_shared.schemas import UNCERTAIN, Axis, Box, OverwriteRule

Place = tuple[int, int, int]
ClassValue = Annotated[int, Field(ge=1, le=UNCERTAIN)]
"""Voxels that can be looked for: of a class, or uncertain."""


class _Order(OverwriteRule):
    """What all fills have in common; they are named after the slice `index` across `axis`."""

    id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    axis: Axis = "z"
    index: int = Field(ge=0)


class Flood(_Order):
    """Fill what is joined to a voxel and as bright, to a tolerance; in a plane, or in a box that may stick out of the volume."""

    kind: Literal["flood"]
    value: int = Field(ge=0, le=UNCERTAIN)
    seed: Place = Field(description="(z, y, x), level 0")
    tolerance: FiniteFloat = Field(ge=0, description="how far a voxel's value may lie from the seed's")
    dims: Literal[2, 3] = 2
    box: Box | None = None


class Interpolate(_Order):
    """Fill the slices between two that hold a class; those nearest to `index` when none are given."""

    kind: Literal["interpolate"]
    value: ClassValue
    between: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]] | None = None


class Copy(_Order):
    """Copy one class, or all (None), from another slice; from the nearest annotated one before `index` when none is given."""

    kind: Literal["copy"]
    value: ClassValue | None = None
    source: int | None = Field(default=None, ge=0)


class Holes(_Order):
    """Fill what a class encloses on a slice."""

    kind: Literal["holes"]
    value: ClassValue


class Islands(_Order):
    """Erase the pieces of a class on a slice that have fewer than `smallest` voxels; only that class is touched, whatever the rule."""

    kind: Literal["islands"]
    value: ClassValue
    smallest: int = Field(ge=1, le=2**31)


class Accept(_Order):
    """Take what a prediction says as labels: the piece of a class that is joined to a seed, a class, or all; on a slice, cut to a box if
    there is one, or in 3D in a box. `confidence` limits all of them. A label that is there is replaced only where the rule says so."""

    kind: Literal["accept"]
    prediction: str = Field(min_length=1, max_length=80)
    where: Literal["component", "class", "slice", "region"]
    value: ClassValue | None = Field(default=None, description="the class, where one is wanted; without it, that of the seed")
    seed: Place | None = Field(default=None, description="(z, y, x), level 0")
    dims: Literal[2, 3] = 2
    box: Box | None = None
    confidence: float = Field(default=0.0, ge=0, le=1, description="only voxels that are predicted with at least this")
    overwrite: Literal["all", "unlabelled", "accepted", "class"] = "unlabelled"

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        needed = {"component": ["seed"], "class": ["value", "seed"], "region": ["box"]}.get(self.where, [])
        if needed and all(getattr(self, name) is None for name in needed):
            raise ValueError(f"to accept a {self.where}, give its `{'` or `'.join(needed)}`")
        return self


Order = Annotated[Flood | Interpolate | Copy | Holes | Islands | Accept, Field(discriminator="kind")]


class FillState(LabelState):
    """The labels after a fill; `changed` voxels have another value now. Where that is none, nothing was committed and `box` is null."""

    changed: int
