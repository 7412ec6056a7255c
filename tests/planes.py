"""Planes as annotate sends them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def labels_in(answer: Any) -> NDArray[np.uint8]:
    """Read a plane of labels (rows, columns) from an answer; one without a body is all 0."""
    shape = tuple(map(int, answer.headers["X-Shape"].split(",")))
    return np.frombuffer(answer.content, np.uint8).reshape(shape) if answer.content else np.zeros(shape, np.uint8)
