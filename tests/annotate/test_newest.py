"""The cache of the newest labels: always what the repository holds, whoever changes it and however small the cache is."""

import secrets
import threading
from pathlib import Path

import numpy as np
import pytest

from voxloop_annotate import newest as newest_labels
from voxloop_annotate.newest import NewestLabels
from voxloop_shared.data.chunks import ChunkCache
from voxloop_shared.data.history import Commit
from voxloop_shared.data.labels import Labels, default_classes
from voxloop_shared.schemas import Box, Stroke

SHAPE = (40, 150, 270)


@pytest.fixture
def labels(tmp_path: Path) -> Labels:
    return Labels.create(tmp_path / "labels", SHAPE, default_classes())


def paint(labels: Labels, random: np.random.Generator, author: str = "ada") -> Commit:
    low = [int(random.integers(0, n)) for n in SHAPE]
    box: Box = tuple((a, min(n, a + int(random.integers(1, 60)))) for a, n in zip(low, SHAPE, strict=True))  # type: ignore[assignment]
    voxels = int(np.prod([stop - start for start, stop in box]))
    value = int(random.integers(0, 3))
    return labels.paint(Stroke(id=secrets.token_hex(8), tool="brush", value=value, box=box, runs=[0, voxels]), author)


def whole(labels: Labels) -> np.ndarray:
    return np.asarray(labels.array()[:])


@pytest.mark.parametrize("cache_bytes", [1, 1 << 20, 64 << 20])
def test_planes_are_those_of_the_repository_after_any_change(labels: Labels, cache_bytes: int) -> None:
    random = np.random.default_rng(0)
    newest = NewestLabels(labels, ChunkCache(cache_bytes), "v")
    for step in range(30):
        match step % 5:
            case 3 if step > 5:
                labels.undo("ada")
            case 4 if step > 5:
                labels.restore(labels.history.newest(4)[-1].snapshot, "ada")
            case _:
                paint(labels, random)
        for axis in range(3):
            region = [slice(0, n) for n in SHAPE]
            place = int(random.integers(0, SHAPE[axis]))
            region[axis] = slice(place, place + 1)
            found, snapshot = newest.read(tuple(region))  # type: ignore[arg-type]
            assert snapshot == labels.head
            np.testing.assert_array_equal(found, whole(labels)[tuple(region)])


def test_labels_that_were_there_before_are_read(labels: Labels) -> None:
    random = np.random.default_rng(1)
    for _ in range(5):
        paint(labels, random)
    found, _ = NewestLabels(labels, ChunkCache(1 << 20), "v").read(tuple(slice(0, n) for n in SHAPE))  # type: ignore[arg-type]
    assert found.any()
    np.testing.assert_array_equal(found, whole(labels))


def test_what_nobody_painted_is_not_decoded(labels: Labels, monkeypatch: pytest.MonkeyPatch) -> None:
    newest = NewestLabels(labels, ChunkCache(1 << 20), "v")
    labels.paint(Stroke(id="a", tool="brush", value=1, box=((0, 1), (0, 2), (0, 2)), runs=[0, 4]), "ada")
    fetched: list[object] = []
    monkeypatch.setattr(newest_labels, "fetch_chunks", lambda _store, _name, cells: fetched.extend(cells) or dict.fromkeys(cells, b""))
    found, _ = newest.read((slice(0, 40), slice(128, 150), slice(0, 270)))
    assert not found.any()
    assert fetched == []


def test_what_was_fetched_ahead_is_not_fetched_again(labels: Labels, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    for _ in range(3):
        paint(labels, random)
    newest = NewestLabels(labels, ChunkCache(1 << 20), "v")
    newest.fetch_ahead()
    with monkeypatch.context() as patch:
        patch.setattr(newest_labels, "fetch_chunks", lambda *_: pytest.fail("fetched again"))
        found, _ = newest.read(tuple(slice(0, n) for n in SHAPE))  # type: ignore[arg-type]
    np.testing.assert_array_equal(found, whole(labels))
    paint(labels, random)
    np.testing.assert_array_equal(newest.read(tuple(slice(0, n) for n in SHAPE))[0], whole(labels))  # type: ignore[arg-type]


@pytest.mark.parametrize("cache_bytes", [1, 64 << 20])
def test_chunks_full_of_labels_are_read_like_others_and_kept_decoded(labels: Labels, cache_bytes: int) -> None:
    random = np.random.default_rng(4)
    truth = random.integers(0, 3, SHAPE, dtype=np.uint8)
    truth[: SHAPE[0] // 2, :100, :100] = 0
    labels.merge(iter([truth]), "import", "ada", lambda _slab: None)
    cache = ChunkCache(cache_bytes)
    newest = NewestLabels(labels, cache, "v")
    everything = tuple(slice(0, n) for n in SHAPE)
    for _ in range(2):
        np.testing.assert_array_equal(newest.read(everything)[0], truth)  # type: ignore[arg-type]
    assert (cache.get(("v", ((0, 0, 1), 0))) is not None) == (cache_bytes > 1)
    paint(labels, random)
    np.testing.assert_array_equal(newest.read(everything)[0], whole(labels))  # type: ignore[arg-type]


def test_a_reader_beside_a_painter_sees_whole_snapshots(labels: Labels) -> None:
    newest = NewestLabels(labels, ChunkCache(1 << 20), "v")
    random = np.random.default_rng(2)
    painter = threading.Thread(target=lambda: [paint(labels, random) for _ in range(25)])
    painter.start()
    checked = 0
    while painter.is_alive() or checked == 0:
        found, snapshot = newest.read(tuple(slice(0, n) for n in SHAPE))  # type: ignore[arg-type]
        np.testing.assert_array_equal(found, np.asarray(labels.array(snapshot)[:]))
        checked += 1
    painter.join()


def test_no_change_is_missed_that_comes_while_looking(labels: Labels) -> None:
    """Another thread commits between two steps of the look at the history: its chunk must be decoded again next time."""
    random = np.random.default_rng(3)
    paint(labels, random)
    newest = NewestLabels(labels, ChunkCache(64 << 20), "v")
    whole_region = tuple(slice(0, n) for n in SHAPE)
    newest.read(whole_region)  # type: ignore[arg-type]
    history, looks = labels.history, 0
    original = type(history).since

    class Busy(type(history)):  # type: ignore[misc]
        def since(self, count: int) -> list[Commit]:
            nonlocal looks
            looks += 1
            found = original(self, count)
            if looks == 1:
                paint(labels, random)
            return found

    paint(labels, random)
    history.__class__ = Busy
    for _ in range(2):
        found, snapshot = newest.read(whole_region)  # type: ignore[arg-type]
        np.testing.assert_array_equal(found, np.asarray(labels.array(snapshot)[:]))
    assert snapshot == labels.head
