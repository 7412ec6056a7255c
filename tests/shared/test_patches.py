"""The parts of a region that a mask touches."""

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st
from zarr.storage import MemoryStore

from voxloop_shared.data.masks import slices_of
from voxloop_shared.data.patches import patches_of, read_patches, write_patches

SHAPE, CHUNKS = (4, 30, 33), (2, 8, 8)
regions = st.tuples(*(st.tuples(st.integers(0, n - 1), st.integers(1, n)).filter(lambda ends: ends[0] < ends[1]) for n in SHAPE))


@given(box=regions, seed=st.integers(0, 2**31), share=st.sampled_from([0.0, 0.002, 0.02, 0.5, 1.0]))
def test_patches_hold_all_that_is_set_and_no_chunk_without_any(box, seed, share):
    region = slices_of(box)
    mask = np.random.default_rng(seed).random([stop - start for start, stop in box]) < share
    whole = np.zeros(SHAPE, bool)
    whole[region] = mask
    held = np.zeros(SHAPE, int)
    for patch in patches_of(mask, region, CHUNKS):
        held[patch] += 1
        assert whole[patch].any()
    assert held.max() <= 1
    assert not (whole & (held == 0)).any()
    assert not held[np.logical_not(_inside(region))].any()
    for z, y, x in np.argwhere(held[tuple(slice(None, None, size) for size in CHUNKS)] >= 0) * CHUNKS:
        chunk = (slice(z, z + CHUNKS[0]), slice(y, y + CHUNKS[1]), slice(x, x + CHUNKS[2]))
        assert held[chunk].any() == whole[chunk].any()


def test_a_diagonal_across_many_chunks_is_few_patches():
    mask = np.eye(32, dtype=bool)[None]
    assert len(patches_of(mask, (slice(0, 1), slice(0, 32), slice(0, 32)), CHUNKS)) == 4


@pytest.fixture
def array():
    return zarr.create_array(MemoryStore(), shape=SHAPE, chunks=CHUNKS, dtype="uint8", fill_value=0)


def test_what_is_written_by_patches_is_read_by_them_and_elsewhere_reads_as_zero(array):
    array[...] = 9
    region = (slice(1, 2), slice(3, 30), slice(0, 33))
    values = np.random.default_rng(0).integers(1, 9, (1, 27, 33), dtype=np.uint8)
    mask = np.zeros(values.shape, bool)
    mask[0, 2, 2] = mask[0, 20, 30] = True
    patches = patches_of(mask, region, CHUNKS)
    write_patches(array, region, patches, values)
    found = read_patches(array, region, patches)
    np.testing.assert_array_equal(found, np.where(found == 0, 0, values))
    assert found[mask].all()
    np.testing.assert_array_equal(np.asarray(array[region])[found == 0], 9)


def _inside(region):
    found = np.zeros(SHAPE, bool)
    found[region] = True
    return found
