"""A volume larger than the memory that is left goes in and out."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tests.compose.conftest import VOXLOOP

SHAPE = (256, 1024, 1024)
LIMIT_MB = 300

# ru_maxrss of a child starts at what its parent had: a small process must do the measuring
MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss // 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak_mb(terminal, *arguments):
    command = [sys.executable, "-c", MEASURE, VOXLOOP, *map(str, arguments)]
    done = subprocess.run(command, env=terminal.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def sparse_npy(path, dtype):
    """Write zeros that take no room on the disk, and a last voxel that is 1."""
    dtype = np.dtype(dtype)
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, {"descr": dtype.str, "fortran_order": False, "shape": SHAPE})
        stream.seek((int(np.prod(SHAPE)) - 1) * dtype.itemsize, os.SEEK_CUR)
        stream.write(np.ones(1, dtype).tobytes())
    return path


@pytest.mark.slow
def test_a_volume_of_512_megabytes_takes_300_at_most(shared_terminal, tmp_path):
    at_rest = peak_mb(shared_terminal, "volumes")

    importing = peak_mb(shared_terminal, "import", sparse_npy(tmp_path / "big.npy", "uint16"), "--name", "big")
    labelling = peak_mb(shared_terminal, "labels", "import", "big", sparse_npy(tmp_path / "labels.npy", "uint8"))
    writing = peak_mb(shared_terminal, "labels", "export", "big", tmp_path / "labels.tif")

    print(f"at rest {at_rest} MB, import {importing} MB, labels import {labelling} MB, labels export {writing} MB")
    assert max(importing, labelling, writing) - at_rest < LIMIT_MB
