"""Models on a shelf: small versions put straight into a registry, so that nothing has to be trained for a test."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from voxloop_shared.client import ServiceClient
from voxloop_shared.schemas import VolumeInfo

CLASSES = [
    {"id": 1, "name": "bone", "color": "#e69f00"},
    {"id": 2, "name": "marrow", "color": "#0072b2"},
    {"id": 3, "name": "screw", "color": "#f0e442"},
]
HEADER = b'{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}'
BYTES = len(HEADER).to_bytes(8, "little") + HEADER + b"\1\2\3\4"
"""The smallest weights: nothing can be predicted with them, all else can be done."""


def describe(source: VolumeInfo | None = None, /, **changes: Any) -> dict[str, Any]:
    """Make a manifest, of a model that learned from a volume of the workspace or from one elsewhere."""
    found = {
        "learner": "unet", "architecture": {"kind": "unet", "in_channels": 1, "classes": 3, "width": 4, "depth": 2}, "classes": CLASSES,
        "normalisation": {"center": 100.0, "scale": 50.0}, "planes": "z", "volume": source.id if source else "elsewhere",
        "volume_digest": source.digest if source else "d", "voxel_size": [1.0, 1.0, 1.0], "unit": "um", "snapshot": "S",
        "settings": {"width": 4, "depth": 2, "crop": 96, "budget_s": 60.0}, "metrics": score(0.9), "author": "ada",
        "code_version": "0.1.0", "hardware": "cpu: 2 threads", "duration_s": 60.2, "created": datetime.now(UTC).isoformat(),
    }  # fmt: skip
    return found | changes


def score(mean: float, spread: float | None = 0.01, held_out: str = "h") -> dict[str, Any]:
    """Make the metrics of a model that was judged on held-out strokes; `held_out` says on which."""
    per_class = {"1": round(mean + 0.02, 3), "2": round(mean - 0.03, 3), "3": round(mean + 0.01, 3)}
    spreads = dict.fromkeys(per_class, spread)
    return {
        "mean_dice": mean, "dice": per_class, "dice_spread": spread, "dice_spread_per_class": spreads, "held_out_voxels": 812,
        "train_voxels": 3104, "strokes": 14, "validation": "whole strokes held out", "steps": 412, "loss": 0.211, "held_out": held_out,
    }  # fmt: skip


def publish(registry: ServiceClient, name: str, manifest: dict[str, Any], content: bytes = BYTES, **about: Any) -> dict[str, Any]:
    """Publish a version and give its record."""
    digest = hashlib.sha256(content).hexdigest()
    registry.request("PUT", f"/blobs/{digest}", content=content)
    record: dict[str, Any] = registry.post(f"/models/{name}/versions", {"manifest": manifest, "weights": digest} | about)
    return record
