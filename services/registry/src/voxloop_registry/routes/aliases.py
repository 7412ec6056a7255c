"""Aliases: moving, removing, their history, and the gate before `champion`."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from voxloop_registry.aliases import ANYWHERE, Aliases, AliasMove
from voxloop_registry.gate import GateReport
from voxloop_registry.lookup import LARGEST_NUMBER
from voxloop_shared.addresses import CHAMPION
from voxloop_shared.schemas import Schema
from voxloop_shared.server import CallerDep

_NumberOrNone = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)] | None


class AliasTarget(Schema):
    """The version that an alias is to name, and, where given, the one that it must name until then (null: none)."""

    version: int = Field(ge=1, le=LARGEST_NUMBER)
    acknowledge: bool = Field(default=False, description="make it champion although the gate warns")
    expected: _NumberOrNone = None

    @property
    def expectation(self) -> int | None:
        """Give what is expected, which may be that the alias is not there."""
        return self.expected if "expected" in self.model_fields_set else ANYWHERE


def alias_router(aliases: Aliases) -> APIRouter:
    """Make the routes over the aliases."""
    router = APIRouter()

    @router.get("/models/{name}/aliases/history")
    def read_history(name: str) -> list[AliasMove]:
        """List who moved which alias, newest first."""
        return aliases.history(name)

    @router.put("/models/{name}/aliases/{alias}")
    def move_alias(name: str, alias: str, target: AliasTarget, caller: CallerDep) -> dict[str, int]:
        """Point an alias at a version, and give all aliases of the model; 409 where the gate warns of a champion."""
        return aliases.move(name, alias, target.version, caller.user, expected=target.expectation, acknowledges=target.acknowledge)

    @router.delete("/models/{name}/aliases/{alias}")
    def remove_alias(name: str, alias: str, caller: CallerDep) -> dict[str, int]:
        """Take an alias away, and give those that are left."""
        return aliases.remove(name, alias, caller.user)

    @router.get("/models/{name}/versions/{which}/gate")
    def ask_gate(name: str, which: str, against: str = CHAMPION) -> GateReport:
        """Compare a version with the one that an alias points at."""
        return aliases.compare(name, which, against)

    return router
