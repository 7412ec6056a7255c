"""Reviews: the places of a volume where a person's look helps most, as they are asked for and as they are proposed."""

from typing import Annotated, Literal

from pydantic import Field

from voxloop_shared.schemas import Axis, Box, Schema

Acquisition = Literal["random", "combined", "entropy", "disagreement", "coreset", "balanced"]

MOST_PLACES = 100
MOST_BOXES = 5000


class AcquisitionInfo(Schema):
    """A way to choose places, as the page offers it."""

    name: Acquisition
    title: str
    help: str
    needs: Literal["nothing", "prediction", "uncertainty", "model"]


ACQUISITIONS = [
    AcquisitionInfo(name="random", title="At random", help="anywhere, mostly where there is something", needs="nothing"),
    AcquisitionInfo(
        name="combined", title="Combined", help="where the model is unsure, of each class in turn, spread out", needs="prediction"
    ),
    AcquisitionInfo(name="entropy", title="Most unsure", help="where the model is least sure of its answer", needs="prediction"),
    AcquisitionInfo(
        name="disagreement", title="Disagreement", help="where planes, members or models contradict each other", needs="uncertainty"
    ),
    AcquisitionInfo(name="coreset", title="Unlike the rest", help="what looks to the model like nothing that was seen yet", needs="model"),
    AcquisitionInfo(
        name="balanced", title="Rare classes", help="classes that are rare, or that the model is unsure of", needs="prediction"
    ),
]
"""All of them; the first is the default: along the minutes of a simulated annotator none was better (tests/benchmarks/annotator)."""


class ReviewSpec(Schema):
    """A request for places to look at; without a prediction only `random` can choose.

    A place is a square of `side` voxels in a plane across one of `axes`. `labelled` are the boxes of strokes that stand: such places
    count less; `seen` are the places that were looked at already: new ones keep off them.
    """

    volume: str
    prediction: str | None = Field(default=None, max_length=80)
    acquisition: Acquisition = ACQUISITIONS[0].name
    count: int = Field(default=20, ge=1, le=MOST_PLACES)
    side: int | None = Field(default=None, ge=8, le=1024, description="voxels; none: as suits the volume")
    axes: Annotated[list[Axis], Field(min_length=1, max_length=3)] | None = Field(
        default=None, description="none: all three where voxels are about as long as wide, else z"
    )
    seed: int = Field(default=0, ge=0, description="same seed, same places")
    labelled: list[Box] = Field(default=[], max_length=MOST_BOXES)
    seen: list[Box] = Field(default=[], max_length=MOST_BOXES)


class Place(Schema):
    """A part of the slice `index` across `axis` to look at; `box` is (z, y, x), level 0. `reason` says why, in words."""

    axis: Axis
    index: int
    box: Box
    score: float
    acquisition: Acquisition
    reason: str
