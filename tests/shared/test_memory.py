"""A volume need not fit into memory."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

LIMIT_BYTES = 400 << 20
SHAPE = (384, 1024, 1024)

_MEASURED = """
import json, sys
from pathlib import Path
from voxloop_shared.data import exports, images, volumes
from voxloop_shared.workspace import Workspace

def status(key):
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(key + ":"))
    return int(line.split()[1]) << 10

workspace = Workspace(Path(sys.argv[1]))
workspace.prepare()
start = status("VmRSS")
with images.open_image(Path(sys.argv[2])) as source:
    info = volumes.import_volume(workspace, source, name="large", origin="test")
imported = status("VmHWM") - start
group = volumes.open_volume(workspace, "large")[1]
for target in sys.argv[3:]:
    exports.export_array(volumes.level_array(group, "0"), Path(target), (1, 1, 1), "um")
print(json.dumps({"shape": info.shape, "imported": imported, "exported": status("VmHWM") - start}))
"""


def slab(number: int) -> np.ndarray:
    """Voxels that compress well, and of which every slice is another."""
    rng = np.random.default_rng(number)
    return np.repeat(np.repeat(rng.integers(0, 60_000, (32, 128, 128), dtype=np.uint16), 8, axis=1), 8, axis=2)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_imports_and_exports_768_mb_within_400_mb(tmp_path: Path):
    image = tmp_path / "large.tif"
    with tifffile.TiffWriter(image, bigtiff=True) as tiff:
        planes = (plane for number in range(SHAPE[0] // 32) for plane in slab(number))
        tiff.write(planes, shape=SHAPE, dtype=np.uint16, photometric="minisblack")
    assert image.stat().st_size > 3 << 28
    targets = [tmp_path / "out.tif", tmp_path / "out.nii", tmp_path / "out.zarr"]
    command = [sys.executable, "-c", _MEASURED, str(tmp_path / "workspace"), str(image), *map(str, targets)]
    found = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    assert tuple(found["shape"]) == SHAPE
    assert found["imported"] <= LIMIT_BYTES
    assert found["exported"] <= LIMIT_BYTES
    with tifffile.TiffFile(targets[0]) as tiff:
        back = tiff.series[0]
        assert back.shape == SHAPE
        np.testing.assert_array_equal(tifffile.memmap(targets[0], mode="r")[[0, 300, 383]], [slab(0)[0], slab(9)[12], slab(11)[31]])
