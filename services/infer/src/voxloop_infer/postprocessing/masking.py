"""A plan carried out: on arrays that lie in memory, or block by block with what lies between two passes on the disk."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from voxloop_infer.postprocessing.components import Components, Faces
from voxloop_infer.postprocessing.local import Mask, Shape, apply_local, reach_of
from voxloop_infer.postprocessing.plan import UNCLAIMED, Plan, Stage, paint, settle
from voxloop_shared.data.blocks import Region, blocks_of, count_blocks, grown, part_of, within
from voxloop_shared.data.pyramid import SHARD, create_level
from voxloop_shared.schemas import VolumeInfo

BLOCK: Shape = (32, 512, 512)
"""Whole shards; some 25 bytes per voxel are at work at once, the rim of wide kernels not counted."""

Read = Callable[[Region], NDArray[Any]]
OnBlock = Callable[[int, int], None]


MaskRead = Callable[[Region], Mask]


def process_block(
    plan: Plan,
    numbers: NDArray[np.uint8],
    image: NDArray[Any] | None,
    volume: VolumeInfo,
    cuts: Faces,
    check: Callable[[], None] = lambda: None,
) -> NDArray[np.uint8]:
    """Carry a plan out on an array (z, y, x) in memory; `cuts` says where it was cut out of the volume.

    `check` is called between the steps, and may raise to end them.
    """
    found = plan.base[numbers]
    z, y, x = numbers.shape
    whole = (slice(0, z), slice(0, y), slice(0, x))
    for class_id, stages in plan.stages.items():
        mask = numbers == class_id
        for stage in stages:
            mask = _local(stage, mask, image, check)
            check()
            if stage.last is not None:
                components = stage.components(volume, (z, y, x), cuts)
                components.add(whole, outside(stage, mask))
                components.close()
                mask = select(stage, components, whole, mask)
        paint(found, mask, class_id, plan)
    settle(found, plan)
    return found


def process_volume(
    plan: Plan, source: Read, image: Read, target: zarr.Array[Any], scratch: zarr.Group, volume: VolumeInfo, on_block: OnBlock
) -> NDArray[np.int64]:
    """Carry a plan out on class ids that `source` reads, into `target`, and count voxels per id; `scratch` holds masks meanwhile."""
    return _Process(plan, source, image, target, scratch, volume, on_block).run()


class _Process:
    """One run over a volume; its methods visit every block once."""

    def __init__(
        self, plan: Plan, source: Read, image: Read, target: zarr.Array[Any], scratch: zarr.Group, volume: VolumeInfo, on_block: OnBlock
    ) -> None:
        self._plan, self._source, self._image, self._target = plan, source, image, target
        self._scratch, self._volume, self._on_block = scratch, volume, on_block
        self._visits = 0
        self._blocks = count_blocks(volume.shape, BLOCK) * plan.passes

    def run(self) -> NDArray[np.int64]:
        for region in self._every_block():
            write_block(self._target, region, self._plan.base[self._source(region)])
        for class_id, stages in self._plan.stages.items():
            mask: MaskRead = partial(self._class_mask, class_id)
            for stage in stages[:-1]:
                mask = self._keep(self._changed(stage, mask))
            self._paint(self._changed(stages[-1], mask), class_id)
            for name in list(self._scratch):
                del self._scratch[name]
        return self._settle()

    def _changed(self, stage: Stage, mask: MaskRead) -> MaskRead:
        """Give a mask as a stage leaves it; components must have been seen in all blocks before the first can be read."""
        local = partial(self._read_local, stage, mask)
        if stage.last is None:
            return local
        components = stage.components(self._volume, self._volume.shape)
        kept = self._keep(local, lambda region, found: components.add(region, outside(stage, found)))
        components.close()
        return lambda region: select(stage, components, region, kept(region))

    def _keep(self, compute: MaskRead, see: Callable[[Region, Mask], None] = lambda _region, _mask: None) -> MaskRead:
        """Write a mask to the scratch; each block is also shown to `see`."""
        array = create_level(self._scratch, str(self._visits), self._volume.shape, np.dtype("uint8"))
        for region in self._every_block():
            found = compute(region)
            see(region, found)
            write_block(array, region, found.view(np.uint8))
        return lambda region: np.asarray(array[region]).view(np.bool_)

    def _paint(self, compute: MaskRead, class_id: int) -> None:
        for region in self._every_block():
            mask = compute(region)
            if mask.any():
                numbers = np.asarray(self._target[region])
                paint(numbers, mask, class_id, self._plan)
                write_block(self._target, region, numbers)

    def _settle(self) -> NDArray[np.int64]:
        counts = np.zeros(256, np.int64)
        for region in self._every_block():
            numbers = np.asarray(self._target[region])
            if (numbers == UNCLAIMED).any():
                settle(numbers, self._plan)
                write_block(self._target, region, numbers)
            counts += np.bincount(numbers.ravel(), minlength=256)
        return counts

    def _class_mask(self, class_id: int, region: Region) -> Mask:
        found: Mask = self._source(region) == class_id
        return found

    def _read_local(self, stage: Stage, mask: MaskRead, region: Region) -> Mask:
        wide = grown(region, reach_of(stage.local), self._volume.shape)
        found = mask(wide)
        if not found.any():
            return found[within(region, wide)]
        return _local(stage, found, self._image(wide) if stage.needs_image else None)[within(region, wide)]

    def _every_block(self) -> Iterator[Region]:
        for region in blocks_of(self._volume.shape, BLOCK):
            self._on_block(self._visits, self._blocks)
            yield region
            self._visits += 1


def _local(stage: Stage, mask: Mask, image: NDArray[Any] | None, check: Callable[[], None] = lambda: None) -> Mask:
    for step in stage.local:
        check()
        mask = apply_local(step, mask, image)
    return mask


def outside(stage: Stage, mask: Mask) -> Mask:
    """Give the mask whose components the stage's last step is about."""
    return ~mask if stage.fills else mask


def select(stage: Stage, components: Components, region: Region, mask: Mask) -> Mask:
    """Keep what is chosen, or add the holes that are."""
    found = components.select(region, outside(stage, mask))
    return mask | found if stage.fills else found


def write_block(array: zarr.Array[Any], region: Region, block: NDArray[np.uint8]) -> None:
    """Write a block shard by shard: zarr would encode all of them side by side, each with its own copies."""
    for part in blocks_of(block.shape, SHARD):
        array[part_of(region, part)] = block[part]
