"""Weights files by their sha256: written once, whole or not at all, never changed.

A blob lies at `blobs/ab/abcdef…`. What comes in lies under `incoming/` until its digest is known to be right.
"""

import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Self

from voxloop_shared.errors import DigestMismatch, InvalidInput, NotFound, TooLarge
from voxloop_shared.files import sync_folder

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class BlobStore:
    """The files of one registry; safe between threads."""

    root: Path
    max_bytes: int

    @classmethod
    def open(cls, root: Path, max_bytes: int) -> Self:
        """Make the folders of a new store, or take away what killed writers left in an old one."""
        store = cls(root, max_bytes)
        for folder in (store._blobs, store._incoming):
            folder.mkdir(parents=True, exist_ok=True)
        for leftover in store._incoming.iterdir():
            leftover.unlink(missing_ok=True)
        return store

    def path(self, digest: str) -> Path:
        """Give a blob's file; raises NotFound."""
        path = self._place(digest)
        if not path.is_file():
            raise NotFound(f"no weights with sha256 {digest}: upload them first")
        return path

    def receive(self, digest: str) -> "Incoming":
        """Begin to take in a blob."""
        place = self._place(digest)
        return Incoming((self._incoming / secrets.token_hex(8)).open("xb", buffering=0), place, digest, self.max_bytes)

    def delete(self, digest: str) -> int:
        """Take a blob away and give its size; raises NotFound."""
        path = self.path(digest)
        size = path.stat().st_size
        path.unlink()
        return size

    def _place(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise InvalidInput(f"{digest[:80]!r} is no sha256: write 64 small hexadecimal digits")
        return self._blobs / digest[:2] / digest

    @property
    def _blobs(self) -> Path:
        return self.root / "blobs"

    @property
    def _incoming(self) -> Path:
        return self.root / "incoming"


class Incoming:
    """A blob on its way in: `write` its pieces, `keep` it, and `close` it in any case."""

    def __init__(self, stream: FileIO, place: Path, digest: str, max_bytes: int) -> None:
        self.size = 0
        self._stream = stream
        self._aside = Path(stream.name)
        self._place = place
        self._digest = digest
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()

    def write(self, piece: bytes | bytearray) -> None:
        """Append a piece; raises TooLarge."""
        self.size += len(piece)
        if self.size > self._max_bytes:
            raise TooLarge(f"the weights are larger than the {self._max_bytes} bytes that this registry takes")
        self._hash.update(piece)
        rest = memoryview(piece)
        while rest:
            rest = rest[self._stream.write(rest) :]

    def keep(self) -> None:
        """Make the blob visible; raises DigestMismatch.

        One that is there already is replaced by the same bytes, now known to be right.
        """
        found = self._hash.hexdigest()
        if found != self._digest:
            raise DigestMismatch(f"the bytes have sha256 {found}, announced was {self._digest}")
        os.fsync(self._stream.fileno())
        is_new = not self._place.parent.exists()
        self._place.parent.mkdir(exist_ok=True)
        self._aside.replace(self._place)
        sync_folder(self._place.parent)
        if is_new:
            sync_folder(self._place.parent.parent)

    def close(self) -> None:
        """Take away what was not kept."""
        self._stream.close()
        self._aside.unlink(missing_ok=True)
