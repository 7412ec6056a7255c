"""Names and versions: publishing, reading, deleting, what is said of them and where they come from."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse
from pydantic import Field

from voxloop_registry.blobs import BlobStore
from voxloop_registry.catalogue import Catalogue, ModelDetail, ModelSummary
from voxloop_registry.deletion import Bin, Uses
from voxloop_registry.lineage import MOST_DEPTH, Genealogy, Lineage
from voxloop_registry.lookup import LARGEST_NUMBER
from voxloop_registry.safetensors import read_tensors
from voxloop_registry.wording import MOST_LETTERS, Worded, Wording, Words
from voxloop_shared.schemas import ModelRecord, Schema
from voxloop_shared.server import CallerDep

_MOST_MANIFEST_BYTES = 4 << 20

Number = Annotated[int, Path(ge=1, le=LARGEST_NUMBER)]
Depth = Annotated[int, Query(ge=0, le=MOST_DEPTH)]


class NewVersion(Schema):
    """What makes a version: its manifest, and the sha256 of weights that are uploaded already."""

    manifest: dict[str, Any]
    weights: str
    description: str = Field(default="", max_length=MOST_LETTERS)
    tags: list[str] = Field(default=[], max_length=50)


def model_router(catalogue: Catalogue, blobs: BlobStore) -> APIRouter:
    """Make the routes that publish and read."""
    router = APIRouter()

    @router.get("/models")
    def list_models(
        q: str = "", limit: Annotated[int, Query(ge=1, le=10_000)] = 1000, offset: Annotated[int, Query(ge=0, le=1 << 40)] = 0
    ) -> list[ModelSummary]:
        """List the models whose name contains `q`, each with its newest version that can be run, newest first."""
        return catalogue.models(q, limit, offset)

    @router.get("/models/{name}")
    def read_model(name: str, deleted: bool = False) -> ModelDetail:
        """Read a model with its versions, with `deleted` also those that were deleted."""
        return catalogue.model(name, deleted=deleted)

    @router.post("/models/{name}/versions", status_code=201, max_body_size=_MOST_MANIFEST_BYTES)
    def publish_version(name: str, new: NewVersion, caller: CallerDep) -> ModelRecord:
        """Add the next version; its weights must be there, and safetensors."""
        read_tensors(blobs.path(new.weights))
        return catalogue.publish(name, new.manifest, new.weights, caller.user, new.description, new.tags)

    @router.get("/models/{name}/versions/{which}")
    def read_version(name: str, which: str, deleted: bool = False) -> ModelRecord:
        """Read a version by its number, an alias or `latest`."""
        return catalogue.version(name, which, deleted=deleted)

    @router.get("/models/{name}/versions/{which}/weights", response_class=FileResponse)
    def read_weights(name: str, which: str, deleted: bool = False) -> FileResponse:
        """Send a version's safetensors file."""
        version = catalogue.version(name, which, deleted=deleted)
        headers = {"ETag": f'"{version.digest}"', "X-Digest": version.digest}
        filename = f"{version.name}-{version.version}.safetensors"
        return FileResponse(blobs.path(version.digest), media_type="application/octet-stream", headers=headers, filename=filename)

    return router


def change_router(bin_: Bin, words: Words) -> APIRouter:
    """Make the routes that delete, restore, and change what is said of models."""
    router = APIRouter()

    @router.patch("/models/{name}")
    def say_of_model(name: str, wording: Wording) -> Worded:
        """Change a name's description, add and remove tags."""
        return words.say_of_model(name, wording)

    @router.patch("/models/{name}/versions/{number}")
    def say_of_version(name: str, number: Number, wording: Wording) -> ModelRecord:
        """Change a version's description, add and remove tags."""
        return words.say_of_version(name, number, wording)

    @router.get("/models/{name}/versions/{which}/uses")
    def read_uses(name: str, which: str) -> Uses:
        """Say what needs a version, and so would refuse its deletion."""
        return bin_.uses(name, which)

    @router.delete("/models/{name}/versions/{number}")
    def delete_version(name: str, number: Number, caller: CallerDep) -> ModelRecord:
        """Delete a version so that it can be restored; refused (409) while an alias, a child or a prediction needs it."""
        return bin_.delete(name, number, caller.user)

    @router.post("/models/{name}/versions/{number}/restore")
    def restore_version(name: str, number: Number) -> ModelRecord:
        """Bring a deleted version back."""
        return bin_.restore(name, number)

    return router


def lineage_router(genealogy: Genealogy) -> APIRouter:
    """Make the routes that say where models and predictions come from."""
    router = APIRouter()

    @router.get("/models/{name}/versions/{which}/lineage")
    def read_lineage(name: str, which: str, depth: Depth = 20) -> Lineage:
        """Give a version's ancestors, descendants, labels, job and predictions, as a graph."""
        return genealogy.of_model(name, which, depth)

    @router.get("/predictions/{volume}/{prediction}/lineage")
    def read_lineage_of_prediction(volume: str, prediction: str, depth: Depth = 20) -> Lineage:
        """Give the models that made a prediction, and the labels that taught them, as a graph."""
        return genealogy.of_prediction(volume, prediction, depth)

    return router
