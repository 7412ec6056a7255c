"""Weights by their sha256: in, out, away, and whether they are still what they were."""

import asyncio
import sys
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from starlette.requests import ClientDisconnect

from voxloop_registry.blobs import BlobStore
from voxloop_registry.upkeep import BlobEntry, Checked, Harvest, Upkeep, Wish
from voxloop_shared.errors import InvalidInput
from voxloop_shared.schemas import Schema

_PIECE_BYTES = 1 << 20
"""What is hashed and written at once: a thread's turn per network packet would cost more than the work."""


class Blob(Schema):
    """A weights file in the store."""

    digest: str
    size: int


def blob_router(blobs: BlobStore, upkeep: Upkeep) -> APIRouter:
    """Make the routes over a store."""
    router = APIRouter()

    @router.put("/blobs/{sha256}", status_code=201, max_body_size=sys.maxsize)  # it streams to disk, and the store has a limit of its own
    async def put_blob(sha256: str, request: Request) -> Blob:
        """Take in weights; the same again gives the same answer."""
        return await _receive(blobs, sha256, request)

    @router.get("/blobs/{sha256}", response_class=FileResponse)
    def read_blob(sha256: str) -> FileResponse:
        """Send weights, also those that belong to no version (live mode)."""
        return FileResponse(blobs.path(sha256), media_type="application/octet-stream", headers={"X-Digest": sha256})

    @router.delete("/blobs/{sha256}")
    def delete_blob(sha256: str) -> Blob:
        """Take weights away that no version names; refused (409) where one does."""
        return Blob(digest=sha256, size=upkeep.delete_blob(sha256))

    @router.get("/blobs")
    def list_blobs(after: str = "", limit: Annotated[int, Query(ge=1, le=10_000)] = 1000) -> list[BlobEntry]:
        """List what lies in the store and what versions name, in the order of digests; `after` is the last one of the page before."""
        return upkeep.entries(after, limit)

    @router.post("/blobs/{sha256}/verify")
    def verify_blob(sha256: str) -> Checked:
        """Read a blob and compare it with its digest."""
        return upkeep.check(sha256)

    @router.post("/collect")
    def collect(wish: Wish) -> Harvest:
        """Take away, or with `is_dry` name, the weights that nobody needs."""
        return upkeep.collect(wish)

    return router


async def _receive(blobs: BlobStore, digest: str, request: Request) -> Blob:
    """Write a request's body to the store; one piece of it comes in while the one before is hashed and written by a thread."""
    incoming = await asyncio.to_thread(blobs.receive, digest)
    writing = asyncio.ensure_future(asyncio.sleep(0))
    try:
        piece = bytearray()
        async for part in request.stream():
            piece += part
            if len(piece) >= _PIECE_BYTES:
                await writing
                writing = asyncio.ensure_future(asyncio.to_thread(incoming.write, piece))
                piece = bytearray()
        await writing
        await asyncio.to_thread(incoming.write, piece)
        await asyncio.to_thread(incoming.keep)
    except ClientDisconnect as error:
        raise InvalidInput(f"the upload of {digest} ended after {incoming.size} bytes: send it again") from error
    finally:
        await asyncio.gather(writing, return_exceptions=True)  # nobody may close what is being written to
        await asyncio.to_thread(incoming.close)
    return Blob(digest=digest, size=incoming.size)
