"""Many at once, and one killed in the middle."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import ServiceProcess
from tests.registry.conftest import on_both, revision_after
from tests.registry.files import digest_of, weights
from tests.waiting import PATIENCE_S, wait_until
from voxloop_registry.blobs import BlobStore
from voxloop_registry.catalogue import Catalogue
from voxloop_registry.upgrades import NEWEST
from voxloop_shared.client import ServiceClient

_PUBLISHER = """
import json, sys
from pathlib import Path
from voxloop_shared.client import ServiceClient
with ServiceClient(Path(sys.argv[1])) as client:
    print(json.dumps([client.post("/models/nerve/versions", json.loads(sys.argv[2]))["version"] for _ in range(20)]))
"""

_CATALOGUE_PUBLISHER = """
import json, sys
from pathlib import Path
from voxloop_registry.blobs import BlobStore
from voxloop_registry.catalogue import Catalogue
from voxloop_registry.database import Database, connect
from voxloop_registry.upgrades import upgrade
engine = connect(sys.argv[1])
upgrade(engine)
catalogue = Catalogue(Database(engine), BlobStore.open(Path(sys.argv[2]), 1 << 20))
manifest = json.loads(sys.argv[3])
print(json.dumps([catalogue.publish("nerve", manifest, sys.argv[4], "ada").version for _ in range(20)]))
"""


def run_four(script: str, *arguments: str) -> list[int]:
    """Run a script in four processes at once and gather the numbers that they print."""
    running = [subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE) for _ in range(4)]
    ended = [(process.communicate(timeout=PATIENCE_S)[0], process.returncode) for process in running]  # all of them, before any is judged
    assert [code for _, code in ended] == [0] * 4
    found = [json.loads(out) for out, _ in ended]
    return sorted(number for numbers in found for number in numbers)


def json_of(process: subprocess.Popen[bytes], timeout_s: float = PATIENCE_S):
    out, _ = process.communicate(timeout=timeout_s)
    assert process.returncode == 0
    return json.loads(out)


@on_both
def test_registries_that_start_at_once_on_one_database_do_not_give_a_number_twice(
    database_url: str, blobs: BlobStore, manifest: dict, request
):
    incoming = blobs.receive(digest_of(weights()))
    incoming.write(weights())
    incoming.keep()
    incoming.close()
    numbers = run_four(_CATALOGUE_PUBLISHER, database_url, str(blobs.root), json.dumps(manifest), digest_of(weights()))
    assert numbers == list(range(1, 81))
    assert revision_after(database_url) == NEWEST, "they made its tables, too"
    catalogue: Catalogue = request.getfixturevalue("catalogue")
    assert catalogue.models()[0].version_count == 80


def test_who_writes_holds_the_lock_before_looking_at_files(database, workspace):
    """Else weights that were there when publishing began could be collected before their version is."""
    with closing(sqlite3.connect(workspace.models / "registry.db", timeout=0)) as other:
        with database.writing(), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")


def test_a_registry_that_starts_leaves_the_uploads_of_another_alone(blobs: BlobStore):
    abandoned = blobs.root / "incoming" / "abandoned"
    abandoned.write_bytes(b"of one that was killed")
    incoming = blobs.receive(digest_of(weights()))
    incoming.write(weights())
    BlobStore.open(blobs.root, 1000)
    assert not abandoned.exists()
    incoming.keep()
    incoming.close()
    assert blobs.path(digest_of(weights())).read_bytes() == weights()


@on_both
def test_aliases_moved_at_once_lose_nothing(registry: ServiceClient, publish):
    for _ in range(3):
        publish(registry)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: registry.put(f"/models/nerve/aliases/own-{n % 6}", {"version": n % 3 + 1}), range(60)))
    assert len(registry.get("/models/nerve")["aliases"]) == 8
    check_moves(registry, "nerve")


def test_a_kill_during_an_upload_leaves_nothing_visible(start_service, workspace):
    service = start_service("registry")
    with socket.socket(socket.AF_UNIX) as half:
        half.connect(str(service.client.socket_file))
        half.sendall(f"PUT /blobs/{'0' * 64} HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n".encode() + bytes(3_000_000))
        wait_until(lambda: any(path.stat().st_size for path in (workspace.models / "incoming").iterdir()))
        service.kill()
    service.start()
    assert [path for part in ("blobs", "incoming") for path in (workspace.models / part).rglob("*")] == []
    assert service.client.get("/models") == []


def test_kills_while_publishing_break_nothing(start_service, publish, manifest: dict, tmp_path: Path):
    """Every version that was acknowledged is there; no other is half there."""
    service = start_service("registry")
    publish(service.client)
    body = json.dumps({"manifest": manifest, "weights": digest_of(weights())})
    acknowledged: set[int] = {1}
    for kill in range(3):
        script = _PUBLISHER.replace("print(json.dumps([", "[print(").replace('["version"] for', '["version"], flush=True) for')
        script = script.replace("range(20)]))", "range(100000)]")
        publisher = subprocess.Popen(
            [sys.executable, "-c", script, str(service.client.socket_file), body], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert publisher.stdout is not None
        for _ in range(3 + kill):
            acknowledged.add(int(publisher.stdout.readline()))
        os.kill(service.process.pid, signal.SIGKILL)
        service.process.wait()
        rest, _ = publisher.communicate(timeout=PATIENCE_S)
        acknowledged |= {int(line) for line in rest.split()}
        service.start()
        detail = service.client.get("/models/nerve")
        numbers = [version["version"] for version in detail["versions"]]
        assert numbers == list(range(len(numbers), 0, -1))
        assert acknowledged <= set(numbers)
        assert detail["aliases"]["candidate"] == numbers[0], "a version and its alias come together"


@pytest.mark.slow
@on_both
def test_eight_processes_at_once_lose_nothing_though_the_registry_is_killed(start_registry, publish, manifest: dict, workspace):
    service = start_registry()
    for name in ("a", "b", "c"):
        publish(service.client, name)
    told = stress(service, manifest, seconds=float(os.environ.get("VOXLOOP_STRESS_S", "0")))
    published = [tuple(entry) for one in told for entry in one["published"]]
    check_versions(service.client, published)
    for name in ("a", "b", "c"):
        check_moves(service.client, name)
    check_blobs(service.client, workspace)


def stress(service: ServiceProcess, manifest: dict, seconds: float) -> list[dict]:
    """Let eight processes act for so long, and as long as it takes to kill the registry twice; give what was acknowledged to them."""
    command = [sys.executable, "-m", "tests.registry.stress", str(service.client.socket_file)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    started = time.monotonic()
    running = [subprocess.Popen([*command, str(n), json.dumps(manifest)], **pipes) for n in range(8)]
    try:
        for kill in (True, True, False):
            before = count_all(service.client)
            wait_until(lambda count=before: count_all(service.client) > count + 10)
            if kill:
                service.kill()
                service.start()
        wait_until(lambda: time.monotonic() - started > seconds, seconds + 1)
        return [json_of(process, 60) for process in running]  # which ends their input
    finally:
        for process in running:
            process.kill()
            process.communicate()


def count_all(registry: ServiceClient) -> int:
    return sum(registry.get("/versions", limit=1, deleted=deleted)["total"] for deleted in (False, True))


def check_versions(registry: ServiceClient, published: list[tuple]) -> None:
    """No number was given twice, none of those that were acknowledged is missing, and each is made of what was sent."""
    assert max(Counter((name, number) for name, number, _digest in published).values()) == 1
    there = {}
    for name in ("a", "b", "c"):
        versions = registry.get(f"/models/{name}", deleted=True)["versions"]
        assert [version["version"] for version in versions] == list(range(len(versions), 0, -1))
        there |= {(name, version["version"]): version["digest"] for version in versions}
    assert {(name, number): digest for name, number, digest in published}.items() <= there.items()


def check_moves(registry: ServiceClient, name: str) -> None:
    """Each move of an alias begins where the one before it ended, and the last one where the alias is now."""
    at: dict[str, int | None] = {}
    for move in reversed(registry.get(f"/models/{name}/aliases/history")):
        assert at.get(move["alias"]) == move["before"]
        at[move["alias"]] = move["after"]
    assert {alias: number for alias, number in at.items() if number is not None} == registry.get(f"/models/{name}")["aliases"]


def check_blobs(registry: ServiceClient, workspace) -> None:
    """What versions need is there and sound; what none needs is found by the collection."""
    for entry in registry.get("/blobs", limit=10_000):
        if entry["versions"]:
            assert registry.post(f"/blobs/{entry['digest']}/verify")["state"] == "sound"
    registry.post("/collect", {"older_than_days": 0, "deleted_for_days": 0, "is_dry": False})
    listed = registry.get("/blobs", limit=10_000)
    assert all(entry["versions"] for entry in listed)
    files = [path.name for path in (workspace.models / "blobs").rglob("*") if path.is_file()]
    assert sorted(files) == [entry["digest"] for entry in listed]
    assert list((workspace.models / "incoming").iterdir()) == []
