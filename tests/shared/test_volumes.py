"""Volumes: whole or not at all, right at every level."""

import json
from pathlib import Path

import numpy as np
import pytest
import zarr

from voxloop_shared.data.chunks import CachedArray, ChunkCache
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.pyramid import CHUNK, SHARD
from voxloop_shared.data.volumes import import_volume, level_array, open_volume, read_info
from voxloop_shared.errors import DiskFull, InvalidInput, NameTaken, UnreadableFile, VolumeNotFound, from_os_error
from voxloop_shared.schemas import VolumeInfo
from voxloop_shared.workspace import Workspace

SHAPES = [(1, 40, 50), (3, 5, 7), (1, 1, 1), (33, 129, 257), (200, 3, 130), (65, 130, 1), (2, 700, 515)]


def voxels(shape, dtype="uint16", low=0, high=200) -> np.ndarray:
    return np.random.default_rng(1).integers(low, high, shape).astype(dtype)


def level(workspace: Workspace, info: VolumeInfo, number: int) -> np.ndarray:
    return np.asarray(level_array(open_volume(workspace, info.id)[1], str(number))[:])


def naive_mean(array: np.ndarray, factors: tuple[int, ...]) -> np.ndarray:
    """Shrink voxel by voxel, repeating the last at a ragged end; no more clever than the definition."""
    out = np.empty([-(-n // f) for n, f in zip(array.shape, factors, strict=True)], array.dtype)
    for index in np.ndindex(*out.shape):
        picks = [np.minimum(np.arange(i * f, i * f + f), n - 1) for i, f, n in zip(index, factors, array.shape, strict=True)]
        mean = array[np.ix_(*picks)].astype(np.float64).mean()
        out[index] = np.rint(mean) if array.dtype.kind in "iu" else mean
    return out


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_level_0_is_the_image(make_volume, workspace: Workspace, shape: tuple):
    array = voxels(shape)
    info = make_volume(array=array)
    assert (info.shape, info.dtype) == (shape, "uint16")
    np.testing.assert_array_equal(level(workspace, info, 0), array)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("uint8", "uint8"), ("uint16", "uint16"), ("int16", "int16"), ("float32", "float32"), ("bool", "uint8"), ("int8", "int16"),
        ("int32", "float32"), ("uint32", "float32"), ("float64", "float32"), ("float16", "float32"), (">u2", "uint16"),
    ],
)  # fmt: skip
def test_every_dtype_keeps_its_values(make_volume, workspace: Workspace, given: str, stored: str):
    array = voxels((3, 20, 30), "int16", 0 if given == "bool" or "u" in given else -100, 2 if given == "bool" else 120).astype(given)
    info = make_volume(array=array)
    assert info.dtype == stored
    np.testing.assert_array_equal(level(workspace, info, 0), array.astype(stored))


@pytest.mark.parametrize("dtype", ["complex64", "datetime64[s]", "S3"])
def test_refuses_what_is_no_grey_value(make_volume, workspace: Workspace, dtype: str):
    with pytest.raises(UnreadableFile, match="grey values"):
        make_volume(array=np.zeros((2, 3, 4), dtype))
    assert list(workspace.volumes.iterdir()) == []


@pytest.mark.parametrize(
    ("shape", "size"), [((33, 129, 150), (1, 1, 1)), ((5, 131, 139), (5, 1, 1)), ((1, 140, 130), (1, 1, 1)), ((40, 30, 151), (1, 1, 3))]
)
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_each_level_is_the_mean_of_the_one_above(make_volume, workspace: Workspace, shape: tuple, size: tuple, dtype: str):
    info = make_volume(array=voxels(shape, dtype), voxel_size=size, unit="um")
    assert len(info.levels) > 1
    for number in range(1, len(info.levels)):
        above, here = info.levels[number - 1], info.levels[number]
        factors = tuple(b // a for a, b in zip(above.scale, here.scale, strict=True))
        right = naive_mean(level(workspace, info, number - 1), factors)
        found = level(workspace, info, number)
        assert found.shape == here.shape == right.shape
        np.testing.assert_allclose(found, right, rtol=1e-6, atol=1 if dtype == "uint16" else 0)
        if dtype == "uint16":  # float32 means may round the other way at exactly one half
            assert (found != right).mean() < 0.001


def test_thick_slices_wait_until_voxels_are_alike(make_volume):
    info = make_volume(shape=(20, 520, 520), voxel_size=(4, 1, 1), unit="um")
    assert [entry.scale for entry in info.levels] == [(1, 1, 1), (1, 2, 2), (1, 4, 4), (2, 8, 8)]
    assert max(info.levels[-1].shape) <= 128


def test_the_metadata_is_ome_zarr_0_5(make_volume, workspace: Workspace):
    """The structure of https://ngff.openmicroscopy.org/0.5: axes, datasets, scale then translation."""
    info = make_volume(shape=(20, 300, 310), voxel_size=(2.0, 0.5, 0.25), unit="um")
    group = json.loads((workspace.volume(info.id) / "zarr.json").read_bytes())
    assert (group["zarr_format"], group["node_type"]) == (3, "group")
    ome = group["attributes"]["ome"]
    assert ome["version"] == "0.5"
    (image,) = ome["multiscales"]
    assert image["axes"] == [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "zyx"]
    assert len(image["datasets"]) == len(info.levels)
    for dataset, entry in zip(image["datasets"], info.levels, strict=True):
        array = json.loads((workspace.volume(info.id) / dataset["path"] / "zarr.json").read_bytes())
        assert array["shape"] == list(entry.shape)
        assert array["dimension_names"] == ["z", "y", "x"]
        scale, translation = dataset["coordinateTransformations"]
        assert (scale["type"], translation["type"]) == ("scale", "translation")
        right = [v * s for v, s in zip((2.0, 0.5, 0.25), entry.scale, strict=True)]
        assert scale["scale"] == pytest.approx(right)
        # a coarse voxel's centre is the middle of the centres below it
        assert translation["translation"] == pytest.approx([v * (s - 1) / 2 for v, s in zip((2.0, 0.5, 0.25), entry.scale, strict=True)])


def test_a_large_level_is_sharded(make_volume, workspace: Workspace):
    info = make_volume(array=voxels((33, 600, 530), "uint8"))
    array = level_array(open_volume(workspace, info.id)[1], "0")
    assert (array.chunks, array.shards) == (CHUNK, SHARD)
    files = [path for path in (workspace.volume(info.id) / "0" / "c").rglob("*") if path.is_file()]
    assert len(files) == 5 * 2 * 2  # 33 slices make five layers of shards


def test_a_volume_is_found_as_it_was_imported(make_volume, workspace: Workspace):
    info = make_volume("Schöner Stein 7", shape=(3, 20, 30), voxel_size=(3, 2, 1), unit="nm")
    assert (info.id, info.name, info.voxel_size, info.unit) == ("schoner-stein-7", "Schöner Stein 7", (3, 2, 1), "nm")
    assert read_info(workspace, info.id) == open_volume(workspace, info.id)[0] == info


def test_the_digest_is_of_the_voxels(make_volume):
    array = voxels((40, 30, 20))
    digests = [make_volume(name, array=array).digest for name in ("a", "b")]
    array[39, 29, 19] += 1
    assert digests[0] == digests[1] != make_volume("c", array=array).digest


def test_nan_and_infinity_are_left_out_of_the_statistics(make_volume, workspace: Workspace):
    array = voxels((4, 30, 40), "float32")
    right = array[1:].copy()
    array[0] = np.nan
    array[0, 0, :5] = np.inf
    info = make_volume(array=array)
    assert (info.intensity.min, info.intensity.max) == (right.min(), right.max())
    assert info.intensity.mean == pytest.approx(right.mean(), rel=1e-5)
    assert info.intensity.std == pytest.approx(right.std(), rel=1e-5)
    assert info.intensity.percentiles["50"] == pytest.approx(np.median(right))
    np.testing.assert_array_equal(level(workspace, info, 0), array)


def test_values_beyond_float32_become_infinite(make_volume, workspace: Workspace):
    array = np.array([[[1.0, 1e300]]])
    info = make_volume(array=array)
    assert level(workspace, info, 0).tolist() == [[[1.0, np.inf]]]
    assert info.intensity.max == 1.0


def test_refuses_a_volume_without_one_finite_voxel(make_volume, workspace: Workspace):
    with pytest.raises(UnreadableFile, match="finite"):
        make_volume(array=np.full((3, 4, 5), np.nan, np.float32))
    assert list(workspace.volumes.iterdir()) == []


def test_statistics_of_a_large_range_are_exact(make_volume):
    info = make_volume(array=np.full((2, 100, 100), 65535, np.uint16))
    assert (info.intensity.mean, info.intensity.std) == (65535, 0)


def test_a_name_is_taken_once(make_volume, workspace: Workspace):
    first = make_volume("Rock")
    with pytest.raises(NameTaken, match="'rock'"):
        make_volume("rock", shape=(2, 2, 2))
    assert read_info(workspace, "rock") == first
    assert [path.name for path in workspace.volumes.iterdir()] == ["rock.zarr"]


@pytest.mark.parametrize("name", ["../evil", "a/b", "..", "", "   ", "a\\b", "日本"])
def test_refuses_names_that_are_none(make_volume, workspace: Workspace, name: str):
    with pytest.raises(InvalidInput):
        make_volume(name)
    assert list(workspace.volumes.iterdir()) == []


@pytest.mark.parametrize(
    "options", [{"voxel_size": (1, 0, 1)}, {"voxel_size": (1, -1, 1)}, {"voxel_size": (1, float("nan"), 1)}, {"unit": "parsec"}]
)
def test_refuses_a_voxel_size_that_is_none(make_volume, workspace: Workspace, options: dict):
    with pytest.raises(InvalidInput):
        make_volume(**({"voxel_size": (1, 1, 1), "unit": "um"} | options))
    assert list(workspace.volumes.iterdir()) == []


@pytest.mark.parametrize("volume_id", ["none", "..", "../volumes/rock", "Rock", ""])
def test_unknown_volumes_are_not_found(make_volume, workspace: Workspace, volume_id: str):
    make_volume("rock")
    for ask in (read_info, open_volume):
        with pytest.raises(VolumeNotFound):
            ask(workspace, volume_id)


class _Failing(ArraySource):
    def read(self, z: slice, y: slice):
        if z.start > 0:
            raise UnreadableFile("the file ends here")
        return super().read(z, y)


def test_a_source_that_fails_leaves_nothing(workspace: Workspace):
    with pytest.raises(UnreadableFile, match="ends here"):
        import_volume(workspace, _Failing(voxels((100, 50, 50))), name="rock", origin="test")
    assert list(workspace.volumes.iterdir()) == []


def test_a_full_disk_is_named_and_nothing_is_left(small_disk: Path):
    workspace = Workspace(small_disk)
    workspace.prepare()
    with pytest.raises(OSError, match="No space left") as refusal:
        import_volume(workspace, ArraySource(voxels((64, 512, 512), high=60_000)), name="rock", origin="test")
    assert isinstance(from_os_error(refusal.value), DiskFull)
    assert list(workspace.volumes.iterdir()) == []


def test_progress_grows_to_one(workspace: Workspace):
    seen: list[float] = []
    import_volume(workspace, ArraySource(voxels((70, 200, 600), "uint8")), name="rock", origin="test", on_progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(seen) > 3


@pytest.mark.parametrize("limit_bytes", [1, 3_000_000, 1 << 30])
def test_reads_through_the_cache_are_exact(make_volume, workspace: Workspace, limit_bytes: int):
    array = voxels((70, 300, 290))
    info = make_volume(array=array)
    cached = CachedArray(level_array(open_volume(workspace, info.id)[1], "0"), ChunkCache(limit_bytes), "rock/0")
    rng = np.random.default_rng(0)
    for _ in range(30):
        low = [int(rng.integers(0, n)) for n in array.shape]
        region = tuple(slice(a, int(rng.integers(a + 1, n + 1))) for a, n in zip(low, array.shape, strict=True))
        np.testing.assert_array_equal(cached.read(region), array[region])


def test_the_cache_stays_within_its_bytes():
    cache = ChunkCache(1000)
    for number in range(50):
        cache.put(number, np.zeros(100, np.uint8))
    assert sum(cache.get(number) is not None for number in range(50)) == 10
    assert cache.get(49) is not None
    cache.put("large", np.zeros(2000, np.uint8))
    assert cache.get("large") is None


def test_arrays_that_share_a_cache_keep_to_its_bytes_and_see_each_its_own(make_volume, workspace: Workspace):
    array = voxels((64, 300, 290))
    info = make_volume(array=array)
    cache = ChunkCache(6_000_000)  # less than three of the eight layers of chunks
    arrays = [CachedArray(level_array(open_volume(workspace, info.id)[1], str(level)), cache, level) for level in (0, 1, 0)]
    truths = [array, np.asarray(level_array(open_volume(workspace, info.id)[1], "1")[:]), array]
    for index in (3, 4, 20, 60, 3, 21):
        for cached, truth in zip(arrays, truths, strict=True):
            at = min(index, truth.shape[0] - 1)
            np.testing.assert_array_equal(
                cached.read((slice(at, at + 1), slice(0, truth.shape[1]), slice(0, truth.shape[2])))[0], truth[at]
            )
    kept = [block for number in range(next(cache.numbers)) if (block := cache.get(number)) is not None]
    assert 0 < sum(block.nbytes for block in kept) <= 6_000_000


def test_a_slice_again_reads_no_file(make_volume, workspace: Workspace):
    info = make_volume(array=voxels((40, 200, 200)))
    cached = CachedArray(level_array(open_volume(workspace, info.id)[1], "0"), ChunkCache(1 << 30), "rock/0")
    region = (slice(5, 6), slice(0, 200), slice(0, 200))
    first = cached.read(region)
    for path in sorted((workspace.volume(info.id) / "0").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    np.testing.assert_array_equal(cached.read(region), first)
    neighbour = cached.read((slice(6, 7), slice(0, 200), slice(0, 200)))
    assert neighbour.any()


def test_zarr_itself_reads_a_volume(make_volume, workspace: Workspace):
    array = voxels((10, 50, 60))
    info = make_volume(array=array)
    np.testing.assert_array_equal(zarr.open_group(workspace.volume(info.id), mode="r")["0"][:], array)
