"""Results of predictions: amounts and downloads."""

import shutil
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from voxloop_annotate.results import Results
from voxloop_shared.data.statistics import Amounts, amounts_csv


def result_router(results: Results) -> APIRouter:
    """Make the routes; they go before those of volumes, which take the last part of the address for a layer."""
    router = APIRouter(prefix="/api/volumes/{volume_id}/predictions/{prediction_id}")

    @router.get("/amounts", response_model=Amounts)
    def read_amounts(volume_id: str, prediction_id: str, kind: Annotated[Literal["json", "csv"], Query(alias="format")] = "json") -> object:
        """Read how much of each class there is; as CSV it is a download."""
        amounts = results.amounts(volume_id, prediction_id)
        if kind == "json":
            return amounts
        headers = {"Content-Disposition": f'attachment; filename="{volume_id}-amounts.csv"'}
        return Response(amounts_csv(amounts), media_type="text/csv", headers=headers)

    @router.get("/export")
    def export(
        volume_id: str,
        prediction_id: str,
        kind: Annotated[str, Query(alias="format")] = "nii.gz",
        layer: str = "class",
        class_id: Annotated[str | None, Query(alias="class")] = None,
    ) -> FileResponse:
        """Download a layer, or the mask of one class, as a file; it is written to the disk first, then sent piece by piece."""
        path = results.export(volume_id, prediction_id, layer, kind, class_id)
        return FileResponse(path, filename=path.name, background=BackgroundTask(shutil.rmtree, path.parent))

    return router
