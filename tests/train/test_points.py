import numpy as np
import pytest

from voxloop_shared.data.history import Commit
from voxloop_shared.data.labels import Labels, class_color, default_classes
from voxloop_shared.data.origins import accept_states
from voxloop_shared.schemas import LabelClass, OverwriteRule
from voxloop_train.orders import painted_classes
from voxloop_train.points import read_points


@pytest.fixture
def labels(tmp_path):
    classes = [LabelClass(id=n, name=f"class {n}", color=class_color(n)) for n in (1, 2, 5)]
    return Labels.create(tmp_path / "labels", (40, 70, 90), classes)


def put(labels, image):
    return labels.merge(iter([image]), "import", "ada", lambda _slab: None).snapshot


def test_reads_exactly_the_labelled_voxels_of_the_snapshot(labels):
    image = np.zeros((40, 70, 90), np.uint8)
    image[3, 4, 5], image[39, 69, 89], image[10, 20:30, 40], image[0, 0, 0] = 1, 5, 2, 255
    old = put(labels, image)
    put(labels, np.full_like(image, 1))
    points = read_points(labels, old)
    found = np.zeros_like(image)
    found[tuple(points.coordinates())] = points.number
    assert np.array_equal(found, np.where(image == 255, 0, image))
    assert points.is_complete


def test_leaves_out_what_was_accepted_where_only_labels_by_hand_count(labels):
    image = np.zeros((40, 70, 90), np.uint8)
    image[3, 4, 5], image[39, 69, 89] = 1, 5
    put(labels, image)
    predicted = np.full((30, 70, 90), 2, np.uint8)
    box = ((0, 30), (0, 70), (0, 90))
    accepted = labels.edit(
        Commit.now("accept", "ada", stroke_id="a", box=box),
        lambda before: accept_states(before, predicted, OverwriteRule(overwrite="unlabelled")),
    ).snapshot
    points = read_points(labels, accepted, by_hand=True)
    found = np.zeros_like(image)
    found[tuple(points.coordinates())] = points.number
    np.testing.assert_array_equal(found, image)
    everything = read_points(labels, accepted)
    assert len(everything) == predicted.size + 1
    np.testing.assert_array_equal(image_by_hand(everything), image)
    assert [entry.id for entry in painted_classes(labels, accepted, "ignore")] == [1, 5]
    assert [entry.id for entry in painted_classes(labels, accepted)] == [1, 2, 5]


def image_by_hand(points):
    image = np.zeros(points.shape, np.uint8)
    image[tuple(points.coordinates()[:, points.by_hand])] = points.number[points.by_hand]
    return image


def test_of_too_many_accepted_voxels_a_share_is_kept_and_all_by_hand(labels):
    image = np.zeros((40, 70, 90), np.uint8)
    image[::7, 4, 5:80], image[3::7, 60, 5:80] = 1, 5
    put(labels, image)
    order = Commit.now("accept", "ada", stroke_id="a", box=((0, 40), (0, 70), (0, 90)))
    predicted = np.full(image.shape, 2, np.uint8)
    labels.edit(order, lambda before: accept_states(before, predicted, OverwriteRule(overwrite="unlabelled")))
    points = read_points(labels, labels.head, limit=20_000)
    assert points.is_complete
    np.testing.assert_array_equal(image_by_hand(points), image)
    assert 5_000 < np.count_nonzero(points.accepted) < 40_000


def test_painted_gives_only_the_chunks_that_hold_data(tmp_path):
    labels = Labels.create(tmp_path / "wide", (40, 300, 300), default_classes())
    image = np.zeros((40, 300, 300), np.uint8)
    image[35, 4, 299] = 1
    snapshot = put(labels, image)
    (region,) = labels.painted(snapshot)
    assert labels.array(snapshot)[region].sum() == 1
    assert [part.stop - part.start < length for part, length in zip(region, image.shape, strict=True)] == [True] * 3


def test_keeps_a_share_of_dense_labels_and_all_of_a_rare_class(labels):
    image = np.ones((40, 70, 90), np.uint8)
    image[20:], image[7, 7, 7:12] = 2, 5
    points = read_points(labels, put(labels, image), limit=20_000)
    assert not points.is_complete
    assert 5_000 < len(points) < 30_000
    assert np.count_nonzero(points.number == 5) == 5
