"""Candidates: the registry's models as seen from one volume, to start a training from or to predict with."""

from datetime import datetime
from typing import Any

from voxloop_annotate.loop import Loop
from voxloop_annotate.proposals import knows_snapshot
from voxloop_shared.data.labels import Labels
from voxloop_shared.schemas import LabelClass, ModelVersion, Schema, VolumeInfo
from voxloop_shared.units import box_mm3, voxel_mm3

_OWN_NAMES = 4
"""Of so many names that learnt from the volume all versions are listed, of all others the newest one."""
_OWN_VERSIONS = 8


class Candidate(Schema):
    """One model version. `is_ours`: its numbers are those of the volume's labels, otherwise its classes are known by their names.

    `voxel_ratio` says how many times larger the voxels were that it learnt from; None where units cannot be compared.
    """

    model: str
    learner: str
    volume: str
    aliases: list[str]
    created: datetime
    mean_dice: float | None
    classes: list[LabelClass]
    is_ours: bool
    voxel_ratio: float | None
    settings: dict[str, Any]


def list_candidates(volume: VolumeInfo, labels: Labels, loop: Loop) -> list[Candidate]:
    """List the models, those that learnt from the volume first, then newest first; raises what the registry raises."""
    versions = [ModelVersion.model_validate(entry["latest"]) for entry in loop.models()]
    own = [version for version in versions if version.manifest.volume_digest == volume.digest][:_OWN_NAMES]
    for newest in own:
        others = [entry for entry in loop.versions(newest.name) if entry["runnable"] and entry["version"] != newest.version]
        older = [ModelVersion.read(entry) for entry in others[: _OWN_VERSIONS - 1]]
        versions += [version for version in older if version.manifest.volume_digest == volume.digest]
    versions.sort(key=lambda version: version.created, reverse=True)
    found = [_candidate(version, volume, labels) for version in versions]
    return sorted(found, key=lambda each: not each.is_ours)


def _candidate(version: ModelVersion, volume: VolumeInfo, labels: Labels) -> Candidate:
    manifest = version.manifest
    dice = manifest.metrics.get("mean_dice")
    return Candidate(
        model=f"{version.name}:{version.version}",
        learner=manifest.learner,
        volume=manifest.volume,
        aliases=version.aliases,
        created=version.created,
        mean_dice=float(dice) if isinstance(dice, int | float) else None,
        classes=manifest.classes,
        is_ours=knows_snapshot(labels, manifest.snapshot),
        voxel_ratio=voxel_ratio(manifest.voxel_size, manifest.unit, volume),
        settings=manifest.settings,
    )


def voxel_ratio(size: tuple[float, float, float], unit: str, volume: VolumeInfo) -> float | None:
    """Compare the mean (geometric) width of a model's voxels with a volume's; None where a unit is no length."""
    theirs, ours = box_mm3(size, unit), voxel_mm3(volume)
    return None if theirs is None or ours is None else float((theirs / ours) ** (1 / 3))
