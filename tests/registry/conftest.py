"""Models to publish, and registries over both databases."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import ServiceProcess, serving
from tests.registry.files import digest_of, weights
from voxloop_registry.app import create_app
from voxloop_registry.blobs import BlobStore
from voxloop_registry.catalogue import Catalogue
from voxloop_registry.database import Database, connect
from voxloop_registry.settings import RegistrySettings
from voxloop_registry.upgrades import revision_of, upgrade
from voxloop_shared.client import ServiceClient
from voxloop_shared.settings import socket_path
from voxloop_shared.workspace import Workspace

DATABASES = ("sqlite", "postgresql")
on_both = pytest.mark.parametrize("kind", DATABASES, indirect=True)
"""What depends on the database is tested on both; anything else on SQLite."""
on_sqlite = pytest.mark.parametrize("empty_shelf", ["sqlite"], indirect=True)
"""For tests with the shared `shelf` in which the database plays no part."""


def publish_version(
    client: ServiceClient, manifest: dict, name: str = "nerve", content: bytes | None = None, about: dict | None = None
) -> dict:
    content = weights() if content is None else content
    client.request("PUT", f"/blobs/{digest_of(content)}", content=content)
    return client.post(f"/models/{name}/versions", {"manifest": manifest, "weights": digest_of(content)} | (about or {}))


def plain_manifest() -> dict:
    classes = [{"id": 1, "name": "background", "color": "#112233"}, {"id": 2, "name": "bone", "color": "#445566"}]
    return {
        "learner": "unet", "architecture": {"channels": 16}, "classes": classes, "normalisation": {"center": 0.5, "scale": 2.0},
        "volume": "rock", "volume_digest": "d", "voxel_size": [1.0, 1.0, 1.0], "unit": "um", "snapshot": "S", "settings": {},
        "metrics": {"dice": 0.9}, "author": "ada", "code_version": "1", "hardware": "cpu", "duration_s": 1.5,
        "created": "2026-01-01T00:00:00Z",
    }  # fmt: skip


def revision_after(url: str) -> str | None:
    """The step that a database stands at."""
    engine = connect(url)
    with engine.connect() as connection:
        found = revision_of(connection)
    engine.dispose()
    return found


@pytest.fixture
def manifest() -> dict:
    return plain_manifest()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], str]]:
    """A way to get a new database in a PostgreSQL server that runs until the tests end."""
    psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'voxloop-registry[postgresql]'")
    assert psycopg
    from tests.registry.postgres import programs, running_postgres

    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed: tests/install-system-packages installs it for root")
    with running_postgres(found) as server:
        yield server.new_database


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database: SQLite, unless the test says otherwise (`on_both`)."""
    return getattr(request, "param", "sqlite")


@pytest.fixture
def database_url(kind: str, workspace: Workspace, request: pytest.FixtureRequest) -> str:
    """An empty database of a registry."""
    return f"sqlite:///{workspace.models / 'registry.db'}" if kind == "sqlite" else request.getfixturevalue("postgres")()


@pytest.fixture
def settings(workspace: Workspace, run_dir: Path, database_url: str) -> RegistrySettings:
    return RegistrySettings(workspace=workspace.root, run_dir=run_dir, database_url=database_url)


@pytest.fixture
def registry(settings: RegistrySettings) -> Iterator[ServiceClient]:
    """A registry in a thread of this process."""
    with serving(create_app(settings), socket_path(settings.run_dir, "registry")) as client:
        yield client


class Shelf(NamedTuple):
    """A registry that the tests of a module share, and its workspace."""

    client: ServiceClient
    workspace: Workspace


@pytest.fixture(scope="module", params=DATABASES)
def empty_shelf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """A registry for the tests of a module: over both databases, unless `on_sqlite` says that one will do."""
    workspace = Workspace(tmp_path_factory.mktemp("shelf") / "workspace")
    workspace.prepare()
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres")()
    with tempfile.TemporaryDirectory(prefix="vx-", dir="/tmp") as run_dir:  # a socket's path must stay short
        settings = RegistrySettings(workspace=workspace.root, run_dir=Path(run_dir), database_url=url)
        with serving(create_app(settings), socket_path(settings.run_dir, "registry")) as client:
            yield Shelf(client, workspace)


@pytest.fixture(scope="module")
def shelf(empty_shelf: Shelf) -> Shelf:
    """A registry with `nerve:1`, for tests that leave it as it is."""
    publish_version(empty_shelf.client, plain_manifest())
    return empty_shelf


@pytest.fixture
def start_registry(start_service, database_url: str) -> Callable[[], ServiceProcess]:
    """A way to run a registry as a process of its own."""
    return lambda **options: start_service("registry", database_url=database_url, **options)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The database by itself, its tables made."""
    engine = connect(database_url)
    upgrade(engine)
    opened = Database(engine)
    yield opened
    opened.close()


@pytest.fixture
def blobs(workspace: Workspace) -> BlobStore:
    return BlobStore.open(workspace.models, 1 << 30)


@pytest.fixture
def catalogue(database: Database, blobs: BlobStore) -> Catalogue:
    return Catalogue(database, blobs)


@pytest.fixture
def publish(manifest: dict) -> Callable[..., dict]:
    """A way to publish a version, its manifest changed where wanted."""

    def send(client: ServiceClient, name: str = "nerve", content: bytes | None = None, about: dict | None = None, **changes) -> dict:
        return publish_version(client, manifest | changes, name, content, about)

    return send
