"""Flags: the places to look at again."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from voxloop_annotate.flags import Flag, Flags
from voxloop_annotate.studio import Studio
from voxloop_shared.schemas import Axis, Box, Schema
from voxloop_shared.server import CallerDep


class NewFlag(Schema):
    """A place to look at again: a part of a slice."""

    axis: Axis
    index: Annotated[int, Field(ge=0)]
    box: Box


def flag_router(studio: Studio) -> APIRouter:
    """Make the routes; all open pages of the volume are told of every change."""
    router = APIRouter(prefix="/api/volumes/{volume_id}/flags")
    flags = Flags(studio.catalogue, studio.library)

    def tell(volume_id: str, standing: list[Flag]) -> dict[str, Any]:
        described = {"flags": [flag.model_dump(mode="json") for flag in standing]}
        studio.hub.publish(volume_id, "flags", described)
        return described

    @router.get("")
    def read_flags(volume_id: str) -> dict[str, Any]:
        """List what is to be looked at again, oldest first."""
        return {"flags": [flag.model_dump(mode="json") for flag in flags.of(volume_id)]}

    @router.post("", status_code=201)
    def add_flag(volume_id: str, body: NewFlag, who: CallerDep) -> dict[str, Any]:
        """Flag a place; one that is flagged already stays as it is."""
        return tell(volume_id, flags.add(volume_id, body.axis, body.index, body.box, who.user))

    @router.delete("/{number}")
    def remove_flag(volume_id: str, number: int, who: CallerDep) -> dict[str, Any]:
        """Take a flag down: the place has been looked at."""
        return tell(volume_id, flags.remove(volume_id, number, who.user))

    return router
