"""Weights files by their sha256: written once, whole or not at all, never changed.

A blob lies at `blobs/ab/abcdef…`. What comes in lies under `incoming/` until its digest is known to be right. `blobs.lock` is held,
shared, by who puts a blob in its place, and alone by who looks at one's age and takes it away: so nobody takes away what just came.
"""

import contextlib
import fcntl
import hashlib
import math
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import NamedTuple, Self

from voxloop_shared.errors import DigestMismatch, InvalidInput, NotFound, TooLarge
from voxloop_shared.files import sync_folder

_DIGEST = re.compile(r"[0-9a-f]{64}")


class StoredBlob(NamedTuple):
    """A blob that lies in the store; `stored_s` is when it came, in seconds since 1970."""

    digest: str
    size: int
    stored_s: float


@dataclass(frozen=True, slots=True)
class BlobStore:
    """The files of one registry; safe between threads."""

    root: Path
    max_bytes: int

    @classmethod
    def open(cls, root: Path, max_bytes: int) -> Self:
        """Make the folders of a new store, or take away what killed writers left in an old one; several may open one at once."""
        store = cls(root, max_bytes)
        for folder in (store._blobs, store._incoming):
            folder.mkdir(parents=True, exist_ok=True)
        for leftover in store._incoming.iterdir():
            _remove_abandoned(leftover)
        return store

    def path(self, digest: str) -> Path:
        """Give a blob's file; raises NotFound."""
        path = self.place(digest)
        if not path.is_file():
            raise NotFound(f"no weights with sha256 {digest}: upload them first")
        return path

    def has(self, digest: str) -> bool:
        """Say whether a blob is there; raises InvalidInput for what can be none."""
        return self.place(digest).is_file()

    def receive(self, digest: str) -> "Incoming":
        """Begin to take in a blob."""
        self.place(digest)  # which checks it
        while True:
            stream = (self._incoming / secrets.token_hex(8)).open("xb", buffering=0)
            fcntl.flock(stream, fcntl.LOCK_EX)  # the kernel lets go of it when this process dies, and so says who is alive
            if os.fstat(stream.fileno()).st_nlink:
                return Incoming(stream, self, digest)
            stream.close()  # a registry that starts took it for abandoned, just before it was locked

    def stored(self) -> Iterator[StoredBlob]:
        """Give all blobs, in the order of their digests."""
        for folder in sorted(self._blobs.iterdir()):
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                with contextlib.suppress(FileNotFoundError):  # taken away at this moment
                    facts = path.stat()
                    if _DIGEST.fullmatch(path.name):
                        yield StoredBlob(path.name, facts.st_size, facts.st_mtime)

    def delete(self, digest: str, before_s: float = math.inf) -> int:
        """Take a blob away and give its size; raises NotFound where there is none that came before, in seconds since 1970."""
        with self.held(fcntl.LOCK_EX):
            path = self.path(digest)
            facts = path.stat()
            if facts.st_mtime > before_s:
                raise NotFound(f"no weights with sha256 {digest} that are so old")
            path.unlink()
            return facts.st_size

    @contextlib.contextmanager
    def held(self, how: int) -> Iterator[None]:
        """Hold the store's lock, `LOCK_SH` or `LOCK_EX`, against other threads and processes."""
        with (self.root / "blobs.lock").open("a+b") as stream:
            fcntl.flock(stream, how)
            yield

    def place(self, digest: str) -> Path:
        """Give where a blob lies or would lie; raises InvalidInput for what is no sha256."""
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

    def __init__(self, stream: FileIO, store: BlobStore, digest: str) -> None:
        self.size = 0
        self._stream = stream
        self._aside = Path(stream.name)
        self._store = store
        self._digest = digest
        self._hash = hashlib.sha256()

    def write(self, piece: bytes | bytearray) -> None:
        """Append a piece; raises TooLarge."""
        self.size += len(piece)
        if self.size > self._store.max_bytes:
            raise TooLarge(f"the weights are larger than the {self._store.max_bytes} bytes that this registry takes")
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
        os.utime(self._aside)  # it came now, not when its last piece was written
        place = self._store.place(self._digest)
        is_new = not place.parent.exists()
        place.parent.mkdir(exist_ok=True)
        with self._store.held(fcntl.LOCK_SH):
            self._aside.replace(place)
        sync_folder(place.parent)
        if is_new:
            sync_folder(place.parent.parent)

    def close(self) -> None:
        """Take away what was not kept."""
        self._stream.close()
        self._aside.unlink(missing_ok=True)


def _remove_abandoned(incoming: Path) -> None:
    """Take away what was coming in, unless its writer lives."""
    with contextlib.suppress(FileNotFoundError, BlockingIOError), incoming.open("r+b") as stream:  # NFS locks only what is open for writing
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        incoming.unlink()
