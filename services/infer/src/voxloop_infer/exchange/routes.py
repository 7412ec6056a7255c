"""The route by which models leave as files for other programs."""

from collections.abc import Iterator
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from voxloop_infer.exchange.exporter import Exporter
from voxloop_infer.exchange.orders import Form, freeze_export
from voxloop_infer.settings import InferSettings
from voxloop_shared.server import CallerDep

_MEDIA = {"onnx": "application/octet-stream", "bioimageio": "application/zip"}
_PIECE_BYTES = 1 << 20


def exchange_router(settings: InferSettings, exporter: Exporter) -> APIRouter:
    """Make the routes over an exporter."""
    router = APIRouter()

    @router.get("/models/{name}/versions/{which}/export", response_class=StreamingResponse)
    def export_model(
        name: str,
        which: str,
        caller: CallerDep,
        form: Annotated[Form, Query(alias="format")],
        license_id: Annotated[str | None, Query(alias="license")] = None,
    ) -> StreamingResponse:
        """Send a version as ONNX, or as a bioimage.io package that voxloop takes in again; it takes a few seconds to begin."""
        order = freeze_export(name, which, form, license_id, settings)
        file = exporter.export(order, caller.user)
        size = file.seek(0, 2)
        headers = {"Content-Disposition": f'attachment; filename="{order.filename}"', "Content-Length": str(size)}
        return StreamingResponse(_pieces(file), media_type=_MEDIA[form], headers=headers)

    return router


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(_PIECE_BYTES):
            yield piece
