"""Predictions written to files."""

from collections.abc import Callable
from pathlib import Path

from voxloop_compose.signals import interruptible_steps
from voxloop_compose.target import Target
from voxloop_shared.data.exports import export_array
from voxloop_shared.data.predictions import LAYERS, list_predictions, open_prediction
from voxloop_shared.data.volumes import level_array
from voxloop_shared.errors import InvalidInput, PredictionNotFound
from voxloop_shared.schemas import VolumeInfo

LATEST = "latest"


def write_prediction(
    target: Target, volume: VolumeInfo, prediction: str, path: Path, layer: str, on_progress: Callable[[float], None]
) -> str:
    """Write one layer of a prediction; give the prediction's id. Raises PredictionNotFound, and what the export raises."""
    if layer not in LAYERS:
        raise InvalidInput(f"no layer {layer!r}: a prediction has {' and '.join(LAYERS)}")
    prediction_id = _newest(target, volume) if prediction == LATEST else prediction
    info, group = open_prediction(target.workspace, volume.id, prediction_id)
    classes = info.classes if layer == "class" else None
    with interruptible_steps(on_progress) as step:
        export_array(level_array(group, f"{layer}/0"), path.expanduser(), volume.voxel_size, volume.unit, classes, step)
    return prediction_id


def _newest(target: Target, volume: VolumeInfo) -> str:
    found = list_predictions(target.workspace, volume.id)
    if not found:
        raise PredictionNotFound(f"volume {volume.id!r} has no prediction yet: `voxloop predict` makes one")
    return found[0].id
