"""Live mode: sessions that follow the strokes, and what they say of what is on the screen."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import Field

from voxloop_annotate.studio import Studio
from voxloop_shared.schemas import Axis, ModelVersion, Schema
from voxloop_shared.server import CallerDep

SessionId = Annotated[str, Path(pattern=r"^[0-9a-f]{1,32}$")]


class LiveRequest(Schema):
    """Follow the labels of a volume for one page (`client`); a U-Net goes on from the volume's newest model unless told otherwise."""

    learner: str = "instant"
    client: str = Field(min_length=1, max_length=80)
    starts_from_newest: bool = True


class LookRequest(Schema):
    """What to look at, and by which of the session's models; rows and columns of `region` are level-0 voxels."""

    number: int = Field(ge=1)
    axis: Axis
    index: int
    region: tuple[tuple[int, int], tuple[int, int]] | None = None
    level: int = 0
    client: str | None = Field(default=None, max_length=80)


def live_router(studio: Studio) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/api/volumes/{volume_id}/live")
    live = studio.live

    @router.post("", status_code=201)
    def start(volume_id: str, body: LiveRequest, who: CallerDep) -> dict[str, Any]:
        """Start a session; the page hears of it by events named `live`."""
        studio.library.volume(volume_id)
        studio.catalogue.note(who.user, "live mode", volume_id, body.learner)
        return live.start(volume_id, body.learner, body.client, starts_from_newest=body.starts_from_newest)

    @router.post("/{session}/stay")
    def stay(volume_id: str, session: SessionId) -> dict[str, Any]:
        """Say that the page is still there; a session that nobody looks at ends."""
        return live.stay(volume_id, session)

    @router.post("/{session}/look")
    def look(volume_id: str, session: SessionId, body: LookRequest) -> Response:
        """Predict a part of a slice: class, then confidence, as raw bytes (rows × columns each, see X-Shape)."""
        content, headers = live.preview(volume_id, session, body.number, body.model_dump(exclude={"number"}))
        return Response(content, media_type="application/octet-stream", headers=headers | {"Cache-Control": "no-store"})

    @router.post("/{session}/keep", status_code=201)
    def keep(volume_id: str, session: SessionId, who: CallerDep) -> ModelVersion:
        """Publish the session's newest model as a version of the volume's model."""
        version = live.keep(volume_id, session)
        studio.catalogue.note(who.user, "keep live model", volume_id, f"{version.name}:{version.version}")
        return version

    @router.delete("/{session}")
    def stop(volume_id: str, session: SessionId) -> dict[str, str]:
        """End a session."""
        live.stop(volume_id, session)
        return {"ended": session}

    return router
