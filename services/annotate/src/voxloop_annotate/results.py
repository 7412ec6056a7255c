"""What is taken away from predictions: files in other programs' formats, amounts per class, and predictions made by chains."""

import json
import shutil
import tempfile
import zipfile
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voxloop_annotate.catalogue import Catalogue
from voxloop_annotate.planes import Bounds, plane_region
from voxloop_shared.chain import Chain
from voxloop_shared.client import ServiceClient
from voxloop_shared.data.classmasks import ClassMask, find_class
from voxloop_shared.data.exports import Readable, export_array
from voxloop_shared.data.predictions import layers_of, open_prediction
from voxloop_shared.data.statistics import Amounts, count_classes, measure_classes
from voxloop_shared.data.volumes import level_array, read_info
from voxloop_shared.errors import InvalidInput
from voxloop_shared.jobs.job import Job
from voxloop_shared.schemas import Axis, Level
from voxloop_shared.workspace import Workspace, slug

FORMATS = {"tif": ".tif", "nii.gz": ".nii.gz", "nii": ".nii", "zarr.zip": ".zarr"}
_COUNTED = 256


class Results:
    """Files and figures of predictions; `infer` makes new ones."""

    def __init__(self, workspace: Workspace, infer: ServiceClient, catalogue: Catalogue) -> None:
        self._workspace = workspace
        self._infer = infer
        self._catalogue = catalogue
        self._counts = lru_cache(_COUNTED)(self._count)

    def forget_downloads(self) -> None:
        """Delete the files of downloads that were never finished."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def amounts(self, volume_id: str, prediction_id: str) -> Amounts:
        """Say how much of each class there is; raises PredictionNotFound."""
        info, _ = open_prediction(self._workspace, volume_id, prediction_id)
        counts = self._counts(volume_id, prediction_id)
        return measure_classes(counts, info.classes, read_info(self._workspace, volume_id), prediction_id)

    def export(self, volume_id: str, prediction_id: str, layer: str, kind: str, class_id: str | None = None) -> Path:
        """Write a layer, or the mask of one class, to a file in a folder of its own, which the caller deletes.

        Raises PredictionNotFound, UnknownClass, InvalidInput for a layer or kind that there is not, OSError for a full disk.
        """
        if kind not in FORMATS:
            raise InvalidInput(f"no format {kind!r}: there are {', '.join(FORMATS)}")
        volume = read_info(self._workspace, volume_id)
        info, group = open_prediction(self._workspace, volume_id, prediction_id)
        if layer not in (known := layers_of(group)):
            raise InvalidInput(f"no layer {layer!r}: the prediction has {', '.join(known)}")
        array: Readable = level_array(group, f"{layer}/0")
        name, classes = f"{volume.id}-{layer}", info.classes if layer == "class" else None
        if class_id is not None:
            chosen = find_class(info.classes, class_id)
            array, name, classes = ClassMask(level_array(group, "class/0"), chosen.id), f"{volume.id}-{slug(chosen.name)}", None
        self._folder.mkdir(exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            path = folder / f"{name}{FORMATS[kind]}"
            export_array(array, path, volume.voxel_size, volume.unit, classes)
            return _zipped(path) if path.is_dir() else path
        except BaseException:
            shutil.rmtree(folder)
            raise

    def check(self, volume_id: str, prediction_id: str, chain: Chain) -> None:
        """Raise what is wrong with a chain for a prediction."""
        info, _ = open_prediction(self._workspace, volume_id, prediction_id)
        chain.check(info.classes, read_info(self._workspace, volume_id))

    def start_postprocessing(self, volume_id: str, prediction_id: str, chain: Chain, author: str) -> Job:
        """Have a new prediction made by a chain. Raises what infer raises."""
        body = {"volume": volume_id, "prediction": prediction_id, "chain": chain.model_dump(mode="json")}
        job = Job.model_validate(self._infer.post("/jobs/postprocess", body))
        self._catalogue.note(author, "postprocess", volume_id, job.id)
        return job

    def preview(
        self,
        volume_id: str,
        prediction_id: str,
        chain: str,
        axis: Axis,
        index: int,
        level: int,
        rows: Bounds,
        columns: Bounds,
        client: str | None = None,
    ) -> tuple[NDArray[np.uint8], bool]:
        """Give a plane of a level as a chain (JSON) would make it, and whether that is exact; of a `client` only the newest is answered.

        Raises what infer raises.
        """
        levels = read_info(self._workspace, volume_id).levels
        if not 0 <= level < len(levels):
            raise InvalidInput(f"no level {level}: the pyramid has levels 0 to {len(levels) - 1}")
        across, steps, place = _place(levels[0], levels[level], axis, index, rows, columns)
        body = {"volume": volume_id, "prediction": prediction_id, "chain": _parsed(chain), "axis": axis, "index": across, "region": place}
        body |= {"client": client}
        answer = self._infer.request("POST", "/postprocess/preview", json=body)
        shape = tuple(map(int, answer.headers["X-Shape"].split(",")))
        plane = np.frombuffer(answer.content, np.uint8).reshape(shape)
        return plane[:: steps[0], :: steps[1]], answer.headers["X-Exact"] == "yes"

    @property
    def _folder(self) -> Path:
        return self._workspace.root / ".downloads"

    def _count(self, volume_id: str, prediction_id: str) -> dict[int, int]:
        return count_classes(level_array(open_prediction(self._workspace, volume_id, prediction_id)[1], "class/0"))


def _place(
    finest: Level, level: Level, axis: Axis, index: int, rows: Bounds, columns: Bounds
) -> tuple[int, tuple[int, int], list[tuple[int, int]]]:
    """Give, in voxels of level 0, the index of a plane, its steps along rows and columns, and their bounds."""
    parts = plane_region(level, axis, index, rows, columns)
    across = "zyx".index(axis)
    along = [a for a in range(3) if a != across]
    bounds = [(parts[a].start * level.scale[a], min(parts[a].stop * level.scale[a], finest.shape[a])) for a in along]
    return parts[across].start * level.scale[across], (level.scale[along[0]], level.scale[along[1]]), bounds


def _parsed(chain: str) -> object:
    try:
        return json.loads(chain)
    except ValueError as error:
        raise InvalidInput(f"the chain is no JSON: {error}") from error


def _zipped(folder: Path) -> Path:
    """Put a folder into a zip file and delete it; its chunks are compressed already."""
    path = folder.with_name(f"{folder.name}.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as target:
        for part in sorted(folder.rglob("*")):
            if part.is_file():
                target.write(part, part.relative_to(folder.parent))
    shutil.rmtree(folder)
    return path
