"""The plain bundle of a version: its description, its weights and a text for people in a zip archive, made while it is sent."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from typing_extensions import Buffer, override

from voxloop_shared.exchange import DESCRIPTION, README, WEIGHTS, PackedModel, describe_packed

_PIECE_BYTES = 1 << 20


def write_bundle(packed: PackedModel, weights: Path) -> Iterator[bytes]:
    """Give a bundle piece by piece; memory holds one piece, and nothing is written to disk."""
    made = packed.created.timetuple()[:6]
    pieces = _Pieces()
    with zipfile.ZipFile(pieces, "w") as archive:
        texts = {DESCRIPTION: packed.model_dump_json(indent=1), README: describe_packed(packed)}
        for name, text in texts.items():
            archive.writestr(zipfile.ZipInfo(name, made), text)
        # floating point numbers hardly shrink: they are stored as they are
        with archive.open(zipfile.ZipInfo(WEIGHTS, made), "w", force_zip64=True) as entry, weights.open("rb") as stream:
            while piece := stream.read(_PIECE_BYTES):
                entry.write(piece)
                yield pieces.take()
    yield pieces.take()


class _Pieces(io.RawIOBase):
    """A file that is only written to, and handed on as it grows."""

    def __init__(self) -> None:
        self._held = bytearray()

    @override
    def writable(self) -> bool:
        return True

    @override
    def write(self, piece: Buffer, /) -> int:
        self._held += memoryview(piece)
        return memoryview(piece).nbytes

    def take(self) -> bytes:
        """Give what was written since the last time."""
        held, self._held = bytes(self._held), bytearray()
        return held
