"""The demo volume: a nerve that ships with voxloop (see data/ATTRIBUTION.md)."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voxloop_shared.client import ServiceClient
from voxloop_shared.schemas import LabelClass
from voxloop_shared.settings import socket_path
from voxloop_shared.workspace import Workspace

NERVE = "nerve"
CLASSES = (
    LabelClass(id=1, name="other", color="#56B4E9"),
    LabelClass(id=2, name="myelin", color="#D55E00"),
    LabelClass(id=3, name="axon", color="#F0E442"),
)
"""Okabe and Ito's sky blue, vermillion and yellow: their lightness (CIE L* 70, 53, 89) differs as well as their hue."""


def add_demo_volume(workspace: Workspace) -> None:
    """Write the volume into a workspace that does not have it."""
    from voxloop_shared.data.images import open_image
    from voxloop_shared.data.volumes import import_volume

    if not workspace.volume(NERVE).exists():
        with open_image(_file("nerve.tif")) as source:
            import_volume(workspace, source, name=NERVE, origin="voxloop demo (qim3d NT_128x128x128)", unit="voxel")


def register_demo_volume(run_dir: Path) -> None:
    """Have the volume shown, with its classes in place of those of any new volume; what people have changed stays."""
    from voxloop_shared.data.labels import default_classes

    route = f"/api/volumes/{NERVE}/classes"
    with ServiceClient(socket_path(run_dir, "annotate")) as annotate:
        annotate.post("/api/volumes", {"id": NERVE})
        found = annotate.get(route)
        if not found["counts"] and found["classes"] == [entry.model_dump() for entry in default_classes()]:
            annotate.put(route, {"classes": [entry.model_dump() for entry in CLASSES]})


def reference_labels() -> NDArray[np.uint8]:
    """Read the reference segmentation as class ids (z, y, x)."""
    import tifffile

    found: NDArray[Any] = tifffile.imread(_file("nerve_labels.tif"))
    return (found + 1).astype(np.uint8)  # the file counts from 0, classes count from 1


def _file(name: str) -> Path:
    return Path(str(files("voxloop_compose.demo") / "data" / name))
