"""What a plain bundle says of a version, out of what the catalogue knows."""

from voxloop_registry.catalogue import Catalogue
from voxloop_shared.addresses import parse_model
from voxloop_shared.errors import InvalidInput, ModelNotFound
from voxloop_shared.exchange import Format, PackedModel, pack_model


def describe_version(catalogue: Catalogue, name: str, which: str, form: Format = "voxloop") -> PackedModel:
    """Describe a version for a package; raises ModelNotFound."""
    model = catalogue.version(name, which)
    return pack_model(model, model.manifest, form, digest_of(catalogue, model.manifest.get("parent")))


def digest_of(catalogue: Catalogue, address: object) -> str | None:
    """Give the digest of the version that an address means, None where the registry has no such version."""
    try:
        found = parse_model(str(address or ""))
        return catalogue.version(found.name, found.version).digest
    except (InvalidInput, ModelNotFound):
        return None
