"""Superpixels: regions in one piece, of about the wanted size, whose borders follow the image's edges."""

from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from tests.annotate.conftest import RunningAnnotate
from tests.annotate.filling import SHAPE, blobby, blobs
from voxloop_annotate.catalogue import Catalogue
from voxloop_annotate.library import Library
from voxloop_annotate.superpixels import superpixels
from voxloop_shared.errors import InvalidInput
from voxloop_shared.workspace import Workspace

__all__ = ["blobby"]


def ask(annotate: RunningAnnotate, query: str) -> tuple[np.ndarray, Any]:
    response = annotate.client.request("GET", f"{annotate.base}/regions?{query}")
    rows, columns = map(int, response.headers["x-shape"].split(","))
    return np.frombuffer(response.content, "<u2").reshape(rows, columns), response.headers


def assert_each_is_one_piece(regions: np.ndarray) -> None:
    for number, place in enumerate(ndimage.find_objects(regions.astype(int)), start=1):
        assert ndimage.label(regions[place] == number, np.ones((3, 3)))[1] == 1, number


@pytest.mark.parametrize(
    ("query", "plane"),
    [
        ("axis=z&index=4&size=7", np.s_[4]),
        ("axis=y&index=36&size=5", np.s_[:, 36]),
        ("axis=x&index=149&size=6", np.s_[:, :, 149]),
        ("axis=z&index=12&size=8&y0=3&y1=30&x0=50&x1=150", np.s_[12, 3:30, 50:150]),
        ("axis=y&index=0&size=5&y0=2&y1=13&x0=7&x1=40", np.s_[2:13, 0, 7:40]),
        ("axis=z&index=0&size=16&y0=5&y1=6", np.s_[0, 5:6]),
    ],
)
def test_a_part_of_a_plane_is_cut_into_numbered_pieces(blobby: RunningAnnotate, query: str, plane: Any) -> None:
    regions, headers = ask(blobby, query)
    assert headers["x-dtype"] == "uint16"
    image = blobs()[plane]
    assert regions.shape == image.shape
    numbers, sizes = np.unique(regions, return_counts=True)
    wanted = int(query.split("size=")[1].split("&")[0])
    cells = np.prod([max(1, round(n / wanted)) for n in image.shape])
    np.testing.assert_array_equal(numbers, np.arange(1, cells + 1))
    assert sizes.max() < 25 * wanted**2
    assert_each_is_one_piece(regions)
    np.testing.assert_array_equal(ask(blobby, query)[0], regions)
    np.testing.assert_array_equal(superpixels(image.copy(), wanted), regions)


@pytest.mark.parametrize(
    "query",
    [
        "axis=z&index=13&size=8",
        "axis=z&index=-1&size=8",
        "axis=z&index=4&size=4",
        "axis=z&index=4&size=257",
        "axis=z&index=4&size=x",
        "axis=z&index=4&y0=30&y1=38",
        "axis=z&index=4&x0=9&x1=9",
        "axis=w&index=4",
    ],
)
def test_refuses_regions_outside_the_volume_or_of_no_size(blobby: RunningAnnotate, query: str) -> None:
    with pytest.raises(InvalidInput):
        ask(blobby, query)


def test_refuses_too_much_at_once() -> None:
    with pytest.raises(InvalidInput, match="1024 × 1025"):
        superpixels(np.broadcast_to(np.uint8(0), (1024, 1025)), 8)
    with pytest.raises(InvalidInput, match="wider"):
        superpixels(np.broadcast_to(np.uint8(0), (1, 1024 * 1024)), 5)


@pytest.mark.parametrize(("noise", "least"), [(100, 0.97), (500, 0.93)])
def test_borders_follow_the_edges_of_a_noisy_image(noise: float, least: float) -> None:
    rng = np.random.default_rng(1)
    soft = ndimage.gaussian_filter(rng.normal(size=(301, 403)), 12)
    truth = np.digitize(soft / soft.std(), [-0.7, 0.7])
    regions = superpixels((truth * 1000 + rng.normal(size=truth.shape) * noise + 3000).astype(np.float32), 10)
    votes = np.zeros((regions.max() + 1, 3), int)
    np.add.at(votes, (regions, truth), 1)
    squares = np.add.outer(np.arange(301) // 10 * 41, np.arange(403) // 10)
    blind = np.zeros((squares.max() + 1, 3), int)
    np.add.at(blind, (squares, truth), 1)
    assert votes.max(1).sum() / truth.size > max(least, blind.max(1).sum() / truth.size)


def test_where_the_image_is_flat_the_regions_are_a_grid() -> None:
    regions = superpixels(np.zeros((25, 41), np.uint8), 8)
    assert np.bincount(regions.ravel())[1:].max() <= 9 * 9
    assert_each_is_one_piece(regions)


def test_voxels_without_a_number_spoil_only_themselves() -> None:
    image = blobs((60, 70)).astype(np.float32)
    image[20:23, 30] = np.nan
    image[40, 40] = np.inf
    regions = superpixels(image, 10)
    assert regions.min() == 1
    assert regions.max() == 42


def test_regions_are_computed_once(blobby: RunningAnnotate) -> None:
    library = Library(Workspace(blobby.workspace.root), Catalogue(blobby.workspace.database), 1 << 20)
    first = library.regions(blobby.volume, "z", 4, 8)
    assert library.regions(blobby.volume, "z", 4, 8) is first
    assert library.regions(blobby.volume, "z", 4, 9) is not first
    assert first.shape == SHAPE[1:]
