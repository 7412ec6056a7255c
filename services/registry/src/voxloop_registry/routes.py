"""The registry's routes."""

import asyncio
import sys
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from pydantic import Field
from starlette.requests import ClientDisconnect

from voxloop_registry.blobs import BlobStore
from voxloop_registry.catalogue import Catalogue, ModelDetail, ModelSummary
from voxloop_registry.safetensors import read_tensors
from voxloop_shared.errors import InvalidInput
from voxloop_shared.schemas import Manifest, ModelVersion, Schema
from voxloop_shared.server import CallerDep

_PIECE_BYTES = 1 << 20
"""What is hashed and written at once: a thread's turn per network packet would cost more than the work."""


class Blob(Schema):
    """A weights file in the store."""

    digest: str
    size: int


class NewVersion(Schema):
    """What makes a version: its manifest, and the sha256 of weights that are uploaded already."""

    manifest: Manifest
    weights: str


class AliasTarget(Schema):
    """The version that an alias is to name."""

    version: int = Field(ge=1, le=999_999_999)


def model_router(catalogue: Catalogue, blobs: BlobStore) -> APIRouter:
    """Make the routes over a catalogue and its blobs."""
    router = APIRouter()

    @router.put("/blobs/{sha256}", status_code=201, max_body_size=sys.maxsize)  # it streams to disk, and the store has a limit of its own
    async def put_blob(sha256: str, request: Request) -> Blob:
        """Take in weights; the same again gives the same answer."""
        return await _receive(blobs, sha256, request)

    @router.get("/blobs/{sha256}")
    def read_blob(sha256: str) -> FileResponse:
        """Send weights, also those that belong to no version (live mode)."""
        return FileResponse(blobs.path(sha256), media_type="application/octet-stream", headers={"X-Digest": sha256})

    @router.delete("/blobs/{sha256}")
    def delete_blob(sha256: str) -> Blob:
        """Take weights away that no version names; refused (409) where one does."""
        with catalogue.unused(sha256):
            return Blob(digest=sha256, size=blobs.delete(sha256))

    @router.get("/models")
    def list_models(
        q: str = "", limit: Annotated[int, Query(ge=1, le=10_000)] = 1000, offset: Annotated[int, Query(ge=0, le=1 << 40)] = 0
    ) -> list[ModelSummary]:
        """List the models whose name contains `q`, newest first."""
        return catalogue.models(q, limit, offset)

    @router.get("/models/{name}")
    def read_model(name: str) -> ModelDetail:
        """Read a model with all its versions."""
        return catalogue.model(name)

    @router.post("/models/{name}/versions", status_code=201)
    def publish_version(name: str, new: NewVersion, caller: CallerDep) -> ModelVersion:
        """Add the next version; its weights must be there, and safetensors."""
        path = blobs.path(new.weights)
        read_tensors(path)
        return catalogue.publish(name, new.manifest, new.weights, path.stat().st_size, caller.user)

    @router.get("/models/{name}/versions/{which}")
    def read_version(name: str, which: str) -> ModelVersion:
        """Read a version by its number, an alias or `latest`."""
        return catalogue.version(name, which)

    @router.get("/models/{name}/versions/{which}/weights")
    def read_weights(name: str, which: str) -> FileResponse:
        """Send a version's safetensors file."""
        version = catalogue.version(name, which)
        headers = {"ETag": f'"{version.digest}"', "X-Digest": version.digest}
        filename = f"{version.name}-{version.version}.safetensors"
        return FileResponse(blobs.path(version.digest), media_type="application/octet-stream", headers=headers, filename=filename)

    @router.put("/models/{name}/aliases/{alias}")
    def move_alias(name: str, alias: str, target: AliasTarget, caller: CallerDep) -> dict[str, int]:
        """Point an alias at a version, and give all aliases of the model."""
        return catalogue.move_alias(name, alias, target.version, caller.user)

    return router


async def _receive(blobs: BlobStore, digest: str, request: Request) -> Blob:
    """Write a request's body to the store; memory holds one piece of it, and the event loop never waits for the disk."""
    incoming = await asyncio.to_thread(blobs.receive, digest)
    try:
        piece = bytearray()
        async for part in request.stream():
            piece += part
            if len(piece) >= _PIECE_BYTES:
                await asyncio.to_thread(incoming.write, piece)
                piece = bytearray()
        await asyncio.to_thread(incoming.write, piece)
        await asyncio.to_thread(incoming.keep)
    except ClientDisconnect as error:
        raise InvalidInput(f"the upload of {digest} ended after {incoming.size} bytes: send it again") from error
    finally:
        await asyncio.to_thread(incoming.close)
    return Blob(digest=digest, size=incoming.size)
