"""Finding versions."""

from typing import Annotated

from fastapi import APIRouter, Query

from voxloop_registry.listing import Facets, Listing, Value, VersionPage
from voxloop_registry.search import GroupQuestion, Question


def search_router(listing: Listing) -> APIRouter:
    """Make the routes over the lists."""
    router = APIRouter()

    @router.get("/versions")
    def search_versions(question: Annotated[Question, Query()]) -> VersionPage:
        """Find versions by what is said of them, their classes, learner, volume, authors, aliases, tags and metrics; without manifests."""
        return listing.search(question)

    @router.get("/versions/groups")
    def group_versions(question: Annotated[GroupQuestion, Query()]) -> list[Value]:
        """Count versions by name, learner, volume or author, with the filters of a search."""
        return listing.groups(question)

    @router.get("/facets")
    def read_facets(deleted: bool = False) -> Facets:
        """Say what there is to filter by."""
        return listing.facets(deleted=deleted)

    return router
