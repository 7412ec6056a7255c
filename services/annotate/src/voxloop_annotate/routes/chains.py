"""Post-processing of predictions by chains of steps: what there is, checks, previews, jobs."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from voxloop_annotate.results import Results
from voxloop_annotate.routes.planes import LevelQuery, WindowQuery, plane_response
from voxloop_shared.chain import Chain, describe_chains
from voxloop_shared.jobs.job import Job
from voxloop_shared.schemas import Schema
from voxloop_shared.server import CallerDep

_LONGEST_CHAIN = 6000
"""Characters of a chain in an address."""


class PostprocessRequest(Schema):
    """Make a new prediction by a chain."""

    chain: Chain


def chain_router(results: Results) -> APIRouter:
    """Make the routes; they go before those of volumes, which take the last part of the address for a layer."""
    router = APIRouter(prefix="/api")
    of_prediction = "/volumes/{volume_id}/predictions/{prediction_id}"

    @router.get("/chains")
    def read_chains() -> dict[str, object]:
        """Read the JSON schema of post-processing chains, and the presets."""
        return describe_chains()

    @router.post(of_prediction + "/postprocess/check")
    def check(volume_id: str, prediction_id: str, body: PostprocessRequest) -> PostprocessRequest:
        """Refuse a chain that the prediction cannot have, else give it back with its defaults; nothing is computed."""
        results.check(volume_id, prediction_id, body.chain)
        return body

    @router.post(of_prediction + "/postprocess", status_code=201)
    def postprocess(volume_id: str, prediction_id: str, body: PostprocessRequest, who: CallerDep) -> Job:
        """Start the making of a new prediction by a chain."""
        return results.start_postprocessing(volume_id, prediction_id, body.chain, who.user)

    @router.get(of_prediction + "/chained")
    def preview(
        volume_id: str,
        prediction_id: str,
        chain: Annotated[str, Query(max_length=_LONGEST_CHAIN)],
        window: WindowQuery,
        level: LevelQuery = 0,
        client: Annotated[str | None, Query(max_length=80)] = None,
    ) -> Response:
        """Read a plane of the classes as a chain would make them; of one `client` only the newest is answered, the others get 409."""
        plane, is_exact = results.preview(
            volume_id, prediction_id, chain, window.axis, window.index, level, window.rows, window.columns, client
        )
        return plane_response(plane, {"X-Exact": "yes" if is_exact else "no"})

    return router
