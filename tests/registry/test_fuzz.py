"""Requests that nobody thinks of: every route against its own description, over a real socket."""

from pathlib import Path

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from tests.registry.conftest import on_both
from tests.registry.files import digest_of, weights
from tests.registry.written import write_prediction
from tests.waiting import PATIENCE_S

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
KNOWN = {
    "name": "nerve",
    "which": "latest",
    "number": 1,
    "alias": "mine",
    "sha256": digest_of(weights()),
    "volume": "rock",
    "prediction": "p1",
}
"""Parts of addresses that lead somewhere: by chance none ever would."""
_LONGEST_URL = 60_000
"""What is longer no route sees: the HTTP server refuses it, in plain text."""
FIXED = settings(max_examples=5, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False)


@pytest.mark.slow
@on_both
def test_every_route_keeps_to_its_description(start_registry, publish, workspace, manifest: dict, subtests):
    service = start_registry()
    for _ in range(3):
        version = publish(service.client)
    service.client.put("/models/nerve/aliases/mine", {"version": 2})
    write_prediction(workspace, "p1", version)
    before = files_beside_the_models(workspace.root)
    schema = schemathesis.openapi.from_dict(service.client.get("/openapi.json"))
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 20
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(service.client.socket_file)), timeout=PATIENCE_S) as client:
        for operation in operations:
            with subtests.test(operation.label):
                fuzz(client, operation)
    assert service.process.poll() is None
    assert service.client.get("/models/nerve/versions/latest", deleted=True)["manifest"]["learner"]
    assert files_beside_the_models(workspace.root) == before
    assert {path.name for path in workspace.models.iterdir()} <= {
        "blobs",
        "blobs.lock",
        "incoming",
        "registry.db",
        "registry.db-wal",
        "registry.db-shm",
    }


def fuzz(client: httpx.Client, operation) -> None:
    """Send requests that fit an operation's description, and others; with any addresses, and with those that lead somewhere."""
    known = {parameter.name: KNOWN[parameter.name] for parameter in operation.path_parameters if parameter.name in KNOWN}
    ways = [(schemathesis.GenerationMode.POSITIVE, None), (schemathesis.GenerationMode.POSITIVE, known)]
    if operation.body or operation.query:  # else there is nothing to contradict
        ways += [(schemathesis.GenerationMode.NEGATIVE, None), (schemathesis.GenerationMode.NEGATIVE, known)]
    for mode, addresses in ways if known else ways[::2]:

        @FIXED
        @given(case=operation.as_strategy(generation_mode=mode, path_parameters=addresses))
        def send(case: schemathesis.Case) -> None:
            case.validate_response(answer(client, case), checks=CHECKS)

        send()


@schemathesis.serializer("application/zip")
def serialize_archive(_context: schemathesis.SerializationContext, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


def answer(client: httpx.Client, case: schemathesis.Case) -> httpx.Response:
    """Send a case through the registry's socket, as bytes that no client would mend."""
    prepared = requests.Request(**case.as_transport_kwargs(base_url="http://localhost")).prepare()
    assume(len(prepared.url) < _LONGEST_URL)
    return client.request(prepared.method, prepared.url, headers=dict(prepared.headers), content=prepared.body)


def files_beside_the_models(root: Path) -> set[Path]:
    return {path for path in root.rglob("*") if path.relative_to(root).parts[0] != "models"}
