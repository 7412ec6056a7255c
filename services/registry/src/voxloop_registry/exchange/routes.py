"""The routes by which models leave and enter as packages."""

import asyncio
import sys
import tempfile
from typing import Annotated, BinaryIO, cast

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from voxloop_registry.blobs import BlobStore
from voxloop_registry.catalogue import Catalogue
from voxloop_registry.exchange.bundle import write_bundle
from voxloop_registry.exchange.exporting import describe_version
from voxloop_registry.exchange.importing import Importer
from voxloop_shared.errors import InvalidInput, TooLarge
from voxloop_shared.schemas import ModelRecord
from voxloop_shared.server import CallerDep

_PIECE_BYTES = 1 << 20
"""What is written at once: a thread's turn per network packet would cost more than the work."""

_ARCHIVE = {"requestBody": {"required": True, "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}}


def exchange_router(catalogue: Catalogue, blobs: BlobStore, max_package_bytes: int) -> APIRouter:
    """Make the routes over a catalogue and its blobs."""
    router = APIRouter()
    importer = Importer(catalogue, blobs)

    @router.get("/models/{name}/versions/{which}/export", response_class=StreamingResponse)
    def export_bundle(name: str, which: str) -> StreamingResponse:
        """Send a version as a plain bundle: manifest and weights in a zip archive, which `POST /imports` takes in anywhere."""
        packed = describe_version(catalogue, name, which)
        pieces = write_bundle(packed, blobs.path(packed.digest))
        headers = {"Content-Disposition": f'attachment; filename="{packed.name}-{packed.version}.voxloop.zip"', "X-Digest": packed.digest}
        return StreamingResponse(pieces, media_type="application/zip", headers=headers)

    # it streams to disk, and has a limit of its own
    @router.post("/imports", status_code=201, max_body_size=sys.maxsize, openapi_extra=_ARCHIVE)
    async def import_package(
        request: Request, caller: CallerDep, name: Annotated[str | None, Query(min_length=1, max_length=63)] = None
    ) -> ModelRecord:
        """Publish what a package holds: the body is a bundle, or a bioimage.io package that voxloop exported."""
        with cast("BinaryIO", await asyncio.to_thread(tempfile.TemporaryFile, dir=blobs.root / "incoming")) as package:
            await _receive(request, package, max_package_bytes)
            return await asyncio.to_thread(importer.take_in, package, name, caller.user)

    return router


async def _receive(request: Request, package: BinaryIO, most: int) -> None:
    """Write a request's body to a file, piece by piece; raises TooLarge, and InvalidInput where the sender goes away."""
    size, piece = 0, bytearray()
    try:
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise TooLarge(f"the package is larger than the {most} bytes that this registry takes")
            piece += part
            if len(piece) >= _PIECE_BYTES:
                await asyncio.to_thread(package.write, piece)
                piece = bytearray()
    except ClientDisconnect as error:
        raise InvalidInput(f"the upload ended after {size} bytes: send it again") from error
    await asyncio.to_thread(package.write, piece)
