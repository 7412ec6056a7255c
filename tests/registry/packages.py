"""Packages made by hand, good and bad ones."""

import io
import json
import struct
import zipfile

from tests.registry.files import digest_of, weights
from voxloop_shared.client import ServiceClient
from voxloop_shared.exchange import DESCRIPTION, WEIGHTS

CONTENT = weights(bytes(range(200)))


def described(manifest: dict, content: bytes = CONTENT, **changes) -> dict:
    """What a package says of its model."""
    fields = {
        "package": "voxloop-model", "package_version": 1, "format": "voxloop", "name": "nerve", "version": 3, "digest": digest_of(content),
        "size": len(content), "author": "ada", "created": "2026-01-01T00:00:00Z", "exported": "2026-02-01T00:00:00Z", "manifest": manifest,
    }  # fmt: skip
    return fields | changes


def zipped(entries: dict[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip archive of these entries, whatever they are named."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return stream.getvalue()


def package(manifest: dict, content: bytes = CONTENT, more: dict | None = None, **changes) -> bytes:
    """A bundle as voxloop writes it, with `more` entries in front and other claims."""
    about = json.dumps(described(manifest, content, **changes)).encode()
    return zipped({**(more or {}), DESCRIPTION: about, WEIGHTS: content})


def renamed(archive: bytes, name: bytes, other: bytes) -> bytes:
    """The archive with a name changed to another of the same length: what `zipfile` would not write."""
    assert len(name) == len(other)
    assert name in archive
    return archive.replace(name, other)


def with_size(archive: bytes, size: int) -> bytes:
    """The archive whose last entry claims to be so long when unpacked."""
    place = archive.rfind(b"PK\1\2")
    return archive[: place + 24] + struct.pack("<L", size) + archive[place + 28 :]


def send(registry: ServiceClient, content: bytes, **query: str) -> dict:
    return registry.request("POST", "/imports", params=query, content=content).json()
