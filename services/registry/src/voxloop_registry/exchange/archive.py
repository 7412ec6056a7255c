"""A zip archive from elsewhere: checked before anything of it is read, and nothing of it is ever written under a name of its own."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Self

from voxloop_registry.exchange.directory import read_directory
from voxloop_shared.errors import InvalidInput, TooLarge

_MOST_ENTRIES = 1000
_MOST_DIRECTORY_BYTES = 1 << 20
_MOST_RATIO = 200
"""Weights hardly shrink; what grows so many times when unpacked was made to fill a disk."""
_HARMLESS_BYTES = 1 << 20
"""What may grow by any factor."""
_PIECE_BYTES = 1 << 20
_ENCRYPTED = 0x1


class Archive:
    """The entries of an archive whose names and sizes are sound."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._entries = _checked(archive)

    @classmethod
    @contextmanager
    def open(cls, stream: BinaryIO) -> Iterator[Self]:
        """Open an archive; raises InvalidInput for what is none or is not sound, TooLarge for one with too many entries."""
        directory = read_directory(stream)
        if directory.entries > _MOST_ENTRIES or directory.size > _MOST_DIRECTORY_BYTES:
            raise TooLarge(f"the archive lists {directory.entries} entries in {directory.size} bytes: a model's package has a few")
        with _damage_said():
            archive = zipfile.ZipFile(stream)
        with archive:
            yield cls(archive)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def size(self, name: str) -> int:
        """Give an entry's unpacked size; raises InvalidInput where there is no such entry."""
        return self._entry(name).file_size

    def read(self, name: str, most: int) -> bytes:
        """Read an entry into memory; raises InvalidInput where there is none, TooLarge for one of more than `most` bytes."""
        return b"".join(self.pieces(name, most))

    def pieces(self, name: str, most: int) -> Iterator[bytes]:
        """Unpack an entry piece by piece; raises as `read` does.

        What is unpacked never exceeds what the entry declares: the decompressor stops there, and its checksum is then wrong.
        """
        entry = self._entry(name)
        if entry.file_size > most:
            raise TooLarge(f"{name} is {entry.file_size} bytes long: at most {most} are taken")
        with _damage_said(), self._archive.open(entry) as stream:
            while piece := stream.read(_PIECE_BYTES):
                yield piece

    def _entry(self, name: str) -> zipfile.ZipInfo:
        if name not in self._entries:
            raise InvalidInput(f"the archive holds no {name}")
        return self._entries[name]


@contextmanager
def _damage_said() -> Iterator[None]:
    """Translate all that `zipfile` raises for bytes that are no sound archive: raises InvalidInput."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, ValueError) as error:
        raise InvalidInput(f"the archive is damaged, or of a kind that is not read here: {error}") from error


def _checked(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Give the entries by name; raises InvalidInput for an archive that only an attacker would send."""
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        name = entry.orig_filename
        if not 0 <= entry.header_offset < archive.start_dir:
            raise InvalidInput(f"the archive is damaged: {name[:80]!r} would lie outside of it")
        if name in found:
            raise InvalidInput(f"the archive holds {name[:80]!r} twice")
        _check_name(name)
        _check_entry(entry)
        found[name] = entry
    return found


def _check_name(name: str) -> None:
    parts = name.removesuffix("/").split("/")
    if "\\" in name or "\0" in name or ":" in name or not all(parts) or {".", ".."} & set(parts):
        raise InvalidInput(f"the archive holds {name[:80]!r}, which would lead out of its folder")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise InvalidInput(f"{entry.filename[:80]!r} in the archive is a link or a device")
    if entry.flag_bits & _ENCRYPTED:
        raise InvalidInput(f"{entry.filename[:80]!r} in the archive is encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InvalidInput(f"{entry.filename[:80]!r} in the archive is compressed in a way that is not read here: use deflate or none")
    if entry.file_size > max(_HARMLESS_BYTES, _MOST_RATIO * entry.compress_size):
        raise InvalidInput(f"{entry.filename[:80]!r} grows from {entry.compress_size} to {entry.file_size} bytes: this is a zip bomb")
