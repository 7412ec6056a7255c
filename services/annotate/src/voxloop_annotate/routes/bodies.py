"""What requests that change labels have in common."""

from typing import Annotated

from pydantic import StringConstraints

from voxloop_shared.schemas import Schema

RequestId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
SnapshotId = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Repeatable(Schema):
    """A change that may be sent again when its answer was lost; the id says that it is the same."""

    id: RequestId | None = None
