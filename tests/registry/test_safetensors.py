"""What is no safetensors file is not published."""

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from tests.registry.files import weights
from voxloop_registry.safetensors import MAX_HEADER_BYTES, read_tensors
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import InvalidInput


def entry(dtype="U8", shape=(4,), offsets=(0, 4), **others) -> dict:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)} | others


BAD = {
    "empty": b"",
    "shorter than its length": b"\0\0\0",
    "a pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}\x94.",
    "a header beyond the end": (1000).to_bytes(8, "little") + b"{}",
    "a header of 2^63 bytes": (2**63).to_bytes(8, "little") + b"{}",
    "no JSON": weights(header=b"{oops"),
    "no text": weights(header=b"\xff\xfe\xfd"),
    "no object": weights(header=b"[1, 2]"),
    "a number of too many digits": weights(header=b'{"a": ' + b"9" * 5000 + b"}"),
    "nested too deep": weights(header=b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "a key twice": weights(header=b'{"a":1,"a":' + json.dumps(entry()).encode() + b"}"),
    "metadata that is no text": weights(header={"__metadata__": {"a": 1}, "a": entry()}),
    "unknown dtype": weights(header={"a": entry("Q9")}),
    "shape against offsets": weights(header={"a": entry(shape=(5,))}),
    "a negative length": weights(header={"a": entry(shape=(-2, -2))}),
    "a length that is a bool": weights(header={"a": entry(shape=(True, 4))}),
    "a length that is a fraction": weights(header={"a": entry(shape=(4.0,))}),
    "a rank beyond reason": weights(header={"a": entry(shape=(1,) * 1000 + (4,))}),
    "more than it should say": weights(header={"a": entry(code="os.system")}),
    "a gap at the start": weights(header={"a": entry(shape=(3,), offsets=(1, 4))}),
    "a gap between": weights(header={"a": entry(shape=(1,), offsets=(0, 1)), "b": entry(shape=(2,), offsets=(2, 4))}),
    "an overlap": weights(header={"a": entry(shape=(3,), offsets=(0, 3)), "b": entry(shape=(2,), offsets=(2, 4))}),
    "bytes left over": weights(header={"a": entry(shape=(3,), offsets=(0, 3))}),
    "offsets beyond the end": weights(header={"a": entry(shape=(5,), offsets=(0, 5))}),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_refuses_a_file_with(tmp_path: Path, content: bytes):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="no safetensors file"):
        read_tensors(path)


def test_refuses_a_huge_header_without_reading_it(tmp_path: Path):
    path = tmp_path / "file"
    with path.open("wb") as stream:
        stream.write((MAX_HEADER_BYTES + 1).to_bytes(8, "little"))
        stream.truncate(8 + 2 * MAX_HEADER_BYTES)
    with pytest.raises(InvalidInput, match="at most"):
        read_tensors(path)


def test_a_corrupt_file_is_not_published(registry: ServiceClient, publish):
    with pytest.raises(InvalidInput, match="no safetensors file"):
        publish(registry, content=b"\x80\x04 a pickle, perhaps")
    assert registry.get("/models") == []


def test_reads_what_safetensors_writes(tmp_path: Path):
    arrays = {"w": np.zeros((3, 4), np.float32), "b": np.ones(5, np.int64), "c": np.zeros((), np.uint8)}
    path = tmp_path / "file"
    path.write_bytes(save(arrays))
    assert {t.name: (t.shape, t.stop - t.start) for t in read_tensors(path)} == {n: (a.shape, a.nbytes) for n, a in arrays.items()}


@settings(max_examples=300, deadline=None)
@given(position=st.integers(0, 10_000), bit=st.integers(0, 7), cut=st.integers(0, 50))
def test_no_damage_is_more_than_invalid(tmp_path_factory, position: int, bit: int, cut: int):
    content = bytearray(save({"w": np.zeros((3, 4), np.float32), "b": np.ones(5, np.int64)}))
    content[position % len(content)] ^= 1 << bit
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(content[: len(content) - cut])
    with contextlib.suppress(InvalidInput):
        read_tensors(path)
