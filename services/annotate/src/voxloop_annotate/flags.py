"""Flags: places of a volume that somebody wants to look at again, kept in the workspace's database."""

import sqlite3
from datetime import UTC, datetime

from voxloop_annotate.catalogue import Catalogue
from voxloop_annotate.library import Library
from voxloop_shared.data.masks import check_box
from voxloop_shared.errors import NotFound
from voxloop_shared.schemas import Axis, Box, Schema


class Flag(Schema):
    """One place: the part `box` of the slice `index` across `axis`."""

    id: int
    axis: Axis
    index: int
    box: Box
    author: str
    time: datetime


class Flags:
    """Sets flags and takes them down; the audit trail keeps who did."""

    def __init__(self, catalogue: Catalogue, library: Library) -> None:
        self._catalogue = catalogue
        self._library = library

    def of(self, volume_id: str) -> list[Flag]:
        """List the flags of a volume that stand, oldest first; raises VolumeNotFound."""
        self._library.volume(volume_id)
        with self._catalogue.connection() as db:
            rows = db.execute(
                "SELECT number, axis, slice, z0, z1, y0, y1, x0, x1, author, time FROM flags WHERE volume = ? ORDER BY number", (volume_id,)
            )
            return [_flag_of(row) for row in rows]

    def add(self, volume_id: str, axis: Axis, index: int, box: Box, author: str) -> list[Flag]:
        """Flag a place, and list all; flagging it again changes nothing. Raises VolumeNotFound, InvalidStroke outside the volume."""
        check_box(box, self._library.volume(volume_id).shape)
        standing = self.of(volume_id)
        if any((flag.axis, flag.index, flag.box) == (axis, index, box) for flag in standing):
            return standing
        (z0, z1), (y0, y1), (x0, x1) = box
        values = (volume_id, axis, index, z0, z1, y0, y1, x0, x1, author, datetime.now(UTC).isoformat())
        with self._catalogue.connection() as db:
            db.execute(
                "INSERT INTO flags (volume, axis, slice, z0, z1, y0, y1, x0, x1, author, time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
        self._catalogue.note(author, "flag", volume_id, f"{axis}={index} {box}")
        return self.of(volume_id)

    def remove(self, volume_id: str, number: int, author: str) -> list[Flag]:
        """Take a flag down, and list the others; raises VolumeNotFound, NotFound."""
        found = next((flag for flag in self.of(volume_id) if flag.id == number), None)
        if found is None:
            raise NotFound(f"no flag {number}: somebody has looked at the place already")
        with self._catalogue.connection() as db:
            db.execute("DELETE FROM flags WHERE volume = ? AND number = ?", (volume_id, number))
        self._catalogue.note(author, "unflag", volume_id, f"{found.axis}={found.index} {found.box}")
        return self.of(volume_id)


def _flag_of(row: sqlite3.Row | tuple[int | str, ...]) -> Flag:
    number, axis, index, z0, z1, y0, y1, x0, x1, author, time = row
    return Flag.model_validate(
        {"id": number, "axis": axis, "index": index, "box": ((z0, z1), (y0, y1), (x0, x1)), "author": author, "time": time}
    )
