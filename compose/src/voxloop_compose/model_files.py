"""Models written to files, and read from them."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from voxloop_compose.console import Report
from voxloop_compose.target import Target
from voxloop_shared.addresses import parse_model
from voxloop_shared.errors import InvalidInput, NameTaken
from voxloop_shared.files import sync_folder
from voxloop_shared.schemas import ModelRecord

BUNDLE, ONNX, BIOIMAGEIO = "bundle", "onnx", "bioimageio"
FORMATS = (BUNDLE, ONNX, BIOIMAGEIO)
_PIECE_BYTES = 1 << 20
_PATIENCE_S = 600.0
"""A large model takes a while to be written in another form, or to be checked."""


def write_model(target: Target, model: str, path: Path, form: str, license_id: str | None, report: Report) -> int:
    """Write a version to a file, which appears whole or not at all, and give its size.

    Raises ModelNotFound, NameTaken when the file exists, InvalidInput for what cannot be written so.
    """
    if path.exists():
        raise NameTaken(f"{path} exists already: choose another name or delete it first")
    if not path.parent.is_dir():
        raise InvalidInput(f"no folder {path.parent}")
    service, route = _source_of(model, form, license_id)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with target.client(service, _PATIENCE_S) as client, client.stream("GET", route) as response, aside.open("xb") as stream:
            for piece in response.iter_bytes():
                stream.write(piece)
                report(None, f"{stream.tell() / 1e6:.1f} MB", None)
            stream.flush()
            os.fsync(stream.fileno())
            size = stream.tell()
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    sync_folder(path.parent)
    return size


def read_model(target: Target, path: Path, name: str | None, report: Report) -> ModelRecord:
    """Publish the model that a file holds; raises InvalidInput for what is no package of voxloop, DigestMismatch, TooLarge."""
    if not path.is_file():
        raise InvalidInput(f"no file {path}")
    with path.open("rb") as stream, target.client("registry", _PATIENCE_S) as client:
        query = {} if name is None else {"name": name}
        content = _pieces(stream, path.stat().st_size, report)
        answer = client.request("POST", "/imports", params=query, content=content, headers={"Content-Type": "application/zip"})
    return ModelRecord.model_validate_json(answer.content)


def _source_of(model: str, form: str, license_id: str | None) -> tuple[str, str]:
    """Give the service that writes a format, and its route."""
    if form not in FORMATS:
        raise InvalidInput(f"no format {form!r}: choose {', '.join(FORMATS)}")
    if license_id is not None and form != BIOIMAGEIO:
        raise InvalidInput(f"a license goes with --format {BIOIMAGEIO}: the others have no place for it")
    route = f"{parse_model(model).path}/export"
    if form == BUNDLE:
        return "registry", route
    return "infer", f"{route}?format={form}" + (f"&license={license_id}" if license_id else "")


def _pieces(stream: BinaryIO, size: int, report: Report) -> Iterator[bytes]:
    while piece := stream.read(_PIECE_BYTES):
        yield piece
        report(stream.tell() / size, f"{stream.tell() / 1e6:.1f} MB", None)
