"""How well a segmentation agrees with a reference."""

import numpy as np
from numpy.typing import NDArray


def dice(found: NDArray[np.uint8], reference: NDArray[np.uint8], value: int) -> float:
    """Give Dice's coefficient of one class, 2 |A ∩ B| / (|A| + |B|); 1 where neither has it."""
    a, b = found == value, reference == value
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else 1.0
