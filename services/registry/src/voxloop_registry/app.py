"""The registry's application: one catalogue, one blob store, their routes."""

from fastapi import FastAPI

from voxloop_registry import __version__
from voxloop_registry.blobs import BlobStore
from voxloop_registry.catalogue import Catalogue
from voxloop_registry.routes import model_router
from voxloop_registry.settings import RegistrySettings
from voxloop_shared.health import health_router
from voxloop_shared.server import create_api
from voxloop_shared.workspace import Workspace


def create_app(settings: RegistrySettings) -> FastAPI:
    """Make the application over a workspace's models, a new workspace's included."""
    folder = Workspace(settings.workspace).models
    blobs = BlobStore.open(folder, settings.max_blob_bytes)
    catalogue = Catalogue.open(folder / "registry.db")
    api = create_api("voxloop registry", __version__)
    api.include_router(model_router(catalogue, blobs))
    api.include_router(health_router("registry", __version__, folder))
    return api
