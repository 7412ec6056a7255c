"""Corrections: what a person paints at a place where they see a prediction, and how long they take."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from voxloop_compose.demo.annotator import Hand, draw_strokes
from voxloop_shared.data.masks import decode_mask, slices_of
from voxloop_shared.schemas import Box

LOOK_S = 5.0
"""To see what a place shows and whether the prediction is right there."""
STROKE_S = 3.0
"""To choose a class and draw one short stroke."""
_SMALLEST = 8
"""Wrong pixels that one notices."""


@dataclass
class Canvas:
    """What has been painted so far: class ids (z, y, x), 0 where nobody has; the boxes of the strokes, and the seconds it took."""

    strokes: NDArray[np.uint8]
    boxes: list[Box] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def voxels(self) -> int:
        """Count the painted voxels."""
        return int(np.count_nonzero(self.strokes))


def paint_first(canvas: Canvas, truth: NDArray[np.uint8], slices: tuple[int, ...], rng: np.random.Generator, per_class: int) -> None:
    """Paint the strokes of the first round: some of each class on a few slices."""
    for z in slices:
        canvas.seconds += LOOK_S
        _draw(canvas, truth[z], z, rng, per_class)


def correct(canvas: Canvas, truth: NDArray[np.uint8], predicted: NDArray[np.uint8], box: Box, rng: np.random.Generator) -> None:
    """Look at a place across z, where `predicted` (rows, columns) is shown; paint a stroke into the largest wrong piece of each class."""
    z = box[0][0]
    wrong = np.zeros(truth[z].shape, np.uint8)
    place = slices_of(box)[1:]
    for number in np.unique(truth[z][place]).tolist():
        if number:
            wrong[place][_largest((truth[z][place] == number) & (predicted != number))] = number
    canvas.seconds += LOOK_S
    _draw(canvas, wrong, z, rng, 1)


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Give the largest piece, nothing where all are too small to be seen."""
    pieces, count = ndimage.label(mask)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
    if count == 0 or sizes.max() < _SMALLEST:
        return np.zeros_like(mask)
    return np.asarray(pieces == sizes.argmax() + 1)


def _draw(canvas: Canvas, reference: NDArray[np.uint8], z: int, rng: np.random.Generator, per_class: int) -> None:
    for stroke in draw_strokes(reference, z, rng, Hand(strokes_per_class=per_class)):
        if stroke.value:
            shape = tuple(stop - start for start, stop in stroke.box)
            canvas.strokes[slices_of(stroke.box)][decode_mask(stroke.runs, shape)] = stroke.value
            canvas.boxes.append(stroke.box)
            canvas.seconds += STROKE_S
