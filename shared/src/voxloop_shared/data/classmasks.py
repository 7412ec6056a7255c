"""One class of a prediction as an array of its own."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from voxloop_shared.data.exports import Readable
from voxloop_shared.errors import UnknownClass
from voxloop_shared.schemas import LabelClass


class ClassMask:
    """A view of class ids: 1 where they are `class_id`, else 0 (uint8)."""

    def __init__(self, numbers: Readable, class_id: int) -> None:
        self._numbers = numbers
        self._class_id = class_id

    @property
    def shape(self) -> tuple[int, ...]:
        """Give the shape (z, y, x)."""
        return self._numbers.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Give uint8."""
        return np.dtype(np.uint8)

    def __getitem__(self, region: Any) -> NDArray[np.uint8]:
        """Read a region."""
        found: NDArray[np.bool_] = np.asarray(self._numbers[region]) == self._class_id
        return found.astype(np.uint8)


def find_class(classes: list[LabelClass], id_or_name: str) -> LabelClass:
    """Find a class by its id, else by its name; raises UnknownClass."""
    by_id = [entry for entry in classes if str(entry.id) == id_or_name]
    by_name = [entry for entry in classes if entry.name == id_or_name]
    for entry in [*by_id, *by_name]:
        return entry
    raise UnknownClass(f"no class {id_or_name!r}: there are {', '.join(f'{entry.id} {entry.name}' for entry in classes)}")
