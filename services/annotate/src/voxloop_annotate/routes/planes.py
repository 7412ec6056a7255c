"""Planes as raw bytes: which part is asked for, and how it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import Depends, Query, Response
from numpy.typing import NDArray

from voxloop_annotate.planes import Bounds
from voxloop_shared.schemas import Axis

IndexQuery = Annotated[int, Query(ge=0)]
LevelQuery = Annotated[int, Query(ge=0)]
_Bound = Annotated[int | None, Query(ge=0)]


@dataclass(frozen=True)
class Window:
    """A part of a plane, in voxels of the level that is asked for; where no bound is given, it ends with the plane."""

    axis: Axis
    index: IndexQuery
    y0: _Bound = None
    y1: _Bound = None
    x0: _Bound = None
    x1: _Bound = None

    @property
    def rows(self) -> Bounds:
        """Give the first row and the one after the last."""
        return self.y0, self.y1

    @property
    def columns(self) -> Bounds:
        """Give the first column and the one after the last."""
        return self.x0, self.x1


WindowQuery = Annotated[Window, Depends()]


def plane_response(plane: NDArray[np.generic], headers: Mapping[str, str] | None = None, *, is_sparse: bool = False) -> Response:
    """Send a plane as raw little-endian bytes; its shape and dtype are headers. A sparse one that is all 0 has no bytes."""
    body = b"" if is_sparse and not plane.any() else np.ascontiguousarray(plane, plane.dtype.newbyteorder("<")).tobytes()
    rows, columns = plane.shape
    about = {"X-Shape": f"{rows},{columns}", "X-Dtype": plane.dtype.name, "Cache-Control": "no-store"}
    return Response(body, media_type="application/octet-stream", headers=about | dict(headers or {}))
