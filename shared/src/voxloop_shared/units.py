"""Lengths and space in physical units."""

import math

from voxloop_shared.errors import InvalidInput
from voxloop_shared.schemas import VolumeInfo

_MM = {"nm": 1e-6, "um": 1e-3, "mm": 1.0, "m": 1e3}
_MM3 = {"mm3": 1.0, "ml": 1e3}


def voxel_mm3(volume: VolumeInfo) -> float | None:
    """Give the space of a voxel in mm³; none where the volume's unit is not physical."""
    return box_mm3(volume.voxel_size, volume.unit)


def box_mm3(size: tuple[float, float, float], unit: str) -> float | None:
    """Give the space of a box of that size (z, y, x) in mm³; none where the unit is not physical."""
    mm = _MM.get(unit)
    return None if mm is None else math.prod(size) * mm**3


def count_voxels(amount: float, unit: str, volume: VolumeInfo) -> float:
    """Turn an amount of space (voxels, mm3 or ml) into voxels; raises InvalidInput where voxels have no physical size."""
    if unit == "voxels":
        return amount
    voxel = voxel_mm3(volume)
    if voxel is None:
        raise InvalidInput(
            f"a size in {unit} needs voxels of a known size, and volume {volume.id!r} has the unit {volume.unit!r}: "
            "give the size in voxels, or import the volume with its voxel size and unit"
        )
    voxels = amount * _MM3[unit] / voxel
    return round(voxels) if abs(voxels - round(voxels)) < 1e-6 * voxels else voxels  # 0.5 ml of 1 mm³ are 500, not 500.0000001
