import numpy as np
import pytest

from voxloop_shared.nets.inputs import normalise
from voxloop_shared.nets.voxels import normalised
from voxloop_shared.schemas import Normalisation


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32"])
def test_the_tensor_holds_what_the_array_would(dtype: str) -> None:
    voxels = (np.random.default_rng(0).normal(90, 400, (5, 31, 17))).clip(0, 255 if dtype == "uint8" else 30_000).astype(dtype)
    if dtype == "float32":
        voxels[0, :3, 0] = np.nan, np.inf, -np.inf
    as_read = voxels[:, ::2]
    before = as_read.copy()
    normalisation = Normalisation(center=100.3, scale=7.7)
    np.testing.assert_array_equal(normalised(as_read, normalisation).numpy(), normalise(as_read, normalisation))
    np.testing.assert_array_equal(as_read, before)


def test_voxels_that_must_not_be_written_are_read() -> None:
    voxels = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    voxels.flags.writeable = False
    normalisation = Normalisation(center=1, scale=2)
    np.testing.assert_array_equal(normalised(voxels, normalisation).numpy(), normalise(voxels, normalisation))
