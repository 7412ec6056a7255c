"""Chunks of labels read and written past zarr: what zarr reads is what was written, whatever memory they have."""

from unittest import mock

import icechunk
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from voxloop_shared.data import labelchunks, repositories
from voxloop_shared.data.labelchunks import Kept, LabelChunks, cells_of
from voxloop_shared.data.masks import slices_of
from voxloop_shared.data.repositories import ARRAY, create_repository, open_repository

SHAPE, CHUNKS = (4, 30, 33), (2, 8, 8)
regions = st.tuples(*(st.tuples(st.integers(0, n - 1), st.integers(1, n)).filter(lambda ends: ends[0] < ends[1]) for n in SHAPE))
shares = st.sampled_from([0.0, 0.002, 0.02, 0.5, 1.0])


@given(box=regions, seed=st.integers(0, 2**31), share=shares)
def test_cells_are_those_that_hold_something_of_a_mask(box, seed, share):
    region = slices_of(box)
    mask = np.random.default_rng(seed).random([stop - start for start, stop in box]) < share
    places = np.argwhere(mask) + [start for start, _ in box]
    assert cells_of(region, CHUNKS, mask) == sorted({tuple(place) for place in (places // CHUNKS).tolist()})
    assert set(cells_of(region, CHUNKS, mask)) <= set(cells_of(region, CHUNKS))


@pytest.fixture(scope="module")
def repo(tmp_path_factory):
    path = tmp_path_factory.mktemp("labels") / "repo"
    with mock.patch.object(repositories, "CHUNK", CHUNKS):
        create_repository(path, SHAPE, [])
    return open_repository(path)


def opened(repo: icechunk.Repository) -> zarr.Array:
    return zarr.open_array(repo.readonly_session("main").store, path=ARRAY, mode="r")


edits = st.lists(st.tuples(st.lists(st.tuples(regions, st.integers(0, 3), shares), min_size=1, max_size=3), st.booleans()), max_size=5)


@settings(deadline=None, max_examples=20)
@given(changes=edits, seed=st.integers(0, 2**31), most_bytes=st.sampled_from([0, 500, 2**20]), at_once=st.sampled_from([1, 7, 64]))
def test_zarr_reads_what_committed_edits_have_written_whatever_is_kept_in_memory(repo, changes, seed, most_bytes, at_once):
    rng = np.random.default_rng(seed)
    truth = np.asarray(opened(repo)[...])
    with mock.patch.object(labelchunks, "_KEPT_BYTES", max(most_bytes, 400)), mock.patch.object(labelchunks, "_AT_ONCE", at_once):
        kept = Kept.of(opened(repo))
        for writes, is_committed in changes:
            session, now = repo.writable_session("main"), truth.copy()
            chunks = LabelChunks(session.store, ARRAY, kept)
            for box, value, share in writes:
                region = slices_of(box)
                changed = (rng.random(now[region].shape) < share) & (now[region] != value)
                np.testing.assert_array_equal(chunks.read(region, changed)[changed], now[region][changed])
                now[region][changed] = value
                chunks.write(region, changed, now[region])
                np.testing.assert_array_equal(chunks.read(region), now[region])
            if is_committed and session.has_uncommitted_changes:
                session.commit("an edit")
                chunks.keep()
                truth = now
            np.testing.assert_array_equal(np.asarray(opened(repo)[...]), truth)


def test_chunks_that_become_empty_are_not_stored(repo):
    session = repo.writable_session("main")
    chunks = LabelChunks(session.store, ARRAY, Kept.of(opened(repo)))
    whole = tuple(slice(0, length) for length in SHAPE)
    chunks.write(whole, np.ones(SHAPE, bool), np.ones(SHAPE, np.uint8))
    assert zarr.open_array(session.store, path=ARRAY).nchunks_initialized == 2 * 4 * 5
    chunks.write(whole, np.ones(SHAPE, bool), np.zeros(SHAPE, np.uint8))
    assert zarr.open_array(session.store, path=ARRAY).nchunks_initialized == 0
