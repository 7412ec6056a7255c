"""A preview of a chain on a part of one slice, from a box around it.

Steps that look at a neighbourhood are exact: the box is as much wider as they reach. Components are exact where the box holds
them whole, as it does with a whole slice or a small volume; elsewhere those that reach the end of the box are taken for large.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voxloop_infer.postprocessing.components import Faces
from voxloop_infer.postprocessing.local import Shape, reach_of
from voxloop_infer.postprocessing.masking import process_block
from voxloop_infer.postprocessing.orders import ChainPreviewSpec, Region2D, checked_region
from voxloop_infer.postprocessing.plan import plan_chain
from voxloop_infer.settings import InferSettings
from voxloop_shared.chain import Chain
from voxloop_shared.data.blocks import Region, grown, size_of, within
from voxloop_shared.data.derivations import class_array
from voxloop_shared.data.predictions import open_prediction
from voxloop_shared.data.volumes import level_array, open_volume
from voxloop_shared.errors import TooLarge
from voxloop_shared.nets.inputs import PLANE_AXES, box_of
from voxloop_shared.workspace import Workspace

_BOX_VOXELS = 8 << 20
"""How far a box is grown for components; more would not be live."""
_MOST_VOXELS = 64 << 20
"""What a box may need at least: a large region under wide 3D kernels."""


@dataclass(frozen=True)
class ChainPreview:
    """Classes of a region (rows, columns); `box` is what was looked at, and whether that was enough."""

    numbers: NDArray[np.uint8]
    region: Region2D
    box: Region
    is_exact: bool


def preview_chain(spec: ChainPreviewSpec, settings: InferSettings, check: Callable[[], None] = lambda: None) -> ChainPreview:
    """Compute a preview; raises the VoxloopError that says what is wrong with the request, and what `check` raises between the steps."""
    workspace = Workspace(settings.workspace)
    volume, voxels = open_volume(workspace, spec.volume)
    info, classes = open_prediction(workspace, spec.volume, spec.prediction)
    plan = plan_chain(spec.chain, info.classes, volume)
    rows, columns = checked_region(spec, volume)
    z, y, x = (slice(*span) for span in box_of(spec.axis, (spec.index, spec.index + 1), rows, columns))
    box, is_exact = choose_box((z, y, x), spec.chain, volume.shape)
    image = None
    if any(stage.needs_image for stages in plan.stages.values() for stage in stages):
        image = np.asarray(level_array(voxels, "0")[box])
    found = process_block(plan, np.asarray(class_array(classes)[box]), image, volume, _cuts(box, volume.shape), check)
    plane = found[within((z, y, x), box)].squeeze(PLANE_AXES[spec.axis][0])
    return ChainPreview(np.ascontiguousarray(plane), (rows, columns), box, is_exact)


def choose_box(region: Region, chain: Chain, shape: Shape) -> tuple[Region, bool]:
    """Give the box to look at for a region, and whether the answer is that of the whole volume; raises TooLarge."""
    box = grown(region, reach_of(chain.steps), shape)
    if _count(box) > _MOST_VOXELS:
        raise TooLarge(f"the chain needs {_count(box) / 1e6:.0f} million voxels around that region: ask for a smaller one")
    needs = {step.extent for step in chain.steps if step.kind in ("remove_small", "fill_holes", "keep_largest")}
    if not needs:
        return box, True
    wanted = (slice(0, shape[0]) if "volume" in needs else box[0], slice(0, shape[1]), slice(0, shape[2]))
    if _count(wanted) <= max(_BOX_VOXELS, _count(box)):
        return wanted, True
    return _grow(box, wanted, shape), False


def _grow(box: Region, wanted: Region, shape: Shape) -> Region:
    """Widen a box evenly towards what is wanted, up to the limit."""
    low, high = 0, max(shape)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _count(_widened(box, middle, wanted)) <= _BOX_VOXELS else (low, middle - 1)
    return _widened(box, low, wanted)


def _widened(box: Region, by: int, wanted: Region) -> Region:
    z, y, x = (slice(max(w.start, p.start - by), min(w.stop, p.stop + by)) for p, w in zip(box, wanted, strict=True))
    return z, y, x


def _count(box: Region) -> int:
    return math.prod(size_of(box))


def _cuts(box: Region, shape: Shape) -> Faces:
    z, y, x = ((part.start > 0, part.stop < length) for part, length in zip(box, shape, strict=True))
    return z, y, x
