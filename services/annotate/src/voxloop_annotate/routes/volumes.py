"""Volumes and predictions: what there is, and planes as raw bytes."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Response
from numpy.typing import NDArray

from voxloop_annotate.studio import Studio
from voxloop_shared.schemas import Axis, Schema, VolumeInfo
from voxloop_shared.server import CallerDep

Bound = Annotated[int | None, Query(ge=0)]


class NewVolume(Schema):
    """A volume that stands in the workspace and is to be shown."""

    id: str


def volume_router(studio: Studio) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/api/volumes")
    library = studio.library

    @router.get("")
    def list_volumes() -> dict[str, list[VolumeInfo]]:
        """List the volumes, newest first."""
        return {"volumes": library.volumes()}

    @router.post("", status_code=201)
    def add_volume(body: NewVolume, who: CallerDep) -> VolumeInfo:
        """Show a volume that was imported into the workspace."""
        return studio.add_volume(body.id, who.user)

    @router.get("/{volume_id}")
    def read_volume(volume_id: str) -> VolumeInfo:
        """Read what a volume is."""
        return library.volume(volume_id)

    @router.get("/{volume_id}/slice")
    def read_slice(
        volume_id: str,
        axis: Axis,
        index: Annotated[int, Query(ge=0)],
        level: Annotated[int, Query(ge=0)] = 0,
        y0: Bound = None,
        y1: Bound = None,
        x0: Bound = None,
        x1: Bound = None,
    ) -> Response:
        """Read a plane in the volume's dtype."""
        return plane_response(library.slice(volume_id, axis, index, level, (y0, y1), (x0, x1)))

    @router.get("/{volume_id}/regions")
    def read_regions(
        volume_id: str,
        axis: Axis,
        index: Annotated[int, Query(ge=0)],
        size: Annotated[int, Query(ge=5, le=256)] = 16,
        y0: Bound = None,
        y1: Bound = None,
        x0: Bound = None,
        x1: Bound = None,
    ) -> Response:
        """Read the superpixels, about `size` voxels wide, of at most 1024 × 1024 voxels of a plane at level 0."""
        return plane_response(library.regions(volume_id, axis, index, size, (y0, y1), (x0, x1)))

    @router.get("/{volume_id}/histogram")
    def read_histogram(volume_id: str) -> dict[str, list[float] | list[int]]:
        """Read how often each intensity occurs."""
        found = library.histogram(volume_id)
        return {"edges": found.edges, "counts": found.counts}

    @router.get("/{volume_id}/predictions")
    def list_predictions(volume_id: str) -> dict[str, list[dict[str, object]]]:
        """List a volume's predictions, newest first."""
        return {"predictions": [info.model_dump(mode="json") for info in library.predictions(volume_id)]}

    @router.get("/{volume_id}/predictions/{prediction_id}/{layer}")
    def read_prediction(
        volume_id: str,
        prediction_id: str,
        layer: str,
        axis: Axis,
        index: Annotated[int, Query(ge=0)],
        level: Annotated[int, Query(ge=0)] = 0,
        y0: Bound = None,
        y1: Bound = None,
        x0: Bound = None,
        x1: Bound = None,
    ) -> Response:
        """Read a plane of a prediction's class or confidence."""
        return plane_response(library.prediction_slice(volume_id, prediction_id, layer, axis, index, level, (y0, y1), (x0, x1)))

    return router


def plane_response(plane: NDArray[np.generic], **headers: str) -> Response:
    """Send a plane as raw little-endian bytes; its shape and dtype are headers."""
    body = np.ascontiguousarray(plane, plane.dtype.newbyteorder("<")).tobytes()
    rows, columns = plane.shape
    about = {"X-Shape": f"{rows},{columns}", "X-Dtype": plane.dtype.name, "Cache-Control": "no-store"}
    return Response(body, media_type="application/octet-stream", headers=about | headers)
