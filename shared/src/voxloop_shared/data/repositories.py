"""Repositories: where labels lie on disk, and the classes that are written beside the voxels."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import icechunk
import zarr

from voxloop_shared.data.commits import Commit
from voxloop_shared.errors import DiskFull, VolumeNotFound
from voxloop_shared.files import new_folder
from voxloop_shared.schemas import LabelClass

ARRAY = "labels"
CHUNK = (32, 128, 128)
"""The cheapest for a stroke in a slice of those measured (8 to 64 deep, 64 and 128 wide): a chunk costs about 1 ms."""
_SPLIT = 8
"""Chunks per manifest and axis: a commit rewrites the manifests it touches, so they must stay small."""

_PALETTE = ("#E69F00", "#0072B2", "#F0E442", "#009E73", "#56B4E9", "#D55E00", "#CC79A7", "#999999")
"""In the order of the page's palette.mjs: neighbours differ in lightness, not in hue alone."""

icechunk.set_logs_filter("error")  # it warns at each open that only one process may commit, which is our rule anyway


def create_repository(path: Path, shape: tuple[int, int, int], classes: list[LabelClass]) -> None:
    """Make a repository that holds an empty array; raises FileExistsError where there is one."""
    with new_folder(path) as folder, disk_errors():
        repo = icechunk.Repository.create(_storage(folder), config=_config())
        repo.save_config()
        session = repo.writable_session("main")
        chunks = tuple(min(c, n) for c, n in zip(CHUNK, shape, strict=True))
        array = zarr.create_array(
            session.store, name=ARRAY, shape=shape, chunks=chunks, dtype="uint8", fill_value=0, dimension_names=("z", "y", "x")
        )
        write_classes(array, classes)
        first = Commit.first()
        session.commit(first.name, metadata=first.to_metadata())


def open_repository(path: Path) -> icechunk.Repository:
    """Open a repository; raises VolumeNotFound."""
    if not path.is_dir():
        raise VolumeNotFound(f"no labels for volume {path.name!r}")
    return icechunk.Repository.open(_storage(path))


def remove_labels(path: Path) -> None:
    """Delete a repository that was made for a volume whose import failed."""
    shutil.rmtree(path, ignore_errors=True)


def read_classes(array: zarr.Array[Any]) -> list[LabelClass]:
    """Read the classes from the attributes of an array."""
    return [LabelClass.model_validate(entry) for entry in array.attrs["classes"]]  # type: ignore[union-attr]


def write_classes(array: zarr.Array[Any], classes: list[LabelClass]) -> None:
    """Replace the classes in the attributes of an array."""
    array.attrs["classes"] = [entry.model_dump() for entry in classes]


def class_color(number: int) -> str:
    """Give a class its default colour (Okabe and Ito's palette, safe for colour-blind eyes)."""
    return _PALETTE[(number - 1) % len(_PALETTE)]


def default_classes() -> list[LabelClass]:
    """Give a new volume something to paint with."""
    return [LabelClass(id=n, name=name, color=class_color(n)) for n, name in ((1, "background"), (2, "object"))]


@contextmanager
def disk_errors() -> Iterator[None]:
    """Name what the disk refuses; raises DiskFull."""
    try:
        yield
    except icechunk.IcechunkError as error:
        if any(f"os error {number}" in str(error) for number in (errno.ENOSPC, errno.EDQUOT)):
            raise DiskFull("no space left on the disk while writing labels: free some and try again") from error
        raise


def _storage(path: Path) -> icechunk.Storage:
    return icechunk.local_filesystem_storage(str(path))


def _config() -> icechunk.RepositoryConfig:
    split: dict[Any, dict[Any, int]] = {icechunk.ManifestSplitCondition.AnyArray(): {icechunk.ManifestSplitDimCondition.Any(): _SPLIT}}
    config = icechunk.RepositoryConfig.default()
    config.manifest = icechunk.ManifestConfig(splitting=icechunk.ManifestSplittingConfig.from_dict(split))
    return config
