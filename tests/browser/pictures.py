"""Screenshots as arrays, to see whether what a person sees has changed."""

import numpy as np
from imagecodecs import png_decode
from numpy.typing import NDArray
from playwright.sync_api import Page


def look(page: Page) -> NDArray[np.int16]:
    """Take a picture (rows, columns, RGB) of the image area."""
    return np.asarray(png_decode(page.locator("#canvas").screenshot()))[..., :3].astype(np.int16)


def share_changed(before: NDArray[np.int16], after: NDArray[np.int16], least: int = 12) -> float:
    """Give the share of pixels in which a channel changed by at least `least` of 255."""
    return float((np.abs(after - before).max(axis=-1) >= least).mean())
