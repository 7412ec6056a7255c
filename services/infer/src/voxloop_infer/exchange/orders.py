"""What is asked of an export, and the same frozen: checked, with every name resolved."""

import re
from typing import Literal

from voxloop_infer.orders import checked_model
from voxloop_infer.settings import InferSettings
from voxloop_shared.errors import InvalidInput, ModelNotFound, NewerManifest
from voxloop_shared.nets.store import find_model
from voxloop_shared.schemas import ModelVersion, Schema

Form = Literal["onnx", "bioimageio"]
ENDINGS: dict[Form, str] = {"onnx": ".onnx", "bioimageio": ".bioimageio.zip"}
_LICENSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,63}")


class ExportOrder(Schema):
    """An export that can be made; `license_id` is an SPDX identifier."""

    model: ModelVersion
    form: Form
    parent_digest: str | None
    license_id: str | None

    @property
    def filename(self) -> str:
        """Give the name that the file has for people."""
        return f"{self.model.name}-{self.model.version}{ENDINGS[self.form]}"


def freeze_export(name: str, which: str, form: Form, license_id: str | None, settings: InferSettings) -> ExportOrder:
    """Check a request and resolve its names; raises ModelNotFound, NewerManifest, InvalidInput."""
    if license_id is not None and not _LICENSE.fullmatch(license_id):
        raise InvalidInput(f"{license_id[:80]!r} is no license: write an SPDX identifier such as CC-BY-4.0")
    address = f"{name}:{which}" if which[:1].isdigit() else f"{name}@{which}"
    model = checked_model(find_model(settings.socket_of("registry"), address))
    return ExportOrder(model=model, form=form, parent_digest=_digest_of(model.manifest.parent, settings), license_id=license_id)


def _digest_of(parent: str | None, settings: InferSettings) -> str | None:
    """Give the digest of a parent that the registry still has."""
    if parent is None:
        return None
    try:
        return find_model(settings.socket_of("registry"), parent).digest
    except (ModelNotFound, NewerManifest, InvalidInput):
        return None
