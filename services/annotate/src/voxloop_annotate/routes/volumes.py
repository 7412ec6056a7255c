"""Volumes and predictions: what there is, and planes as raw bytes."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from voxloop_annotate.library import Library
from voxloop_annotate.proposals import knows_snapshot
from voxloop_annotate.routes.planes import LevelQuery, WindowQuery, plane_response
from voxloop_annotate.studio import Studio
from voxloop_shared.schemas import Schema, VolumeInfo
from voxloop_shared.server import CallerDep


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

    router.include_router(_image_router(library), prefix="/{volume_id}")
    router.include_router(_prediction_router(studio), prefix="/{volume_id}/predictions")
    return router


def _image_router(library: Library) -> APIRouter:
    router = APIRouter()

    @router.get("/slice")
    def read_slice(volume_id: str, window: WindowQuery, level: LevelQuery = 0) -> Response:
        """Read a plane in the volume's dtype."""
        return plane_response(library.slice(volume_id, window.axis, window.index, level, window.rows, window.columns))

    @router.get("/regions")
    def read_regions(volume_id: str, window: WindowQuery, size: Annotated[int, Query(ge=5, le=256)] = 16) -> Response:
        """Read the superpixels, about `size` voxels wide, of at most 1024 × 1024 voxels of a plane at level 0."""
        return plane_response(library.regions(volume_id, window.axis, window.index, size, window.rows, window.columns))

    @router.get("/histogram")
    def read_histogram(volume_id: str) -> dict[str, list[float] | list[int]]:
        """Read how often each intensity occurs."""
        found = library.histogram(volume_id)
        return {"edges": found.edges, "counts": found.counts}

    return router


def _prediction_router(studio: Studio) -> APIRouter:
    router = APIRouter()
    library = studio.library

    @router.get("")
    def list_predictions(volume_id: str) -> dict[str, list[dict[str, object]]]:
        """List a volume's predictions, newest first; `is_ours`: their numbers are those of the labels, otherwise only the names count."""
        labels = studio.annotations.of(volume_id)
        found = library.predictions(volume_id)
        return {"predictions": [info.model_dump(mode="json") | {"is_ours": knows_snapshot(labels, info.snapshot)} for info in found]}

    @router.get("/{prediction_id}/{layer}")
    def read_prediction(volume_id: str, prediction_id: str, layer: str, window: WindowQuery, level: LevelQuery = 0) -> Response:
        """Read a plane of a prediction's class or confidence."""
        plane = library.prediction_slice(volume_id, prediction_id, layer, window.axis, window.index, level, window.rows, window.columns)
        return plane_response(plane)

    return router
