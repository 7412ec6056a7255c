"""Strokes that a simulated annotator draws into a known segmentation."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from voxloop_compose.demo.annotator import Hand, draw_strokes
from voxloop_shared.data.masks import decode_mask


def simulate_strokes(truth: NDArray[np.uint8], slices: Sequence[int], seed: int, per_class: int = 3) -> NDArray[np.uint8]:
    """Draw a few strokes of each class on slices of a segmentation (z, y, x), whose 0 is not known and not drawn."""
    rng = np.random.default_rng(seed)
    drawn = np.zeros(truth.shape, np.uint8)
    for z in slices:
        for stroke in draw_strokes(truth[z], z, rng, Hand(strokes_per_class=per_class)):
            if stroke.value:
                region = tuple(slice(*span) for span in stroke.box)
                shape = tuple(stop - start for start, stop in stroke.box)
                drawn[region][decode_mask(stroke.runs, shape)] = stroke.value
    return drawn
