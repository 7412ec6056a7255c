"""Volumes are decoded by zarrs, labels by zarr; both give what was written."""

from pathlib import Path

import numpy as np
import pytest

from voxloop_shared.data.labels import Labels, default_classes
from voxloop_shared.data.pipeline import FastReads
from voxloop_shared.data.volumes import level_array, open_volume
from voxloop_shared.workspace import Workspace


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_any_region_of_a_volume_is_what_was_imported(make_volume, workspace: Workspace, dtype: str):
    voxels = np.random.default_rng(0).normal(0, 90, (19, 140, 270)).astype(dtype)
    info = make_volume(array=voxels)
    array = level_array(open_volume(workspace, info.id)[1], "0")
    assert isinstance(array._async_array.codec_pipeline, FastReads)
    for region in (np.s_[:], np.s_[7:9, 3:139, 127:130], np.s_[18, :, 5], np.s_[0:19:1, 128:, :1]):
        np.testing.assert_array_equal(np.asarray(array[region]), voxels[region])


def test_labels_stay_with_zarr(tmp_path: Path):
    array = Labels.create(tmp_path / "labels", (3, 4, 5), default_classes()).array()
    assert not isinstance(array._async_array.codec_pipeline, FastReads)
    assert not np.asarray(array[:]).any()
