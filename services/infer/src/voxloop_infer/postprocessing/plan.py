"""A chain made ready for one prediction: which class goes through which passes, and who wins where masks overlap."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voxloop_infer.postprocessing.components import UNCUT, Components, Faces
from voxloop_infer.postprocessing.local import GlobalStep, LocalStep, Shape
from voxloop_infer.postprocessing.rules import rule_of
from voxloop_shared.chain import AnyStep, Chain, FillHoles, Range
from voxloop_shared.schemas import LabelClass, VolumeInfo

UNCLAIMED = 255
"""Stands for a voxel that its class gave up, while the masks are painted; no prediction has this value."""


@dataclass(frozen=True)
class Stage:
    """Steps that look at neighbourhoods, taken in one pass, and then one about components, or none."""

    local: tuple[LocalStep, ...]
    last: GlobalStep | None

    @property
    def needs_image(self) -> bool:
        """Say whether the voxels of the volume are needed."""
        return any(isinstance(step, Range) for step in self.local)

    @property
    def passes(self) -> int:
        """Say how often every block is visited."""
        return 1 if self.last is None else 2

    def components(self, volume: VolumeInfo, shape: Shape, cuts: Faces = UNCUT) -> Components:
        """Make what finds the components of the last step."""
        assert self.last is not None
        return Components(shape, rule_of(self.last, volume, shape), is_3d=self.last.extent == "volume", cuts=cuts)

    @property
    def fills(self) -> bool:
        """Say whether the components are those of the outside, and join the class when chosen."""
        return isinstance(self.last, FillHoles)


@dataclass(frozen=True)
class Plan:
    """What becomes of each class: `stages` of the classes that change, the one that wins last; tables over all 256 values."""

    stages: dict[int, tuple[Stage, ...]]
    base: NDArray[np.uint8]
    """What each value becomes before the masks are painted: classes that change leave `UNCLAIMED` behind."""
    rank: NDArray[np.int16]
    """Who wins: the higher number."""
    fallback: int

    @property
    def passes(self) -> int:
        """Count how often every block is visited."""
        return 2 + sum(stage.passes for stages in self.stages.values() for stage in stages)


def plan_chain(chain: Chain, classes: list[LabelClass], volume: VolumeInfo) -> Plan:
    """Check a chain against the classes and the volume; raises UnknownClass, InvalidInput."""
    chain.check(classes, volume)
    ranking = chain.ranking(classes)
    rank = np.full(256, -1, np.int16)
    rank[ranking[::-1]] = np.arange(len(ranking))
    steps = {number: chain.steps_of(number, classes) for number in reversed(ranking)}
    stages = {number: _stages(found) for number, found in steps.items() if found}
    base = np.arange(256, dtype=np.uint8)
    base[list(stages)] = UNCLAIMED
    return Plan(stages, base, rank, chain.fallback_of(classes))


def paint(numbers: NDArray[np.uint8], mask: NDArray[np.bool_], class_id: int, plan: Plan) -> None:
    """Give a class the voxels of its mask, except those of classes that win over it."""
    numbers[mask & (plan.rank[numbers] < plan.rank[class_id])] = class_id


def settle(numbers: NDArray[np.uint8], plan: Plan) -> None:
    """Give the fallback what no class has claimed, once all are painted."""
    numbers[numbers == UNCLAIMED] = plan.fallback


def _stages(steps: Sequence[AnyStep]) -> tuple[Stage, ...]:
    stages: list[Stage] = []
    local: list[LocalStep] = []
    for step in steps:
        if isinstance(step, GlobalStep):
            stages.append(Stage(tuple(local), step))
            local = []
        else:
            local.append(step)
    return (*stages, Stage(tuple(local), None)) if local else tuple(stages)
