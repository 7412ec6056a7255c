"""Image files that become volumes of a workspace."""

import shutil
from collections.abc import Callable
from pathlib import Path

from voxloop_compose.groups import find_group, open_tree
from voxloop_compose.signals import interruptible_steps
from voxloop_compose.target import Target
from voxloop_shared.data.images import open_image
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.schemas import VolumeInfo

Size = tuple[float, float, float]


def add_volume(
    target: Target, path: Path, name: str | None, voxel_size: Size | None, unit: str | None, on_progress: Callable[[float], None]
) -> VolumeInfo:
    """Write a file into the workspace, block by block, and have it shown; when that fails nothing stays behind."""
    target.check_own("import volumes")
    origin = str(path.expanduser().absolute())
    wanted = _stem(path) if name is None else name
    with interruptible_steps(on_progress) as step:
        with open_image(path.expanduser()) as source:
            info = import_volume(target.workspace, source, name=wanted, origin=origin, voxel_size=voxel_size, unit=unit, on_progress=step)
        if target.record.share:
            open_tree(target.workspace.volume(info.id), find_group(target.record.share))
        return register_volume(target, info)


def register_volume(target: Target, info: VolumeInfo) -> VolumeInfo:
    """Have a volume shown that stands in the workspace; take it away again when that fails."""
    try:
        return VolumeInfo.model_validate(target.post("annotate", "/api/volumes", {"id": info.id}))
    except BaseException:
        shutil.rmtree(target.workspace.volume(info.id), ignore_errors=True)
        raise


def _stem(path: Path) -> str:
    name = path.name
    return name[: -len(".nii.gz")] if name.lower().endswith(".nii.gz") else path.stem
