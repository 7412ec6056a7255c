"""Weights on their way in and out."""

import os
import socket
from pathlib import Path

import psutil
import pytest
from safetensors.numpy import save

from tests.registry.files import digest_of, weights
from tests.waiting import wait_until
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import Conflict, DigestMismatch, InvalidInput, NotFound, TooLarge


def files_of(workspace) -> list[Path]:
    """Blobs and what is on its way to become one."""
    return sorted(path for part in ("blobs", "incoming") for path in (workspace.models / part).rglob("*") if path.is_file())


def test_weights_come_back_byte_by_byte(registry: ServiceClient, publish, workspace):
    content = weights(os.urandom(300_000))
    version = publish(registry, content=content)
    answer = registry.request("GET", "/models/nerve/versions/1/weights")
    assert answer.content == content
    assert answer.headers["etag"] == f'"{version["digest"]}"'
    assert answer.headers["x-digest"] == version["digest"] == digest_of(content)
    assert files_of(workspace) == [workspace.models / "blobs" / version["digest"][:2] / version["digest"]]


def test_the_same_weights_again_give_the_same_answer(registry: ServiceClient, workspace):
    content = weights()
    answers = [registry.request("PUT", f"/blobs/{digest_of(content)}", content=content) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert [answer.json() for answer in answers] == [{"digest": digest_of(content), "size": len(content)}] * 2
    assert len(files_of(workspace)) == 1


def test_an_upload_mends_a_blob_that_rotted(registry: ServiceClient, publish, workspace):
    publish(registry)
    files_of(workspace)[0].write_bytes(b"rotten")
    publish(registry)
    assert registry.request("GET", "/models/nerve/versions/1/weights").content == weights()


def test_keeps_nothing_of_a_wrong_digest(registry: ServiceClient, workspace):
    with pytest.raises(DigestMismatch, match=digest_of(b"other")):
        registry.request("PUT", f"/blobs/{digest_of(b'this')}", content=b"other")
    assert files_of(workspace) == []


@pytest.mark.parametrize("digest", ["abc", "A" * 64, "0" * 63 + "g", "%2e%2e" + "0" * 62, "0" * 65])
def test_refuses_what_is_no_digest(registry: ServiceClient, workspace, digest: str):
    with pytest.raises(InvalidInput, match="sha256"):
        registry.request("PUT", f"/blobs/{digest}", content=b"x")
    assert files_of(workspace) == []


def test_refuses_weights_that_are_too_large(start_service, workspace):
    client = start_service("registry", max_blob_bytes="1000").client
    with pytest.raises(TooLarge, match="1000"):
        client.request("PUT", f"/blobs/{digest_of(bytes(1001))}", content=bytes(1001))
    assert client.request("PUT", f"/blobs/{digest_of(bytes(1000))}", content=bytes(1000)).status_code == 201
    assert len(files_of(workspace)) == 1


def test_an_upload_that_breaks_off_leaves_nothing(registry: ServiceClient, workspace):
    with socket.socket(socket.AF_UNIX) as half:
        half.connect(str(registry.socket_file))
        half.sendall(f"PUT /blobs/{'0' * 64} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n".encode() + bytes(1000))
        wait_until(lambda: files_of(workspace))
    wait_until(lambda: not files_of(workspace))


def test_takes_64_mb_without_holding_it(start_service, tmp_path: Path):
    service = start_service("registry")
    process = psutil.Process(service.process.pid)
    service.client.upload(f"/blobs/{digest_of(b'small')}", _file(tmp_path / "small", b"small"))
    before = _peak_bytes(process)
    content = os.urandom(1 << 20) * 64
    service.client.upload(f"/blobs/{digest_of(content)}", _file(tmp_path / "large", content))
    assert _peak_bytes(process) - before < 16 << 20


def test_a_full_disk_is_said_and_leaves_nothing(small_disk: Path, start_service):
    client = start_service("registry", workspace=str(small_disk)).client
    content = bytes(10 << 20)
    with pytest.raises(Exception, match="no space left") as refusal:
        client.request("PUT", f"/blobs/{digest_of(content)}", content=content)
    assert refusal.value.status == 507
    assert list((small_disk / "models" / "incoming").iterdir()) == []
    assert client.get("/models") == []


def test_publishes_what_safetensors_writes(registry: ServiceClient, publish):
    import numpy as np

    arrays = {"w": np.zeros((3, 4), np.float32), "b": np.ones(5, np.int64), "none": np.zeros((0, 7), np.float16)}
    assert publish(registry, content=save(arrays, metadata={"made": "by a test"}))["version"] == 1


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _peak_bytes(process: psutil.Process) -> int:
    line = next(line for line in Path(f"/proc/{process.pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) << 10


def test_weights_of_no_version_are_read_and_taken_away(registry: ServiceClient) -> None:
    content = b"some weights"
    digest = digest_of(content)
    registry.request("PUT", f"/blobs/{digest}", content=content)
    assert registry.request("GET", f"/blobs/{digest}").content == content
    assert registry.delete(f"/blobs/{digest}") == {"digest": digest, "size": len(content)}
    for method in ("GET", "DELETE"):
        with pytest.raises(NotFound):
            registry.request(method, f"/blobs/{digest}")


def test_weights_that_a_version_names_stay(registry: ServiceClient, publish):
    digest = publish(registry)["digest"]
    with pytest.raises(Conflict, match="nerve:1"):
        registry.delete(f"/blobs/{digest}")
    assert digest_of(registry.request("GET", "/models/nerve/versions/1/weights").content) == digest
