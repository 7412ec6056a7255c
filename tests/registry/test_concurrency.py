"""Many at once, and one killed in the middle."""

import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.registry.conftest import digest_of, weights
from tests.waiting import wait_until
from voxloop_registry.catalogue import Catalogue
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
from voxloop_registry.catalogue import Catalogue
from voxloop_shared.schemas import Manifest
catalogue = Catalogue.open(Path(sys.argv[1]))
manifest = Manifest.model_validate_json(sys.argv[2])
print(json.dumps([catalogue.publish("nerve", manifest, "0" * 64, 1, "ada").version for _ in range(20)]))
"""


def run_four(script: str, *arguments: str) -> list[int]:
    """Run a script in four processes at once and gather the numbers that they print."""
    running = [subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE) for _ in range(4)]
    ended = [(process.communicate(timeout=60)[0], process.returncode) for process in running]  # all of them, before any is judged
    assert [code for _, code in ended] == [0] * 4
    found = [json.loads(out) for out, _ in ended]
    return sorted(number for numbers in found for number in numbers)


def test_processes_that_publish_at_once_get_distinct_versions(start_service, publish, manifest: dict):
    service = start_service("registry")
    publish(service.client)
    body = json.dumps({"manifest": manifest, "weights": digest_of(weights())})
    assert run_four(_PUBLISHER, str(service.client.socket_file), body) == list(range(2, 82))
    assert service.client.get("/models/nerve")["aliases"] == {"candidate": 81, "champion": 1}


def test_two_registries_on_one_database_would_not_give_a_number_twice(tmp_path: Path, manifest: dict):
    database = tmp_path / "registry.db"
    assert run_four(_CATALOGUE_PUBLISHER, str(database), json.dumps(manifest)) == list(range(1, 81))
    catalogue = Catalogue.open(database)
    assert catalogue.models()[0].version_count == 80
    catalogue.close()


def test_aliases_moved_at_once_lose_nothing(registry: ServiceClient, publish):
    for _ in range(3):
        publish(registry)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: registry.put(f"/models/nerve/aliases/own-{n % 6}", {"version": n % 3 + 1}), range(60)))
    assert len(registry.get("/models/nerve")["aliases"]) == 8


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
    for kill in range(5):
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
        rest, _ = publisher.communicate(timeout=30)
        acknowledged |= {int(line) for line in rest.split()}
        service.start()
        detail = service.client.get("/models/nerve")
        numbers = [version["version"] for version in detail["versions"]]
        assert numbers == list(range(len(numbers), 0, -1))
        assert acknowledged <= set(numbers)
        assert detail["aliases"]["candidate"] == numbers[0], "a version and its alias come together"
