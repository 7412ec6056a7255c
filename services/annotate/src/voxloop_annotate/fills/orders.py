"""Orders: what the page asks to be filled."""

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

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


Order = Annotated[Flood | Interpolate | Copy | Holes | Islands, Field(discriminator="kind")]


class FillState(LabelState):
    """The labels after a fill; `changed` voxels have another value now. Where that is none, nothing was committed and `box` is null."""

    changed: int
