"""Manifests on their way in: checked field by field, or, where they are newer than this voxloop, for being storable."""

import math
from typing import Any

from pydantic import ValidationError

from voxloop_shared.errors import InvalidInput
from voxloop_shared.schemas import MANIFEST_SCHEMA, Manifest

_MOST_DEPTH = 64
_LARGEST_NUMBER = 2**63


def checked_manifest(given: dict[str, Any]) -> dict[str, Any]:
    """Give a manifest as it is stored; raises InvalidInput that names the field.

    One whose schema is newer is taken as it is, for it is shown and never run.
    """
    _check_storable(given)
    schema = given.get("schema_version", MANIFEST_SCHEMA)
    if type(schema) is int and schema > MANIFEST_SCHEMA:
        return given
    try:
        found = Manifest.model_validate(given).model_dump(mode="json")
    except ValidationError as error:
        raise InvalidInput(f"the manifest is not valid: {_said(error)}") from error
    _check_storable(found)  # "inf" was a text, and now is a number
    return found


def checked_text(text: str, where: str) -> str:
    """Pass a text on that every database can store; raises InvalidInput."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InvalidInput(f"{where} holds a character that is none (NUL, or half of a pair): take it out")
    return text


def _said(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, wrong['loc'])) or 'the whole'}: {wrong['msg']}" for wrong in error.errors()[:3])


def _check_storable(manifest: dict[str, Any]) -> None:
    """Refuse what JSON, or a database, cannot hold; without recursion, for the nesting is the sender's."""
    waiting: list[tuple[object, str, int]] = [(manifest, "the manifest", 0)]
    while waiting:
        value, where, depth = waiting.pop()
        if depth > _MOST_DEPTH:
            raise InvalidInput(f"the manifest is nested deeper than {_MOST_DEPTH} at {where[:200]}")
        if isinstance(value, str):
            checked_text(value, where[:200])
        elif isinstance(value, int | float) and not (math.isfinite(value) and abs(value) < _LARGEST_NUMBER):
            raise InvalidInput(f"{where[:200]} is no number that can be stored: leave out what is NaN, infinite or beyond 2^63")
        elif isinstance(value, dict):
            for key, entry in value.items():
                waiting.append((entry, f"{where}.{checked_text(key, 'a name in ' + where[:200])}"[:400], depth + 1))
        elif isinstance(value, list):
            waiting.extend((entry, f"{where}.{number}"[:400], depth + 1) for number, entry in enumerate(value))
