"""Results of predictions: amounts, downloads, post-processing and its preview."""

import shutil
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from voxloop_annotate.results import Results
from voxloop_annotate.routes.volumes import Bound, plane_response
from voxloop_shared.chain import Chain, describe_chains
from voxloop_shared.data.statistics import Amounts, amounts_csv
from voxloop_shared.jobs.job import Job
from voxloop_shared.schemas import Axis, Schema
from voxloop_shared.server import CallerDep

_LONGEST_CHAIN = 6000
"""Characters of a chain in an address."""


class PostprocessRequest(Schema):
    """Make a new prediction by a chain."""

    chain: Chain


def result_router(results: Results) -> APIRouter:
    """Make the routes; they go before those of volumes, which take the last part of the address for a layer."""
    router = APIRouter(prefix="/api")
    of_prediction = "/volumes/{volume_id}/predictions/{prediction_id}"

    @router.get("/chains")
    def read_chains() -> dict[str, object]:
        """Read the JSON schema of post-processing chains, and the presets."""
        return describe_chains()

    @router.get(of_prediction + "/amounts", response_model=Amounts)
    def read_amounts(volume_id: str, prediction_id: str, kind: Annotated[Literal["json", "csv"], Query(alias="format")] = "json") -> object:
        """Read how much of each class there is; as CSV it is a download."""
        amounts = results.amounts(volume_id, prediction_id)
        if kind == "json":
            return amounts
        headers = {"Content-Disposition": f'attachment; filename="{volume_id}-amounts.csv"'}
        return Response(amounts_csv(amounts), media_type="text/csv", headers=headers)

    @router.get(of_prediction + "/export")
    def export(
        volume_id: str,
        prediction_id: str,
        kind: Annotated[str, Query(alias="format")] = "nii.gz",
        layer: str = "class",
        class_id: Annotated[str | None, Query(alias="class")] = None,
    ) -> FileResponse:
        """Download a layer, or the mask of one class, as a file; it is written to the disk first, then sent piece by piece."""
        path = results.export(volume_id, prediction_id, layer, kind, class_id)
        return FileResponse(path, filename=path.name, background=BackgroundTask(shutil.rmtree, path.parent))

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
        axis: Axis,
        index: Annotated[int, Query(ge=0)],
        level: Annotated[int, Query(ge=0)] = 0,
        y0: Bound = None,
        y1: Bound = None,
        x0: Bound = None,
        x1: Bound = None,
        client: Annotated[str | None, Query(max_length=80)] = None,
    ) -> Response:
        """Read a plane of the classes as a chain would make them; of one `client` only the newest is answered, the others get 409."""
        plane, is_exact = results.preview(volume_id, prediction_id, chain, axis, index, level, (y0, y1), (x0, x1), client)
        return plane_response(plane, **{"X-Exact": "yes" if is_exact else "no"})

    return router
