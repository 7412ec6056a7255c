"""Predictions as infer leaves them, as far as the registry reads them."""

import json
from pathlib import Path

from voxloop_shared.workspace import Workspace


def write_prediction(workspace: Workspace, name: str, *versions: dict, volume: str = "rock", draft: bool = False) -> Path:
    """Write the attributes of a prediction that versions (as the registry answers them) have made, of one that grows with `draft`."""
    refs = [{key: version[key] for key in ("name", "version", "digest")} for version in versions]
    folder = workspace.predictions / volume / (f".{name}.zarr.partial" if draft else f"{name}.zarr")
    folder.mkdir(parents=True)
    said = {"id": name, "volume": volume, "model": refs[0], "models": refs, "author": "eve", "created": "2026-01-02T00:00:00Z"}
    (folder / "zarr.json").write_text(json.dumps({"zarr_format": 3, "node_type": "group", "attributes": {"voxloop": said}}))
    return folder
