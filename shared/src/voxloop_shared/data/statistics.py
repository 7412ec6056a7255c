"""How much of each class there is: voxels, fractions of the volume, and space in physical units."""

import csv
import io
import math
from collections.abc import Callable

import numpy as np

from voxloop_shared.data.exports import Readable, slabs_of
from voxloop_shared.schemas import UNLABELLED, LabelClass, Schema, VolumeInfo
from voxloop_shared.units import voxel_mm3


class ClassAmount(Schema):
    """How much of a class there is; `space` is in the cube of the volume's unit, `ml` none where that is not physical."""

    id: int
    name: str
    color: str
    voxels: int
    fraction: float
    space: float
    ml: float | None


class Amounts(Schema):
    """How much of each class there is in a prediction; `unit` is of `space`, voxels where lengths have no physical unit."""

    volume: str
    prediction: str
    unit: str
    voxels: int
    classes: list[ClassAmount]


def count_classes(array: Readable, on_progress: Callable[[float], None] = lambda _fraction: None) -> dict[int, int]:
    """Count the voxels per class id, slab by slab."""
    counts = np.zeros(256, np.int64)
    for slab in slabs_of(array, on_progress):
        counts += np.bincount(slab.ravel(), minlength=256)
    return {number: int(count) for number, count in enumerate(counts) if count}


def measure_classes(counts: dict[int, int], classes: list[LabelClass], volume: VolumeInfo, prediction: str) -> Amounts:
    """Turn counts into amounts, in the order of the classes; what has no class comes last, as unlabelled."""
    listed = [
        *classes,
        *([LabelClass.model_construct(id=UNLABELLED, name="unlabelled", color="#000000")] if counts.get(UNLABELLED) else []),
    ]
    total = math.prod(volume.shape)
    mm3 = voxel_mm3(volume)
    voxel = math.prod(volume.voxel_size) if mm3 else 1.0
    amounts = [
        ClassAmount(
            id=entry.id,
            name=entry.name,
            color=entry.color,
            voxels=(count := counts.get(entry.id, 0)),
            fraction=count / total,
            space=count * voxel,
            ml=count * mm3 / 1000 if mm3 else None,
        )
        for entry in listed
    ]
    return Amounts(volume=volume.id, prediction=prediction, unit=f"{volume.unit}3" if mm3 else "voxels", voxels=total, classes=amounts)


def amounts_csv(amounts: Amounts) -> str:
    """Write amounts as CSV with a header; the name of each column says its unit."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    has_space = amounts.unit != "voxels"
    writer.writerow(["id", "class", "voxels", "fraction", *([f"volume_{amounts.unit}", "volume_ml"] if has_space else [])])
    for entry in amounts.classes:
        space = [f"{entry.space:.9g}", f"{entry.ml:.9g}"] if has_space else []
        writer.writerow([entry.id, entry.name, entry.voxels, f"{entry.fraction:.9g}", *space])
    return out.getvalue()
