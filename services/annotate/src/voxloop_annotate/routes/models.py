"""Models: the registry as the page sees it. What is changed is the registry's business; here it only passes through."""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import StreamingResponse

from voxloop_annotate.models import Download, Json, Models, model_route
from voxloop_shared.client import ServiceClient

_PASSED_ON = ("content-type", "content-disposition", "content-length", "x-digest")

Patch = Annotated[dict[str, Any], Body()]


def registry_router(models: Models) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/api/models")

    @router.get("/facets")
    def read_facets(deleted: bool = False) -> Json:
        """List the values that models can be filtered by."""
        return models.facets(deleted=deleted)

    @router.post("/import", status_code=201, max_body_size=sys.maxsize)  # it streams to disk, and the registry has limits of its own
    async def take_in(request: Request, name: str | None = None) -> Json:
        """Import a package, sent as it is; the new version has the next number of its name, or of `name`."""
        with tempfile.TemporaryDirectory(prefix="voxloop-import-") as folder:
            path = Path(folder) / "package.zip"
            await _receive(request, path)
            return await asyncio.to_thread(models.take_in, path, name)

    for part in (_reading_router(models), _download_router(models)):
        router.include_router(part, prefix="/{name}/versions/{which}")
    for part in (_changing_router(models.registry), _alias_router(models.registry)):
        router.include_router(part, prefix="/{name}")
    return router


def _reading_router(models: Models) -> APIRouter:
    router = APIRouter()
    registry = models.registry

    @router.get("")
    def read_card(name: str, which: str) -> Json:
        """Read a version with all that its card shows at once; `which` is a number, an alias or `latest`."""
        return models.card(name, which)

    @router.get("/lineage")
    def read_lineage(name: str, which: str) -> Json:
        """Read where a version comes from, what came of it, and who taught it."""
        return models.lineage(name, which)

    @router.get("/curves")
    def read_curves(name: str, which: str) -> list[Json]:
        """Read loss and Dice along its training."""
        return models.curves(name, which)

    @router.get("/gate")
    def read_gate(name: str, which: str) -> Json:
        """Compare a version with the champion, as its promotion would."""
        found: Json = registry.get(model_route(name, "versions", which, "gate"))
        return found

    @router.get("/uses")
    def read_uses(name: str, which: str) -> Json:
        """Say what needs a version, and so keeps it from being deleted."""
        found: Json = registry.get(model_route(name, "versions", which, "uses"))
        return found

    return router


def _download_router(models: Models) -> APIRouter:
    router = APIRouter()

    @router.get("/weights")
    def read_weights(name: str, which: str) -> StreamingResponse:
        """Download the weights, piece by piece."""
        return _sent(models.weights(name, which))

    @router.get("/export")
    def export(name: str, which: str, kind: Annotated[str, Query(alias="format")] = "voxloop") -> StreamingResponse:
        """Download a version as a package: voxloop, bioimageio or onnx."""
        return _sent(models.package(name, which, kind))

    return router


def _changing_router(registry: ServiceClient) -> APIRouter:
    router = APIRouter()

    @router.patch("")
    def describe_model(name: str, body: Patch) -> Json:
        """Change the description and tags of a name."""
        return _json(registry.request("PATCH", model_route(name), json=body))

    @router.patch("/versions/{number}")
    def describe_version(name: str, number: int, body: Patch) -> Json:
        """Change the description and tags of a version."""
        return _json(registry.request("PATCH", model_route(name, "versions", number), json=body))

    @router.delete("/versions/{number}")
    def delete_version(name: str, number: int) -> Json:
        """Delete a version, to be restored; refused where something needs it."""
        return _json(registry.request("DELETE", model_route(name, "versions", number)))

    @router.post("/versions/{number}/restore")
    def restore_version(name: str, number: int) -> Json:
        """Bring a deleted version back."""
        return _json(registry.request("POST", model_route(name, "versions", number, "restore")))

    return router


def _alias_router(registry: ServiceClient) -> APIRouter:
    router = APIRouter()

    @router.get("/aliases/history")
    def read_moves(name: str) -> list[Json]:
        """List who has moved which alias when, newest first."""
        found: list[Json] = registry.get(model_route(name, "aliases", "history"))
        return found

    @router.put("/aliases/{alias}")
    def move_alias(name: str, alias: str, body: Patch) -> Json:
        """Point an alias at a version; a doubtful champion is refused unless that is acknowledged."""
        return _json(registry.request("PUT", model_route(name, "aliases", alias), json=body))

    @router.delete("/aliases/{alias}")
    def remove_alias(name: str, alias: str) -> Json:
        """Take an alias away."""
        return _json(registry.request("DELETE", model_route(name, "aliases", alias)))

    return router


async def _receive(request: Request, path: Path) -> None:
    with path.open("wb") as stream:
        async for piece in request.stream():
            await asyncio.to_thread(stream.write, piece)


def _sent(download: Download) -> StreamingResponse:
    told, pieces = download
    return StreamingResponse(pieces, headers={key: told[key] for key in _PASSED_ON if key in told})


def _json(response: Any) -> Json:
    found: Json = response.json()
    return found
