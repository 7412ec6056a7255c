"""Models on their way out of a workspace and into another: what every package holds that voxloop can take in again.

A package is a zip archive with the model's description (`DESCRIPTION`), its weights as safetensors (`WEIGHTS`) and, in some
formats, more. Only these two are ever read again; neither can run anything.
"""

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field, ValidationError

from voxloop_shared.errors import InvalidInput, NewerManifest
from voxloop_shared.schemas import ModelEntry, Schema

DESCRIPTION = "voxloop-model.json"
WEIGHTS = "voxloop-weights.safetensors"
README = "README.md"

Format = Literal["voxloop", "bioimage.io"]
"""What kind of package a model came in: a plain bundle, or one that other programs can run, too."""


class PackedModel(Schema):
    """A model version as a package describes it; its place in the registry that it left is told, and means nothing elsewhere."""

    package: Literal["voxloop-model"] = "voxloop-model"
    package_version: Literal[1] = 1
    format: Format
    name: str
    version: int
    digest: str = Field(pattern=r"^[0-9a-f]{64}$", description="sha256 of the weights")
    size: int = Field(ge=0, description="bytes of the weights")
    author: str
    created: datetime
    exported: datetime
    parent_digest: str | None = Field(default=None, description="sha256 of the parent's weights, where there is one")
    description: str = ""
    tags: list[str] = Field(default=[])
    manifest: dict[str, Any]


def pack_model(model: ModelEntry, manifest: dict[str, Any], form: Format, parent_digest: str | None) -> PackedModel:
    """Describe a version for a package that is made now."""
    same = {name: getattr(model, name) for name in ("name", "version", "digest", "size", "author", "created", "description", "tags")}
    return PackedModel(format=form, exported=datetime.now(UTC), parent_digest=parent_digest, manifest=manifest, **same)


def read_packed(content: bytes) -> PackedModel:
    """Read a package's description; raises InvalidInput, or NewerManifest where a newer voxloop wrote it."""
    try:
        return PackedModel.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        if where == "package_version" and isinstance(first["input"], int) and first["input"] > 1:
            raise NewerManifest(
                f"a newer voxloop wrote this package (version {first['input']}, 1 is known here): update this one"
            ) from error
        raise InvalidInput(f"{DESCRIPTION} describes no model: {where}: {first['msg']}") from error


def describe_packed(packed: PackedModel) -> str:
    """Write for people, in Markdown, what a package holds and what can be done with it; of a newer manifest what is understood."""
    manifest = packed.manifest
    classes = "\n".join(f"- {entry.get('id')}: {entry.get('name')} ({entry.get('color')})" for entry in classes_in(manifest))
    figures = {name: value for name, value in metrics_in(manifest).items() if isinstance(value, (int, float))}
    sizes = manifest.get("voxel_size")
    metrics = "\n".join(f"- {name}: {value:.6g}" for name, value in sorted(figures.items())) or "- none recorded"
    return _TEXT.format(
        name=packed.name,
        version=packed.version,
        learner=manifest.get("learner"),
        maker=manifest.get("author"),
        made=packed.created.date(),
        volume=manifest.get("volume"),
        voxel=" × ".join(map(str, sizes)) if isinstance(sizes, list) else sizes,
        unit=manifest.get("unit"),
        snapshot=manifest.get("snapshot"),
        classes=classes,
        metrics=metrics,
        description=DESCRIPTION,
        weights=WEIGHTS,
    )


def classes_in(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the classes that a manifest lists, whatever its schema."""
    found = manifest.get("classes")
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def metrics_in(manifest: dict[str, Any]) -> dict[str, Any]:
    """Give the metrics that a manifest tells, whatever its schema."""
    found = manifest.get("metrics")
    return found if isinstance(found, dict) else {}


_TEXT = """\
# {name}, version {version}

A model that tells the voxels of 3D images apart, made with voxloop (learner `{learner}`) by {maker} on {made}.

It learned from strokes on the volume `{volume}` (voxel size {voxel} {unit} along z, y, x; labels snapshot `{snapshot}`).

## Classes

{classes}

## Metrics on held-out strokes

{metrics}

## Validation

Look at its predictions on your own images before you trust them: the figures above hold for the volume that it learned from. In
voxloop, paint a few strokes on your volume and go on training from this model.

## Use

`voxloop models import FILE` takes this package into a workspace; the model then predicts the same voxels as where it came from.
`{description}` says all that voxloop knows of it, `{weights}` holds its weights (safetensors: nothing in it can run).
"""
