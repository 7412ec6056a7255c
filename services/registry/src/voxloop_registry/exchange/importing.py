"""A package from elsewhere becoming a version: only its description and its weights are read, and neither can run anything."""

from dataclasses import dataclass
from typing import Any, BinaryIO

from voxloop_registry.blobs import BlobStore
from voxloop_registry.catalogue import Catalogue
from voxloop_registry.exchange.archive import Archive
from voxloop_registry.exchange.exporting import digest_of
from voxloop_registry.manifests import checked_manifest
from voxloop_registry.safetensors import read_tensors
from voxloop_shared.errors import InvalidInput
from voxloop_shared.exchange import DESCRIPTION, WEIGHTS, PackedModel, read_packed
from voxloop_shared.schemas import ModelRecord

_MOST_DESCRIPTION_BYTES = 8 << 20
_FOREIGN = ("rdf.yaml", "bioimageio.yaml", "model.yaml")
"""What describes models of the bioimage.io format."""


@dataclass(frozen=True, slots=True)
class Importer:
    """Takes packages into one registry."""

    catalogue: Catalogue
    blobs: BlobStore

    def take_in(self, package: BinaryIO, name: str | None, author: str) -> ModelRecord:
        """Publish what a package holds, under the name it had unless another is given.

        Raises InvalidInput for what is no sound package of voxloop, NewerManifest for one of a newer voxloop, DigestMismatch, TooLarge.
        """
        with Archive.open(package) as archive:
            packed = read_packed(_description_in(archive))
            manifest = checked_manifest(self._manifest_here(packed, author))
            self._keep_weights(archive, packed)
        read_tensors(self.blobs.path(packed.digest))
        return self.catalogue.publish(name or packed.name, manifest, packed.digest, author, packed.description, packed.tags)

    def _keep_weights(self, archive: Archive, packed: PackedModel) -> None:
        size = archive.size(WEIGHTS)
        if size != packed.size:
            raise InvalidInput(f"{WEIGHTS} is {size} bytes long, {DESCRIPTION} says {packed.size}: the package was changed")
        incoming = self.blobs.receive(packed.digest)
        try:
            for piece in archive.pieces(WEIGHTS, self.blobs.max_bytes):
                incoming.write(piece)
            if incoming.size != size:
                raise InvalidInput(f"the archive is damaged: {WEIGHTS} holds {incoming.size} bytes and says {size}")
            incoming.keep()
        finally:
            incoming.close()

    def _manifest_here(self, packed: PackedModel, author: str) -> dict[str, Any]:
        """Give the manifest as it holds in this workspace: what names a version or a job means another one here, or nothing."""
        manifest = dict(packed.manifest)
        parent = manifest.get("parent")
        is_known = packed.parent_digest is not None and digest_of(self.catalogue, parent) == packed.parent_digest
        origin = {
            **packed.model_dump(mode="json", include={"format", "name", "version", "digest", "author", "exported"}),
            "parent": parent,
            "job": manifest.get("job"),
            "imported_by": author,
        }
        settings = manifest.get("settings")
        settings = settings | {"origin": origin} if isinstance(settings, dict) else settings
        return manifest | {"parent": parent if is_known else None, "job": None, "settings": settings}


def _description_in(archive: Archive) -> bytes:
    if DESCRIPTION not in archive and any(name in archive for name in _FOREIGN):
        raise InvalidInput(
            "this is a bioimage.io package of another program: voxloop takes in only those that voxloop exported, for it runs no code "
            "that comes with a file"
        )
    if DESCRIPTION not in archive:
        raise InvalidInput(f"the archive holds no {DESCRIPTION}: it is no package that voxloop exported")
    return archive.read(DESCRIPTION, _MOST_DESCRIPTION_BYTES)
