"""The registry's application: one database, one blob store, their routes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI

from voxloop_registry import __version__
from voxloop_registry.aliases import Aliases
from voxloop_registry.blobs import BlobStore
from voxloop_registry.catalogue import Catalogue
from voxloop_registry.database import Database, connect
from voxloop_registry.deletion import Bin
from voxloop_registry.exchange.routes import exchange_router
from voxloop_registry.lineage import Genealogy
from voxloop_registry.listing import Listing
from voxloop_registry.predictions import PredictionFiles
from voxloop_registry.routes.aliases import alias_router
from voxloop_registry.routes.blobs import blob_router
from voxloop_registry.routes.models import change_router, lineage_router, model_router
from voxloop_registry.routes.search import search_router
from voxloop_registry.settings import RegistrySettings
from voxloop_registry.upgrades import upgrade
from voxloop_registry.upkeep import Upkeep
from voxloop_registry.wording import Words
from voxloop_shared.health import health_router
from voxloop_shared.schemas import Schema
from voxloop_shared.server import create_api
from voxloop_shared.workspace import Workspace


class Reason(Schema):
    """Why a request was refused."""

    type: str
    message: str
    detail: Any = None


class Failure(Schema):
    """The one form of all errors."""

    error: Reason


def create_app(settings: RegistrySettings) -> FastAPI:
    """Make the application over a workspace's models, a new workspace's included."""
    workspace = Workspace(settings.workspace)
    blobs = BlobStore.open(workspace.models, settings.max_blob_bytes)
    database = open_database(settings)

    @asynccontextmanager
    async def closing(_api: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(database.close)

    api = create_api("voxloop registry", __version__, lifespan=closing, responses={"4XX": {"model": Failure}})
    for router in _routers(settings, database, blobs):
        api.include_router(router)
    api.include_router(health_router("registry", __version__, workspace.models, settings=settings))
    return api


def open_database(settings: RegistrySettings) -> Database:
    """Connect to the database and bring its tables up to date; raises InvalidInput, Conflict."""
    url = settings.database_url
    engine = connect(url.get_secret_value() if url else Workspace(settings.workspace).models / "registry.db")
    upgrade(engine)
    return Database(engine)


def _routers(settings: RegistrySettings, database: Database, blobs: BlobStore) -> list[APIRouter]:
    catalogue, predictions = Catalogue(database, blobs), PredictionFiles(Workspace(settings.workspace))
    return [
        model_router(catalogue, blobs),
        change_router(Bin(database, blobs, predictions), Words(database)),
        lineage_router(Genealogy(database, predictions)),
        alias_router(Aliases(database)),
        search_router(Listing(database)),
        blob_router(blobs, Upkeep(database, blobs, predictions)),
        exchange_router(catalogue, blobs, settings.max_package_bytes),
    ]
