"""Classes: what can be painted."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from voxloop_annotate.annotations import Annotations, LabelState, describe_classes
from voxloop_annotate.announcer import Announcer
from voxloop_annotate.routes.bodies import RequestId
from voxloop_shared.schemas import UNCERTAIN, UNLABELLED, LabelClass, Schema
from voxloop_shared.server import CallerDep


class ClassList(Schema):
    """All classes of a volume."""

    classes: list[LabelClass]


def class_router(annotations: Annotations, announcer: Announcer) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/classes")

    @router.get("")
    def read_classes(volume_id: str) -> dict[str, Any]:
        """List the classes, how many voxels carry each, and the number for a new one."""
        return describe_classes(annotations.of(volume_id))

    @router.put("")
    def put_classes(volume_id: str, body: ClassList, who: CallerDep) -> dict[str, Any]:
        """Replace the classes: add, rename, recolour, reorder, or take away one that has no voxels."""
        annotations.put_classes(volume_id, body.classes, who.user)
        return announcer.classes(volume_id)

    @router.delete("/{class_id}")
    def delete_class(
        volume_id: str,
        class_id: int,
        who: CallerDep,
        into: Annotated[int, Query(ge=0, le=UNCERTAIN)] = UNLABELLED,
        id: RequestId | None = None,
    ) -> LabelState:
        """Take a class away; its voxels become `into` (0: unlabelled). Undo brings both back."""
        return announcer.change(volume_id, lambda: annotations.delete_class(volume_id, class_id, into, who.user, id), id)

    return router
