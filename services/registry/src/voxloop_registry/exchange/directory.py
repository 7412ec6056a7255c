"""The end of a zip archive, read by itself: how long its directory is must be known before anything reads that into memory.

The records are those of PKWARE's APPNOTE 6.3.10, 4.3.14 to 4.3.16.
"""

import struct
from typing import BinaryIO, NamedTuple

from voxloop_shared.errors import InvalidInput

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LONGEST_COMMENT = 0xFFFF
_MOST_16, _MOST_32 = 0xFFFF, 0xFFFFFFFF
_NO_ZIP = "the file is no zip archive, or was cut off on its way"


class Directory(NamedTuple):
    """How many entries an archive's directory has, and its length in bytes."""

    entries: int
    size: int


def read_directory(stream: BinaryIO) -> Directory:
    """Find the directory's size at the end of a file; raises InvalidInput for what is no zip archive."""
    length = stream.seek(0, 2)
    start = max(0, length - _END.size - _LONGEST_COMMENT)
    stream.seek(start)
    tail = stream.read()
    place = tail.rfind(b"PK\5\6")
    if place < 0 or place + _END.size > len(tail):
        raise InvalidInput(_NO_ZIP)
    _, _, _, _, entries, size, offset, _ = _END.unpack_from(tail, place)
    if entries == _MOST_16 or _MOST_32 in (size, offset):
        return _read_large(stream, start + place)
    return Directory(entries, size)


def _read_large(stream: BinaryIO, end: int) -> Directory:
    """Read the record of archives with more, or more distant, entries than the old one can count (zip64)."""
    if end < _LOCATOR.size:
        raise InvalidInput(_NO_ZIP)
    stream.seek(end - _LOCATOR.size)
    signature, _, place, _ = _LOCATOR.unpack(stream.read(_LOCATOR.size))
    if signature != b"PK\6\7" or place > end - _LOCATOR.size - _END_64.size:
        raise InvalidInput(_NO_ZIP)
    stream.seek(place)
    signature, _, _, _, _, _, _, entries, size, _ = _END_64.unpack(stream.read(_END_64.size))
    if signature != b"PK\6\6":
        raise InvalidInput(_NO_ZIP)
    return Directory(entries, size)
