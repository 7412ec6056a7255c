"""Label images: checked and sent to annotate slab by slab, or written from the label repository."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voxloop_compose.signals import interruptible_steps
from voxloop_compose.target import Target
from voxloop_shared.data.exports import export_array
from voxloop_shared.data.images import ImageSource, open_image
from voxloop_shared.data.labels import Labels
from voxloop_shared.errors import InvalidInput, ShapeMismatch
from voxloop_shared.schemas import LAST_CLASS, UNCERTAIN, VolumeInfo

Progress = Callable[[float], None]

_SLAB_BYTES = 16 << 20
_MERGE_TIMEOUT_S = 3600.0


def send_labels(target: Target, volume: VolumeInfo, path: Path, on_progress: Progress) -> dict[str, Any]:
    """Lay a label image over a volume's labels in one commit; checked whole before the first byte is sent.

    Raises UnreadableFile, ShapeMismatch, and InvalidInput that names the first value that is no label.
    """
    with open_image(path.expanduser()) as source:
        if source.shape != volume.shape:
            raise ShapeMismatch(f"{path.name} has shape {source.shape}, volume {volume.id} has {volume.shape} (z, y, x)")
        for done, slab in slabs_of(source):
            check_labels(slab, path.name)
            on_progress(done / 2)
        body = _body(source, path.name, lambda done: on_progress((1 + done) / 2))
        headers = {"X-Shape": ",".join(map(str, source.shape)), "Content-Type": "application/octet-stream"}
        with target.client("annotate") as client:
            answer = client.request("PUT", f"/api/volumes/{volume.id}/labels", content=body, headers=headers, timeout_s=_MERGE_TIMEOUT_S)
    found: dict[str, Any] = answer.json()
    return found


def write_labels(target: Target, volume: VolumeInfo, path: Path, snapshot: str | None, on_progress: Progress) -> str:
    """Write a snapshot of a volume's labels, the newest by default, to a file; give the snapshot."""
    labels = Labels.open(target.workspace.labels_of(volume.id))
    used = snapshot or labels.head
    array = labels.array(used)
    with interruptible_steps(on_progress) as step:
        export_array(array, path.expanduser(), volume.voxel_size, volume.unit, labels.classes(used), step)
    return used


def slabs_of(source: ImageSource) -> Iterator[tuple[float, NDArray[Any]]]:
    """Read an image in consecutive pieces along z; each comes with the part that is done then."""
    depth, rows, columns = source.shape
    step = max(1, _SLAB_BYTES // (rows * columns * source.dtype.itemsize))
    for z in range(0, depth, step):
        stop = min(z + step, depth)
        yield stop / depth, source.read(slice(z, stop), slice(0, rows))


def check_labels(slab: NDArray[Any], name: str) -> None:
    """Raise InvalidInput for the first value that is no label: whole numbers 0..250, or 255."""
    with np.errstate(invalid="ignore"):
        is_label = ((slab >= 0) & (slab <= LAST_CLASS)) | (slab == UNCERTAIN)
        if slab.dtype.kind == "f":
            is_label &= slab == np.floor(slab)
    if not is_label.all():
        wrong = slab[~is_label][0]
        raise InvalidInput(
            f"{name} holds the value {wrong}: labels are whole numbers 0 (unlabelled) to {LAST_CLASS}, or {UNCERTAIN} (uncertain)"
        )


def _body(source: ImageSource, name: str, on_progress: Progress) -> Iterator[bytes]:
    for done, slab in slabs_of(source):
        check_labels(slab, name)  # the file may have changed since it was checked
        yield np.ascontiguousarray(slab, np.uint8).tobytes()
        on_progress(done)
