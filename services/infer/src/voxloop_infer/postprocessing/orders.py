"""What is asked of post-processing, and the same frozen: checked, with every name resolved."""

from pydantic import Field

from voxloop_infer.postprocessing.plan import plan_chain
from voxloop_infer.settings import InferSettings
from voxloop_shared.chain import Chain
from voxloop_shared.data.predictions import read_prediction
from voxloop_shared.data.volumes import read_info
from voxloop_shared.errors import InvalidInput, TooLarge
from voxloop_shared.nets.inputs import PLANE_AXES
from voxloop_shared.schemas import Axis, Schema, VolumeInfo
from voxloop_shared.workspace import Workspace

Region2D = tuple[tuple[int, int], tuple[int, int]]
"""First and last row (exclusive), first and last column, in voxels of level 0."""

_LARGEST_PREVIEW = 2048 * 2048


class PostprocessOrder(Schema):
    """A request to make a new prediction from another by a chain; the names in it need no resolving."""

    volume: str
    prediction: str
    chain: Chain


class ChainPreviewSpec(Schema):
    """A request for a region of one slice; rows and columns are (y, x) on axis z, (z, x) on y, (z, y) on x.

    Of one `client` only the newest request is answered.
    """

    volume: str
    prediction: str
    chain: Chain
    axis: Axis = "z"
    index: int
    region: Region2D | None = None
    client: str | None = Field(default=None, max_length=80)


def check_order(order: PostprocessOrder, settings: InferSettings) -> PostprocessOrder:
    """Pass a request through that can be done; raises the VoxloopError that says what is wrong."""
    workspace = Workspace(settings.workspace)
    volume = read_info(workspace, order.volume)
    plan_chain(order.chain, read_prediction(workspace, order.volume, order.prediction).classes, volume)
    return order


def checked_region(spec: ChainPreviewSpec, volume: VolumeInfo) -> Region2D:
    """Give the region, the whole slice by default; raises InvalidInput for what lies outside the volume, TooLarge."""
    depth, *lengths = (volume.shape[axis] for axis in PLANE_AXES[spec.axis])
    if not 0 <= spec.index < depth:
        raise InvalidInput(f"no slice {spec.axis}={spec.index}: the volume has {spec.axis}=0..{depth - 1}")
    region = spec.region or ((0, lengths[0]), (0, lengths[1]))
    for (start, stop), length, name in zip(region, lengths, ("rows", "columns"), strict=True):
        if not 0 <= start < stop <= length:
            raise InvalidInput(f"{name} {start}:{stop} do not lie inside the slice, whose {name} are 0:{length}")
    (top, bottom), (left, right) = region
    if (bottom - top) * (right - left) > _LARGEST_PREVIEW:
        raise TooLarge(f"a preview of {bottom - top}×{right - left} voxels is too large: ask for at most {_LARGEST_PREVIEW}")
    return region
