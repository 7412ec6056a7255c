"""What is shown of a slice: window, gamma, labels, prediction, confidence, difference."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.browser.seeing import BORDER, CLOSE, PATCH, Viewer, image
from tests.waiting import wait_until

pytestmark = pytest.mark.browser


def test_invert_gamma_and_window_change_the_greys(viewer: Viewer) -> None:
    viewer.open(CLOSE + "&labels=off&prediction=off")
    plain = centre(viewer.look())
    viewer.press("I")
    assert np.abs(centre(viewer.look()) + plain - 255).max() <= 2
    viewer.press("I")
    viewer.page.locator("[data-gamma]").fill("1")
    bent = centre(viewer.look())
    assert np.abs(bent - 255 * (plain / 255) ** 2).max() <= 3
    viewer.page.locator("[data-gamma]").dblclick()
    viewer.page.locator('[data-window-number="max"]').fill("12000")
    viewer.page.locator('[data-window-number="max"]').press("Enter")
    assert centre(viewer.look()).mean() > plain.mean() + 10
    viewer.press("a")
    assert np.abs(centre(viewer.look()) - plain).max() <= 1


def test_the_window_is_dragged_on_the_histogram(viewer: Viewer) -> None:
    viewer.open(CLOSE + "&labels=off&prediction=off")
    assert viewer.page.locator(".vx-histogram-bars").get_attribute("d")
    plain = centre(viewer.look())
    drawing = viewer.page.locator(".vx-histogram svg")
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    assert box is not None
    viewer.page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 20)
    viewer.page.mouse.down()
    viewer.page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 20, steps=4)
    viewer.page.mouse.up()
    window = viewer.state("layers")["image"]
    low, high = int(image().min()), int(image().max())
    assert window["max"] == pytest.approx((low + high) / 2, rel=0.1)
    assert centre(viewer.look()).mean() > plain.mean() + 20


def test_smooth_voxels_have_more_greys(viewer: Viewer) -> None:
    viewer.open("axis=z&index=8&layout=one&zoom=32&center=8,640,640&labels=off&prediction=off&window=14840,14920")
    sharp = len(np.unique(centre(viewer.look())))
    viewer.press("S")
    wait_until(lambda: len(np.unique(centre(viewer.look()))) > 2 * sharp)


@pytest.mark.parametrize("layer", ["labels", "prediction"])
def test_contours_show_the_edge_and_leave_the_inside(viewer: Viewer, layer: str) -> None:
    others = {"labels": "prediction=off", "prediction": "labels=off"}[layer]
    viewer.open(f"{CLOSE}&{others}&{layer}=1")
    spots = {"labels": ((620, 620), (600.5, 620)), "prediction": ((560, 560), (560, BORDER - 0.5))}[layer]
    inside, edge = (lambda: colourfulness(viewer, spots[0])), (lambda: colourfulness(viewer, spots[1], reach=6))
    assert inside() > 30
    viewer.press({"labels": "H", "prediction": "P"}[layer])
    wait_until(lambda: inside() <= 2)
    assert edge() > 30
    viewer.press({"labels": "h", "prediction": "p"}[layer])
    wait_until(lambda: edge() <= 2)


def test_the_difference_marks_labels_that_are_predicted_otherwise(viewer: Viewer) -> None:
    viewer.open(f"{CLOSE}&labels=off&prediction=off")
    right, wrong = ((620, BORDER - 20), (620, BORDER + 20))
    assert colourfulness(viewer, wrong, reach=6) <= 2
    viewer.press("d")
    wait_until(lambda: colourfulness(viewer, wrong, reach=6) > 60)
    assert colourfulness(viewer, right, reach=6) <= 2
    assert colourfulness(viewer, (560, BORDER + 20), reach=6) <= 2


def test_confidence_is_a_layer_of_its_own(viewer: Viewer) -> None:
    viewer.open(f"{CLOSE}&labels=off&prediction=off")
    place = (500, 700)
    assert colourfulness(viewer, place) <= 2
    viewer.press("c")
    wait_until(lambda: colourfulness(viewer, place) > 20)
    viewer.page.locator('[data-opacity="confidence"]').fill("0")
    wait_until(lambda: colourfulness(viewer, place) <= 2)


def test_hidden_classes_are_hidden_in_labels_and_prediction(viewer: Viewer) -> None:
    viewer.open(f"{CLOSE}&labels=1&prediction=1&hidden=1")
    (row, _), (column, _) = PATCH
    assert colourfulness(viewer, (row + 20, column + 10)) <= 2
    assert colourfulness(viewer, (560, 560)) <= 2
    assert colourfulness(viewer, (560, 700)) > 30


def centre(picture: NDArray[np.int16]) -> NDArray[np.int16]:
    """Cut the grey middle out of a picture: nothing but the image lies there."""
    rows, columns = picture.shape[:2]
    return picture[rows // 2 - 60 : rows // 2 + 60, columns // 2 - 60 : columns // 2 + 60, 0]


def colourfulness(viewer: Viewer, place: tuple[float, float], reach: int = 1) -> int:
    """Give by how much red, green and blue differ at most, around a place of the large plane."""
    picture = viewer.look()
    x, y = viewer.point(*place)
    box = viewer.page.locator(".vx-view").first.bounding_box()
    assert box is not None
    column, row = round(x - box["x"]), round(y - box["y"])
    around = picture[row - reach : row + reach + 1, column - reach : column + reach + 1]
    return int((around.max(axis=-1) - around.min(axis=-1)).max())
