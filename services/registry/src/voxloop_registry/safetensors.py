"""The safetensors format, as far as needed to trust a file without loading it.

A file is 8 bytes of little-endian header length, a JSON header, and the tensors' bytes, which must lie gapless in the
order of their offsets (https://github.com/huggingface/safetensors, "Format"). Nothing of it is ever executed.
"""

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

from voxloop_shared.errors import InvalidInput

MAX_HEADER_BYTES = 16 << 20
_MAX_RANK = 32
_MAX_LENGTH = 1 << 48
_BYTES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
    "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8, "C64": 8,
}  # fmt: skip


class Tensor(NamedTuple):
    """Where one tensor lies; offsets are bytes after the header."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


def read_tensors(path: Path) -> list[Tensor]:
    """Give the tensors of a file in the order of their bytes; raises InvalidInput unless the file is exactly that."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > min(size - 8, MAX_HEADER_BYTES):
            raise InvalidInput(f"no safetensors file: a header of {length} bytes in a file of {size} (at most {MAX_HEADER_BYTES} are read)")
        header = _parse(stream.read(length))
    tensors = sorted((_tensor(name, entry) for name, entry in header.items()), key=lambda tensor: (tensor.start, tensor.stop))
    _check_gapless(tensors, size - 8 - length)
    return tensors


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        header = json.loads(raw, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"no safetensors file: its header is no JSON ({error})") from error
    if not isinstance(header, dict):
        raise InvalidInput("no safetensors file: its header is no JSON object")
    notes = header.pop("__metadata__", {})
    if not isinstance(notes, dict) or not all(isinstance(value, str) for value in notes.values()):
        raise InvalidInput("no safetensors file: __metadata__ must hold nothing but strings")
    return header


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _tensor(name: str, entry: object) -> Tensor:
    """Read one entry of the header; its bytes must be as many as its shape says."""
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [start, stop], **others} if dtype in _BYTES and not others:
            is_sound = len(shape) <= _MAX_RANK and all(_is_length(number) for number in (*shape, start, stop))
            if is_sound and math.prod(shape) * _BYTES[dtype] == stop - start:
                return Tensor(name, dtype, tuple(shape), start, stop)
    raise InvalidInput(f"no safetensors file: tensor {name[:80]!r} has no sound dtype, shape and offsets")


def _is_length(value: object) -> bool:
    return type(value) is int and 0 <= value <= _MAX_LENGTH


def _check_gapless(tensors: list[Tensor], size: int) -> None:
    position = 0
    for tensor in tensors:
        if tensor.start != position:
            raise InvalidInput(f"no safetensors file: tensor {tensor.name[:80]!r} begins at byte {tensor.start} instead of {position}")
        position = tensor.stop
    if position != size:
        raise InvalidInput(f"no safetensors file: the tensors take {position} bytes, the file has {size} after its header")
