"""The annotate application: routes for pixels, strokes and events, and Dash for the page."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any, NoReturn

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from voxloop_annotate import __version__
from voxloop_annotate.door import Door, SecurityHeaders
from voxloop_annotate.gate import Gate
from voxloop_annotate.pages.document import Document
from voxloop_annotate.pages.files import PageFiles
from voxloop_annotate.pages.shell import INDEX, register_pages, shell
from voxloop_annotate.routes.chains import chain_router
from voxloop_annotate.routes.fills import fill_router
from voxloop_annotate.routes.flags import flag_router
from voxloop_annotate.routes.labels import label_router
from voxloop_annotate.routes.live import live_router
from voxloop_annotate.routes.loop import loop_router
from voxloop_annotate.routes.models import registry_router
from voxloop_annotate.routes.people import people_router
from voxloop_annotate.routes.results import result_router
from voxloop_annotate.routes.review import review_router
from voxloop_annotate.routes.rounds import round_router
from voxloop_annotate.routes.volumes import volume_router
from voxloop_annotate.settings import AnnotateSettings
from voxloop_annotate.studio import Studio, open_studio
from voxloop_shared.health import health_router
from voxloop_shared.server import create_api

log = logging.getLogger(__name__)


def create_app(settings: AnnotateSettings) -> ASGIApp:
    """Wire the service; the answer is what a server serves."""
    studio = open_studio(settings)
    api = create_api("voxloop annotate", __version__, lifespan=_lifespan(studio), docs_url=None, redoc_url=None)
    api.include_router(health_router("annotate", __version__, settings.workspace, settings=settings))
    api.include_router(result_router(studio.results))
    api.include_router(chain_router(studio.results))
    api.include_router(volume_router(studio))
    api.include_router(label_router(studio))
    api.include_router(fill_router(studio))
    api.include_router(flag_router(studio))
    api.include_router(review_router(studio))
    api.include_router(live_router(studio))
    api.include_router(round_router(studio))
    api.include_router(registry_router(studio.models))
    api.include_router(people_router(studio))
    api.include_router(loop_router(studio))
    api.mount("/static", PageFiles(), name="static")
    page = _create_page(api, studio)
    guards: list[Middleware] = [Middleware(SecurityHeaders, script_hashes=page.csp_hashes())]
    if settings.port is not None and settings.token is not None:
        guards.append(Middleware(Door, token=settings.token.get_secret_value(), port=settings.port))
    guards.append(Middleware(Gate, people=studio.people))
    app: ASGIApp = api
    for guard in reversed(guards):
        app = guard.cls(app, *guard.args, **guard.kwargs)
    return app


def _create_page(api: FastAPI, studio: Studio) -> Document:
    page = Document(
        "voxloop_annotate",
        server=api,
        title="voxloop",
        update_title=None,
        include_assets_files=False,
        suppress_callback_exceptions=True,
        index_string=INDEX,
        add_log_handler=False,
        enable_mcp=False,
        on_error=_log_failure,
    )
    page.backend.websocket_capability = False  # else every page tries to open one; callbacks travel by POST
    page.layout = shell
    register_pages(page, studio)
    return page


def _log_failure(error: Exception) -> NoReturn:
    """Say in the log what went wrong in a callback: Dash tells the browser that something did, and nobody else."""
    log.error("a callback failed", exc_info=error)
    raise error


def _lifespan(studio: Studio) -> Any:
    @contextlib.asynccontextmanager
    async def lifespan(_api: FastAPI) -> AsyncIterator[None]:
        studio.hub.start()
        watching = asyncio.create_task(studio.watcher.run())
        try:
            yield
        finally:
            watching.cancel()
            studio.live.close()
            studio.loop.close()

    return lifespan
